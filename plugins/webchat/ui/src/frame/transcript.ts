import { threadOf } from "@patchbay/client/visitor";
import type { Attachment, PublicChange, PublicQuote } from "@patchbay/client/types";
import type { Unsent } from "./state";

export type Side = "visitor" | "agent" | "bot" | "system";

/** What is known about one of the visitor's messages. */
export type SendState = "sent" | "seen" | "sending" | "waiting" | "failed";

export interface DayRow {
  kind: "day";
  key: string;
  at: Date;
}

export interface MessageRow {
  kind: "message";
  key: string;
  side: Side;
  name?: string;
  text: string;
  edited?: boolean;
  /** Its sender took it back: it says nothing any more. */
  recalled?: boolean;
  attachments: readonly Attachment[];
  quote?: PublicQuote;
  /** To quote it by; undefined until it is stored. */
  id?: string;
  /** Of its change; 0 until it is stored. */
  seq: number;
  at: Date;
  /** First and last of an uninterrupted run by one sender. */
  first: boolean;
  last: boolean;
  state?: SendState;
  /** Why it failed, when it did. */
  code?: string;
  detail?: string;
}

export interface EventRow {
  kind: "event";
  key: string;
  at: Date;
  event: "joined" | "resolved" | "reopened" | "rated";
  name?: string;
}

export type Row = DayRow | MessageRow | EventRow;

/** A run by one sender ends after this pause. */
const RUN_MS = 5 * 60_000;

/** The rows of the conversation: what the server told, then what it does not know yet. `read` is how far the company has read. */
export function transcript(changes: readonly PublicChange[], unsent: readonly Unsent[], connected: boolean, read = 0): Row[] {
  const rows: Row[] = [];
  for (const item of threadOf(changes, unsent)) {
    const row = item.kind === "change" ? rowOf(item.key, item.change) : unsentRow(item.entry, connected);
    if (row) append(rows, row);
  }
  markLastSent(rows, read);
  return rows;
}

/** Whether the conversation's last word about its state is that it was closed. */
export function isResolved(changes: readonly PublicChange[]): boolean {
  for (let i = changes.length - 1; i >= 0; i--) {
    const { type, message } = changes[i]!;
    if (type === "resolved") return true;
    if (type === "reopened" || (type === "message" && message?.sender.kind === "visitor")) return false;
  }
  return false;
}

/** Those of the kinds this version knows; a newer server may tell more. */
const events: Partial<Record<PublicChange["type"], EventRow["event"]>> = { agent_joined: "joined", resolved: "resolved", reopened: "reopened", rated: "rated" };

function rowOf(key: string, change: PublicChange): MessageRow | EventRow | undefined {
  const { message, type, name } = change;
  const at = new Date(change.at);
  const event = events[type];
  if (!message) return event && { kind: "event", key, at, event, name };
  return {
    kind: "message",
    key,
    side: message.sender.kind,
    name: message.sender.name,
    text: message.text,
    edited: message.edited,
    recalled: message.recalled,
    attachments: message.attachments ?? [],
    quote: message.reply_to,
    id: message.id,
    seq: change.seq,
    at,
    first: true,
    last: true,
  };
}

function unsentRow({ item, at, state, code, detail }: Unsent, connected: boolean): MessageRow {
  return {
    kind: "message",
    key: item.client_msg_id,
    side: "visitor",
    text: item.text,
    attachments: item.attachments ?? [],
    quote: item.reply_to,
    seq: 0,
    at: new Date(at),
    first: true,
    last: true,
    state: state === "failed" ? "failed" : connected ? "sending" : "waiting",
    code,
    detail,
  };
}

/** Adds a row, with a day before it when one begins, and joins it to the run before it. */
function append(rows: Row[], row: MessageRow | EventRow): void {
  const day = row.at.toDateString();
  if (rows.at(-1)?.at.toDateString() !== day) rows.push({ kind: "day", key: `day:${day}`, at: row.at });
  const previous = rows.at(-1);
  if (previous?.kind === "message" && row.kind === "message" && sameRun(previous, row)) {
    previous.last = false;
    row.first = false;
  }
  rows.push(row);
}

function sameRun(a: MessageRow, b: MessageRow): boolean {
  return a.side === b.side && a.name === b.name && a.state !== "failed" && b.at.getTime() - a.at.getTime() < RUN_MS;
}

/** Only the newest stored message of the visitor says that it was sent, or seen. */
function markLastSent(rows: Row[], read: number): void {
  const newest = rows.findLast((row) => row.kind === "message" && !row.state);
  if (newest?.kind === "message" && newest.side === "visitor") newest.state = newest.seq <= read ? "seen" : "sent";
}
