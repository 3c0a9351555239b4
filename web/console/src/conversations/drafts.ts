import type { Addressed, MessageKind, Quote } from "@patchbay/client/types";
import { readStored, writeStored } from "@/ui/stored";
import type { LocalMark } from "./composer/draftsync";

/** What is being written in a conversation, answer and note apart, kept in this browser. */
export interface Draft extends Record<MessageKind, string> {
  quote?: Quote;
  /** To whom the answer goes, where somebody said so. */
  envelope?: Addressed;
  /** Which of the two was written last: the server keeps one. */
  kind: MessageKind;
}

interface Kept extends Partial<Draft> {
  mark?: LocalMark;
}

export const draftKey = (workspace: string, conversation: string) => `draft.${workspace}.${conversation}`;

function kept(workspace: string, conversation: string): Kept {
  try {
    return JSON.parse(readStored(draftKey(workspace, conversation)) ?? "{}") as Kept;
  } catch {
    return {};
  }
}

export function readDraft(workspace: string, conversation: string): Draft {
  const { text, note, quote, envelope, kind } = kept(workspace, conversation);
  return { text: String(text ?? ""), note: String(note ?? ""), quote, envelope, kind: kind === "note" ? "note" : "text" };
}

export function readMark(workspace: string, conversation: string): LocalMark {
  const { mark } = kept(workspace, conversation);
  return { rev: Number(mark?.rev ?? 0), dirty: mark?.dirty === true };
}

/** Keeps a draft with what is known of the server's copy; an empty one of which nothing is known is forgotten. */
export function writeDraft(workspace: string, conversation: string, draft: Draft, mark: LocalMark): void {
  const empty = !draft.text && !draft.note && !draft.quote && !draft.envelope && !mark.dirty && mark.rev === 0;
  writeStored(draftKey(workspace, conversation), empty ? null : JSON.stringify({ ...draft, mark }));
}
