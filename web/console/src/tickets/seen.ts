import { reactive } from "vue";
import type { Ticket } from "@patchbay/client/types";
import { readStored, writeStored } from "@/ui/stored";

/** As many tickets as this browser remembers having shown. */
const MOST = 1_000;
const shelves = new Map<string, Map<string, number>>();

/** Up to which change this browser showed each ticket of a workspace; the latest shown last. */
export function seenTickets(workspace: string): Map<string, number> {
  const held = shelves.get(workspace);
  if (held) return held;
  const fresh = reactive(new Map(read(workspace)));
  shelves.set(workspace, fresh);
  return fresh;
}

function read(workspace: string): [string, number][] {
  try {
    const stored: unknown = JSON.parse(readStored(`draft.seen-tickets.${workspace}`) ?? "[]");
    return Array.isArray(stored) ? (stored as [string, number][]) : [];
  } catch {
    return [];
  }
}

/** A ticket was shown up to a change. */
export function noteSeen(workspace: string, ticket: string, seq: number): void {
  const seen = seenTickets(workspace);
  if ((seen.get(ticket) ?? 0) >= seq) return;
  seen.delete(ticket);
  seen.set(ticket, seq);
  for (const oldest of seen.keys()) {
    if (seen.size <= MOST) break;
    seen.delete(oldest);
  }
  writeStored(`draft.seen-tickets.${workspace}`, JSON.stringify([...seen]));
}

/** Whether something happened that its own people have not seen here: to what they were given, or looked at before. */
export function isUnseen(ticket: Ticket, seen: ReadonlyMap<string, number>, me: string): boolean {
  const shown = seen.get(ticket.id);
  const concerns = ticket.assignee_id === me || ticket.follower_ids.includes(me);
  return concerns && (shown === undefined ? ticket.created_by.id !== me && ticket.status !== "closed" : ticket.last_seq > shown);
}

const DAY_MS = 86_400_000;

/** How a due date stands: past, within a day, or further off. Undefined when the work is over or nothing is due. */
export function dueLevel(ticket: Pick<Ticket, "due_at" | "status">, now: number): "overdue" | "soon" | "later" | undefined {
  if (!ticket.due_at || ticket.status === "solved" || ticket.status === "closed") return undefined;
  const left = Date.parse(ticket.due_at) - now;
  return left < 0 ? "overdue" : left < DAY_MS ? "soon" : "later";
}
