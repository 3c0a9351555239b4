import type { Conversation } from "@patchbay/client/types";
import { found } from "@/keys/commands";

/** A conversation another one may be merged into. */
export interface Candidate {
  key: string;
  group: string;
  conversation: Conversation;
}

/** The number in "#12" or "12". */
export function numberIn(typed: string): number | undefined {
  const digits = typed.match(/^#?(\d{1,9})$/)?.[1];
  return digits && Number(digits) > 0 ? Number(digits) : undefined;
}

/** The same customer's other conversations, and the one whose number was typed. */
export function mergeCandidates(source: Conversation, own: readonly Conversation[], numbered: Conversation | undefined, search: string, groups: { own: string; other: string }): Candidate[] {
  const possible = (one: Conversation) => one.id !== source.id && !one.merged_into;
  const bare = search.replace(/^#/, "");
  const same = own.filter((one) => possible(one) && found(`${one.number ?? ""} ${one.last_message?.text ?? ""}`, bare));
  const more = numbered && possible(numbered) && !own.some((one) => one.id === numbered.id) ? [numbered] : [];
  return [
    ...same.map((conversation) => ({ key: conversation.id, group: groups.own, conversation })),
    ...more.map((conversation) => ({ key: conversation.id, group: groups.other, conversation })),
  ];
}
