import type { MemberMessage, OutboxEntry, TimelineEntry } from "@patchbay/client/member";
import type { Change, Mention, Message, Quote, Whisper } from "@patchbay/client/types";
import { dayKey } from "@/i18n/format";
import { isSilent } from "./events";

/** What stands in a conversation, top to bottom. */
export type Line =
  | { kind: "day"; key: string; at: string }
  | { kind: "message"; key: string; message: Message; first: boolean; unsent?: OutboxEntry<MemberMessage> }
  | { kind: "events"; key: string; changes: Change[] }
  | { kind: "whisper"; key: string; whisper: Whisper }
  /** Another conversation that was merged into this one and still is. */
  | { kind: "absorbed"; key: string; change: Change; from: string };

/** Messages of one sender this close together stand under one name. */
const TOGETHER_MS = 5 * 60_000;

/**
 * The lines of a conversation: messages grouped by sender, runs of events folded into one line, days
 * told apart, whispers after the change they were written after, own messages that are not stored yet
 * at the end.
 */
export function linesOf(entries: readonly TimelineEntry[], unsent: readonly OutboxEntry<MemberMessage>[], me: { id: string; name: string }, whispers: readonly Whisper[] = []): Line[] {
  const lines: Line[] = [];
  const stored = new Set<string>();
  const merged = mergedIn(entries);
  const oldest = entries[0]?.change.seq ?? 0;
  const told = whispers.filter((one) => one.seq >= oldest);
  for (const entry of entries) {
    while (told[0] && told[0].seq < entry.change.seq) addWhisper(lines, told.shift()!);
    if (entry.kind === "event" && isSilent(entry.change)) continue;
    addDay(lines, entry.change.at);
    if (entry.kind === "message") {
      stored.add(entry.message.client_msg_id);
      addMessage(lines, entry.message);
    } else if (merged.get(absorbedFrom(entry.change)) === entry.change) lines.push({ kind: "absorbed", key: entry.change.id, change: entry.change, from: absorbedFrom(entry.change) });
    else addEvent(lines, entry.change);
  }
  for (const one of told) addWhisper(lines, one);
  for (const entry of unsent) {
    if (stored.has(entry.item.client_msg_id)) continue;
    const message = messageOf(entry, me);
    addDay(lines, message.created_at);
    addMessage(lines, message, entry);
  }
  return lines;
}

function addWhisper(lines: Line[], whisper: Whisper): void {
  addDay(lines, whisper.at);
  lines.push({ kind: "whisper", key: whisper.id, whisper });
}

function absorbedFrom(change: Change): string {
  return String(change.data?.["from_id"] ?? "");
}

/** The merges that nobody undid, by the conversation they brought in. */
function mergedIn(entries: readonly TimelineEntry[]): Map<string, Change> {
  const merged = new Map<string, Change>();
  for (const { kind, change } of entries) {
    if (kind !== "event") continue;
    if (change.type === "conversation.absorbed") merged.set(absorbedFrom(change), change);
    if (change.type === "conversation.unmerged") merged.delete(absorbedFrom(change));
  }
  return merged;
}

/**
 * The messages the customer has seen, as far as they are on hand: what was sent to them up to the
 * read mark.
 */
export function seenBy(entries: readonly TimelineEntry[], readSeq: number | undefined): Set<string> {
  const seen = new Set<string>();
  if (!readSeq) return seen;
  for (const entry of entries) {
    if (entry.kind === "message" && entry.change.seq <= readSeq && entry.message.kind === "text" && entry.message.sender.kind !== "contact") seen.add(entry.message.id);
  }
  return seen;
}

/** What quoting a message says of it; the server cuts at the same length. */
export function quoteOf(message: Message, seq: number): Quote {
  const { id, kind, sender, attachments } = message;
  return { id, seq, kind, sender, text: [...message.text].slice(0, 140).join(""), attachment_kind: attachments?.[0]?.kind };
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
  return a.kind === b.kind && a.sender.kind === b.sender.kind && a.sender.id === b.sender.id && a.group_member?.id === b.group_member?.id && Date.parse(b.created_at) - Date.parse(a.created_at) < TOGETHER_MS;
}

/** A message on its way, drawn like the stored one it will become. */
function messageOf(entry: OutboxEntry<MemberMessage>, me: { id: string; name: string }): Message {
  const { client_msg_id, conversation_id, kind, text, shown } = entry.item;
  const sender = { kind: "agent" as const, id: me.id, name: me.name };
  return { id: client_msg_id, client_msg_id, conversation_id, kind, text, sender, created_at: new Date(entry.at).toISOString(), ...shown };
}

/** Text cut into what is plain, what is an address to open, and what names a colleague. */
export type Piece = { text: string; href?: string; mention?: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"'，。；：！？、）】》」』]+/g;

export function piecesOf(text: string, mentions: readonly Mention[] = []): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(/[.,;:!?)\]]+$/, "");
    if (match.index > end) pieces.push(...mentionsOf(text.slice(end, match.index), mentions));
    pieces.push({ text: address, href: address });
    end = match.index + address.length;
  }
  if (end < text.length) pieces.push(...mentionsOf(text.slice(end), mentions));
  return pieces;
}

/** Cuts "@Name" out of plain text; the longest name wins, so that 林薇 does not hide 林薇薇. */
function mentionsOf(text: string, mentions: readonly Mention[]): Piece[] {
  const known = [...mentions].filter((who) => who.name).sort((a, b) => b.name.length - a.name.length);
  const pieces: Piece[] = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const who = text[at] === "@" ? known.find(({ name }) => text.startsWith(name, at + 1)) : undefined;
    if (!who) {
      plain += text[at++];
      continue;
    }
    if (plain) pieces.push({ text: plain });
    plain = "";
    pieces.push({ text: `@${who.name}`, mention: who.member_id });
    at += who.name.length + 1;
  }
  if (plain) pieces.push({ text: plain });
  return pieces;
}
