import { ApiError, Upload, uuidv7, type Attachment, type UploadProgress, type UploadTransport } from "@patchbay/client/visitor";

/** A file on its way into the next message. */
export interface PendingFile {
  key: string;
  name: string;
  size: number;
  progress: UploadProgress;
  /** Of a picture: an address to show it by, until `forget`. */
  picture?: string;
}

/** How many files one message takes; the server refuses more. */
export const FILE_LIMIT = 10;

/** The files chosen for the next message. Each is uploaded at once, so that sending waits for nothing. */
export class Files {
  private list: { pending: PendingFile; upload: Upload }[] = [];

  constructor(
    private readonly transport: () => UploadTransport,
    private readonly onChange: () => void,
  ) {}

  get pending(): PendingFile[] {
    return this.list.map(({ pending }) => pending);
  }

  /** Whether all that was chosen can be sent now. */
  get settled(): boolean {
    return this.list.every(({ pending }) => pending.progress.phase === "done");
  }

  /** Takes as many as one message can carry; says how many it left. */
  add(files: readonly File[]): number {
    const room = Math.max(0, FILE_LIMIT - this.list.length);
    for (const file of files.slice(0, room)) this.begin(file);
    this.onChange();
    return Math.max(0, files.length - room);
  }

  retry(key: string): void {
    this.list.find(({ pending }) => pending.key === key)?.upload.start();
  }

  remove(key: string): void {
    const found = this.list.find(({ pending }) => pending.key === key);
    found?.upload.cancel();
    this.drop((one) => one.pending.key !== key);
  }

  /** Hands out what is there and forgets it: a message takes it now. */
  take(): Attachment[] {
    const taken = this.list.flatMap(({ pending }) => pending.progress.attachment ?? []);
    this.drop(() => false);
    return taken;
  }

  /** The network is back. */
  resume(): void {
    for (const { upload } of this.list) upload.resume();
  }

  private begin(file: File): void {
    const entry = {} as { pending: PendingFile; upload: Upload };
    entry.upload = new Upload({
      transport: this.transport(),
      file: { name: file.name || "file", size: file.size, slice: (from, to) => file.slice(from, to) },
      onChange: (progress) => {
        entry.pending = { ...entry.pending, progress };
        this.onChange();
      },
    });
    const picture = file.type.startsWith("image/") && file.type !== "image/svg+xml" ? URL.createObjectURL(file) : undefined;
    entry.pending = { key: uuidv7(), name: file.name, size: file.size, progress: entry.upload.progress, picture };
    this.list = [...this.list, entry];
    entry.upload.start();
  }

  private drop(keep: (one: { pending: PendingFile }) => boolean): void {
    for (const one of this.list) if (!keep(one) && one.pending.picture) URL.revokeObjectURL(one.pending.picture);
    this.list = this.list.filter(keep);
    this.onChange();
  }
}

/** The sentence of a refusal, if the server gave one. */
export const refusalOf = ({ error }: UploadProgress): string => (error instanceof ApiError ? error.message : "");

/** 1.4 MB; in the numbers of the language. */
export function sizeOf(bytes: number, locale: string): string {
  const [unit, divisor] = bytes < 1000 ? ["byte", 1] : bytes < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit as string, unitDisplay: "short", maximumFractionDigits: 1 }).format(bytes / (divisor as number));
}
