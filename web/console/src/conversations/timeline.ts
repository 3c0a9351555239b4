import type { MemberMessage, OutboxEntry, TimelineEntry } from "@patchbay/client/member";
import type { Change, Message } from "@patchbay/client/types";
import { dayKey } from "@/i18n/format";
import { isSilent } from "./events";

/** What stands in a conversation, top to bottom. */
export type Line =
  | { kind: "day"; key: string; at: string }
  | { kind: "message"; key: string; message: Message; first: boolean; unsent?: OutboxEntry<MemberMessage> }
  | { kind: "events"; key: string; changes: Change[] };

/** Messages of one sender this close together stand under one name. */
const TOGETHER_MS = 5 * 60_000;

/**
 * The lines of a conversation: messages grouped by sender, runs of events folded into one line, days
 * told apart, own messages that are not stored yet at the end.
 */
export function linesOf(entries: readonly TimelineEntry[], unsent: readonly OutboxEntry<MemberMessage>[], me: { id: string; name: string }): Line[] {
  const lines: Line[] = [];
  const stored = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === "event" && isSilent(entry.change)) continue;
    addDay(lines, entry.change.at);
    if (entry.kind === "message") {
      stored.add(entry.message.client_msg_id);
      addMessage(lines, entry.message);
    } else addEvent(lines, entry.change);
  }
  for (const entry of unsent) {
    if (stored.has(entry.item.client_msg_id)) continue;
    const message = messageOf(entry, me);
    addDay(lines, message.created_at);
    addMessage(lines, message, entry);
  }
  return lines;
}

function addDay(lines: Line[], at: string): void {
  const day = dayKey(at);
  const before = lines.findLast((line) => line.kind === "day");
  if (before?.key !== day) lines.push({ kind: "day", key: day, at });
}

function addMessage(lines: Line[], message: Message, unsent?: OutboxEntry<MemberMessage>): void {
  const before = lines[lines.length - 1];
  const first = before?.kind !== "message" || !together(before.message, message);
  lines.push({ kind: "message", key: message.client_msg_id || message.id, message, first, unsent });
}

function addEvent(lines: Line[], change: Change): void {
  const before = lines[lines.length - 1];
  if (before?.kind === "events") before.changes.push(change);
  else lines.push({ kind: "events", key: change.id, changes: [change] });
}

function together(a: Message, b: Message): boolean {
  return a.kind === b.kind && a.sender.kind === b.sender.kind && a.sender.id === b.sender.id && Date.parse(b.created_at) - Date.parse(a.created_at) < TOGETHER_MS;
}

/** A message on its way, drawn like the stored one it will become. */
function messageOf(entry: OutboxEntry<MemberMessage>, me: { id: string; name: string }): Message {
  const { client_msg_id, conversation_id, kind, text, shown } = entry.item;
  const sender = { kind: "agent" as const, id: me.id, name: me.name };
  return { id: client_msg_id, client_msg_id, conversation_id, kind, text, sender, created_at: new Date(entry.at).toISOString(), ...shown };
}

/** Text cut into what is plain and what is an address to open. */
export type Piece = { text: string; href?: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"'，。；：！？、）】》」』]+/g;

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(/[.,;:!?)\]]+$/, "");
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) });
    pieces.push({ text: address, href: address });
    end = match.index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}
