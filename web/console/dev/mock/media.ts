import type { Attachment } from "@patchbay/client/types";
import type { World } from "./world.ts";

const CHUNK = 256 * 1024;
export const LIMIT = 25 * 1024 * 1024;

export interface StoredFile {
  type: string;
  bytes: Buffer;
}

interface Upload {
  id: string;
  name: string;
  size: number;
  parts: Buffer[];
  offset: number;
}

/** Uploads and files, in memory. */
export class Media {
  private readonly uploads = new Map<string, Upload>();
  readonly files = new Map<string, StoredFile>();
  readonly attachments = new Map<string, Attachment>();

  constructor(private readonly world: World) {}

  create(name: string, size: number) {
    if (size > LIMIT) return undefined;
    const upload: Upload = { id: this.world.id("upl"), name, size, parts: [], offset: 0 };
    this.uploads.set(upload.id, upload);
    return this.shown(upload);
  }

  /** Undefined: there is none. A number: the right offset. */
  write(id: string, offset: number, bytes: Buffer) {
    const upload = this.uploads.get(id);
    if (!upload) return undefined;
    if (offset !== upload.offset) return upload.offset;
    upload.parts.push(bytes);
    upload.offset += bytes.length;
    if (upload.offset < upload.size) return this.shown(upload);
    this.uploads.delete(id);
    const attachment = this.keep(upload.name, Buffer.concat(upload.parts), id.replace("upl", "att"));
    return { ...this.shown(upload), attachment };
  }

  state(id: string) {
    const upload = this.uploads.get(id);
    return upload && this.shown(upload);
  }

  drop(id: string): void {
    this.uploads.delete(id);
  }

  keep(name: string, bytes: Buffer, id = this.world.id("att"), more: Partial<Attachment> = {}): Attachment {
    const type = typeOf(name);
    const kind = (["image", "audio", "video"] as const).find((one) => type.startsWith(`${one}/`)) ?? "file";
    const url = `/api/v1/media/${id}?t=mock`;
    const attachment: Attachment = { id, name, type, size: bytes.length, kind, url, ...(kind === "image" && { ...pngSize(bytes), preview_url: `/api/v1/media/${id}/preview?t=mock` }), ...more };
    this.files.set(id, { type, bytes });
    this.attachments.set(id, attachment);
    return attachment;
  }

  taken(ids: unknown): Attachment[] {
    return (Array.isArray(ids) ? ids : []).flatMap((id) => this.attachments.get(String(id)) ?? []);
  }

  private shown({ id, size, offset }: Upload) {
    return { id, size, offset, chunk_size: CHUNK, expires_at: new Date(Date.now() + 86_400_000).toISOString() };
  }
}

function typeOf(name: string): string {
  const ending = name.split(".").at(-1)?.toLowerCase() ?? "";
  return { png: "image/png", jpg: "image/jpeg", gif: "image/gif", webp: "image/webp", svg: "image/svg+xml", wav: "audio/wav", mp3: "audio/mpeg", ogg: "audio/ogg", m4a: "audio/mp4", mp4: "video/mp4", pdf: "application/pdf", txt: "text/plain" }[ending] ?? "application/octet-stream";
}

function pngSize(bytes: Buffer): { width: number; height: number } {
  return bytes.subarray(1, 4).toString() === "PNG" ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : { width: 1200, height: 800 };
}

/** A picture of hills, so that there is something to look at. */
export function hills(hue: number, width: number, height: number): Buffer {
  const layer = (y: number, light: number) => `<path fill="hsl(${hue} 40% ${light}%)" d="M0 ${y}Q${width / 4} ${y - 90} ${width / 2} ${y}T${width} ${y - 40}V${height}H0Z"/>`;
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><rect width="100%" height="100%" fill="hsl(${hue} 60% 88%)"/><circle cx="${width * 0.7}" cy="${height * 0.28}" r="${height / 9}" fill="hsl(40 90% 75%)"/>${layer(height * 0.55, 60)}${layer(height * 0.7, 45)}${layer(height * 0.85, 30)}</svg>`);
}

/** A second of a falling tone. */
export function tone(): Buffer {
  const rate = 8_000;
  const sound = Buffer.alloc(rate * 3);
  for (let i = 0; i < sound.length; i++) sound[i] = 128 + Math.round(60 * Math.sin((i / rate) * 2 * Math.PI * (440 - i / 100)));
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + sound.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(sound.length, 40);
  return Buffer.concat([head, sound]);
}
