import type { Addressed, Attachment } from "@patchbay/client/types";
import { readStored, writeStored } from "@/ui/stored";

/** A conversation that is not begun yet, as this browser keeps it. */
export interface Opening {
  text: string;
  envelope: Addressed;
  inbox: string;
  contact: string;
  attachments: Attachment[];
}

// As drafts of conversations, so that it goes with them when the person signs out.
const key = (workspace: string) => `draft.${workspace}.new`;
const last = (workspace: string) => `begin.${workspace}`;

export function readOpening(workspace: string): Opening {
  let kept: Partial<Opening> = {};
  try {
    kept = JSON.parse(readStored(key(workspace)) ?? "{}") as Partial<Opening>;
  } catch {
    // What cannot be read is begun anew.
  }
  return { text: String(kept.text ?? ""), envelope: kept.envelope ?? {}, inbox: kept.inbox ?? readStored(last(workspace)) ?? "", contact: kept.contact ?? "", attachments: kept.attachments ?? [] };
}

export function writeOpening(workspace: string, opening: Opening): void {
  writeStored(key(workspace), JSON.stringify(opening));
}

/** It is on its way: what is next begins empty, from the same inbox. */
export function forgetOpening(workspace: string, inbox: string): void {
  writeStored(key(workspace), null);
  writeStored(last(workspace), inbox);
}
