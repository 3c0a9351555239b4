import type { Addressed, Attachment } from "@patchbay/client/types";
import { readStored, writeStored } from "@/ui/stored";

/** A conversation that is not begun yet, as this browser keeps it: one for each contact it is begun with, one for nobody (""). */
export interface Opening {
  text: string;
  envelope: Addressed;
  inbox: string;
  attachments: Attachment[];
  /** Whether the contact was taken off. */
  apart: boolean;
  /** What was sent last, and as which message: the same while one tries again, so a lost answer does not make two. */
  attempt: { key: string; id: string };
}

/** So many are kept, those that were written last. */
export const MOST_OPENINGS = 20;

// As drafts of conversations, so that they go with them when the person signs out.
const key = (workspace: string) => `draft.${workspace}.openings`;
const last = (workspace: string) => `begin.${workspace}`;

/** By contact, those that were written last at the end. */
function readAll(workspace: string): Map<string, Partial<Opening>> {
  try {
    return new Map(Object.entries(JSON.parse(readStored(key(workspace)) ?? "{}") as Record<string, Partial<Opening>>));
  } catch {
    // What cannot be read is begun anew.
    return new Map();
  }
}

function writeAll(workspace: string, openings: ReadonlyMap<string, Partial<Opening>>): void {
  writeStored(key(workspace), openings.size > 0 ? JSON.stringify(Object.fromEntries([...openings].slice(-MOST_OPENINGS))) : null);
}

/** Whether nothing is lost without it: at most the contact's own address stands there. */
function blank({ text, envelope, attachments, apart }: Opening, contact: string): boolean {
  const { to, cc, bcc, subject } = envelope;
  return !text && !subject && !apart && attachments.length === 0 && !cc?.length && !bcc?.length && (to?.length ?? 0) <= (contact ? 1 : 0);
}

export function readOpening(workspace: string, contact: string): Opening {
  const kept = readAll(workspace).get(contact) ?? {};
  return {
    text: String(kept.text ?? ""), envelope: kept.envelope ?? {}, inbox: kept.inbox ?? readStored(last(workspace)) ?? "",
    attachments: kept.attachments ?? [], apart: kept.apart === true, attempt: kept.attempt ?? { key: "", id: "" },
  };
}

export function writeOpening(workspace: string, contact: string, opening: Opening): void {
  const all = readAll(workspace);
  all.delete(contact);
  if (!blank(opening, contact)) all.set(contact, opening);
  writeAll(workspace, all);
}

/** It is on its way: what is next begins empty, from the same inbox. */
export function forgetOpening(workspace: string, contact: string, inbox: string): void {
  const all = readAll(workspace);
  all.delete(contact);
  writeAll(workspace, all);
  writeStored(last(workspace), inbox);
}
