import type { Attachment, Capabilities, MessageKind } from "@patchbay/client/types";
import { MAX_TEXT } from "./limit";

/** What can be written to whoever reads it: a customer through a channel, or colleagues. */
export interface Abilities {
  text: boolean;
  textLimit: number;
  /** Kinds of files; empty: none. */
  files: Attachment["kind"][];
  /** Bytes of one file. */
  fileLimit: number;
  quote: boolean;
  /** A subject and addresses. */
  envelope: boolean;
  /** Members of a group, by their names in the text. */
  mention?: boolean;
}

export const MOST_FILES = 10;
/** What a note may carry where no channel says: the server's own limit as it is shipped. */
const NOTE_FILE_LIMIT = 25 * 1024 * 1024;
const every: Attachment["kind"][] = ["image", "audio", "video", "file"];

export function abilitiesOf(kind: MessageKind, capabilities: Capabilities | undefined): Abilities {
  const fileLimit = capabilities?.attachment_limit || NOTE_FILE_LIMIT;
  if (kind === "note") return { text: true, textLimit: MAX_TEXT, files: every, fileLimit, quote: true, envelope: false };
  const content = capabilities?.content ?? ["text"];
  const files = content.includes("file") ? every : every.filter((one) => content.includes(one));
  return {
    text: content.includes("text"),
    textLimit: capabilities?.text_limit || MAX_TEXT,
    files,
    fileLimit,
    quote: content.includes("reply"),
    envelope: content.includes("envelope"),
    ...(content.includes("mention") && { mention: true }),
  };
}

/** What a file seems to be, by the browser's word; the server looks itself. */
export function kindOf(type: string): Attachment["kind"] {
  const kind = type.split("/")[0];
  if (type === "image/svg+xml") return "file";
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "file";
}

/** Why a file is not taken, before anything is sent; undefined when it is. */
export function refusalOf(file: { size: number; type: string }, held: number, abilities: Abilities): "none" | "kind" | "count" | "size" | "empty" | undefined {
  if (abilities.files.length === 0) return "none";
  if (!abilities.files.includes(kindOf(file.type))) return "kind";
  if (held >= MOST_FILES) return "count";
  if (file.size > abilities.fileLimit) return "size";
  return file.size === 0 ? "empty" : undefined;
}
