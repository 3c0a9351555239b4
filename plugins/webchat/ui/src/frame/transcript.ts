import { threadOf } from "@patchbay/client/visitor";
import type { PublicChange } from "@patchbay/client/types";
import type { Unsent } from "./state";

export type Side = "visitor" | "agent" | "system";

/** What is known about one of the visitor's messages. */
export type SendState = "sent" | "sending" | "waiting" | "failed";

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
  event: "joined" | "resolved" | "reopened";
  name?: string;
}

export type Row = DayRow | MessageRow | EventRow;

/** A run by one sender ends after this pause. */
const RUN_MS = 5 * 60_000;

/** The rows of the conversation: what the server told, then what it does not know yet. */
export function transcript(changes: readonly PublicChange[], unsent: readonly Unsent[], connected: boolean): Row[] {
  const rows: Row[] = [];
  for (const item of threadOf(changes, unsent)) {
    append(rows, item.kind === "change" ? rowOf(item.key, item.change) : unsentRow(item.entry, connected));
  }
  markLastSent(rows);
  return rows;
}

/** Whether the conversation's last word about its state is that it was closed. */
export function isResolved(changes: readonly PublicChange[]): boolean {
  for (let i = changes.length - 1; i >= 0; i--) {
    const { type, message } = changes[i]!;
    if (type === "resolved") return true;
    if (type === "reopened" || message?.sender.kind === "visitor") return false;
  }
  return false;
}

function rowOf(key: string, change: PublicChange): MessageRow | EventRow {
  const { message, type, name } = change;
  const at = new Date(change.at);
  if (!message) return { kind: "event", key, at, event: type === "agent_joined" ? "joined" : (type as "resolved" | "reopened"), name };
  return {
    kind: "message",
    key,
    side: message.sender.kind,
    name: message.sender.name,
    text: message.text,
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

/** Only the newest stored message of the visitor says that it was sent. */
function markLastSent(rows: Row[]): void {
  const newest = rows.findLast((row) => row.kind === "message" && !row.state);
  if (newest?.kind === "message" && newest.side === "visitor") newest.state = "sent";
}
