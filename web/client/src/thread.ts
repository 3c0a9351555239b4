import { retold } from "./retold";
import type { VisitorMessage } from "./live/visitorhttp";
import type { OutboxEntry } from "./live/outbox";
import type { PublicChange } from "./types";

/** One line of what a visitor sees: something that happened, or an own message not stored yet. */
export type ThreadItem =
  | { kind: "change"; key: string; change: PublicChange }
  | { kind: "unsent"; key: string; entry: OutboxEntry<VisitorMessage> };

/**
 * The visitor's conversation in order: changes, then own messages on their way. The key of a
 * message is its client id from writing to storing, so its line is not drawn anew.
 */
export function threadOf(changes: readonly PublicChange[], unsent: readonly OutboxEntry<VisitorMessage>[]): ThreadItem[] {
  const stored = new Set(changes.map((change) => change.message?.client_msg_id));
  return [
    ...said(changes).map((change): ThreadItem => ({ kind: "change", key: change.message?.client_msg_id ?? `seq-${change.seq}`, change })),
    ...unsent
      .filter((entry) => !stored.has(entry.item.client_msg_id))
      .map((entry): ThreadItem => ({ kind: "unsent", key: entry.item.client_msg_id, entry })),
  ];
}

/** The changes but for those that tell of a message which is there: it is what they say. */
function said(changes: readonly PublicChange[]): readonly PublicChange[] {
  if (!changes.some(revises)) return changes;
  return retold(changes).filter((change) => !revises(change));
}

const revises = ({ type }: PublicChange) => type === "edited" || type === "recalled";
