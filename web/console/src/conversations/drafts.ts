import type { MessageKind } from "@patchbay/client/types";
import { readStored, writeStored } from "@/ui/stored";

/** What is being written in a conversation, answer and note apart, kept in this browser. */
export type Draft = Record<MessageKind, string>;

const keyOf = (workspace: string, conversation: string) => `draft.${workspace}.${conversation}`;

export function readDraft(workspace: string, conversation: string): Draft {
  try {
    const held = JSON.parse(readStored(keyOf(workspace, conversation)) ?? "{}") as Partial<Draft>;
    return { text: String(held.text ?? ""), note: String(held.note ?? "") };
  } catch {
    return { text: "", note: "" };
  }
}

export function writeDraft(workspace: string, conversation: string, draft: Draft): void {
  const empty = !draft.text && !draft.note;
  writeStored(keyOf(workspace, conversation), empty ? null : JSON.stringify(draft));
}
