import type { Attachment } from "@patchbay/client/types";
import type { TimelineEntry } from "@patchbay/client/member";

export interface Box {
  width: number;
  height: number;
}

const MOST: Box = { width: 320, height: 260 };
const LEAST = 48;
/** A picture whose size nobody told. */
const UNKNOWN: Box = { width: 240, height: 180 };

/** The room a picture takes in the conversation, known before it is loaded. */
export function boxOf({ width, height }: Partial<Box>): Box {
  if (!width || !height) return UNKNOWN;
  const scale = Math.min(1, MOST.width / width, MOST.height / height);
  return { width: Math.max(LEAST, Math.round(width * scale)), height: Math.max(LEAST, Math.round(height * scale)) };
}

/** Whether the bytes are here; a server of before states told no state. */
export function isHere(attachment: Attachment): boolean {
  return !attachment.state || attachment.state === "ready";
}

/** Whether the bytes may still be shown without anybody's doing. */
export function isComing(attachment: Attachment): boolean {
  return attachment.state === "fetching" || attachment.state === "scanning";
}

/** What is shown as a picture: what the server drew itself, nothing else. */
export function isPicture(attachment: Attachment): boolean {
  return attachment.kind === "image" && Boolean(attachment.preview_url);
}

/** All pictures of a conversation in their order, to leaf through. */
export function picturesOf(entries: readonly TimelineEntry[]): Attachment[] {
  return entries.flatMap((entry) => (entry.kind === "message" ? (entry.message.attachments ?? []).filter(isPicture) : []));
}
