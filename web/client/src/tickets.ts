/**
 * The Law for tickets: what a client holds of them, brought up to date by events, is what a fresh fetch
 * gives. These functions are pure; they never change their arguments.
 */
import type { FeedEvent, ListPage, Ticket, TicketChange } from "./types";

/** The newer of two states of a ticket. Links show other tickets as they are now: they move without a change of their own. */
export function newerTicket(held: Ticket | undefined, incoming: Ticket): Ticket {
  return held && held.last_seq > incoming.last_seq ? held : incoming;
}

/** A ticket whose links show another one as it is now; the same object when nothing changes. */
export function withLinked(row: Ticket, other: Ticket): Ticket {
  const stale = row.links.some((link) => link.ticket_id === other.id && (link.title !== other.title || link.status !== other.status));
  if (!stale) return row;
  return { ...row, links: row.links.map((link) => (link.ticket_id === other.id ? { ...link, title: other.title, status: other.status } : link)) };
}

/** Adds changes in whatever order and however often they come. */
export function applyTicketChanges(held: readonly TicketChange[], changes: readonly TicketChange[]): readonly TicketChange[] {
  const seqs = new Set(held.map((change) => change.seq));
  const fresh = changes.filter((change) => !seqs.has(change.seq) && seqs.add(change.seq));
  return fresh.length === 0 ? held : [...held, ...fresh].sort((a, b) => a.seq - b.seq);
}

/** Whether a row stands before another one in the list of the last changed. */
function before(a: Ticket, b: Ticket): boolean {
  return a.updated_at === b.updated_at ? a.id > b.id : a.updated_at > b.updated_at;
}

/**
 * Brings pages of all tickets, the last changed first, up to date with one that changed. Merged ones are in
 * no list. What moves below the last page that is held leaves when there is more below.
 */
export function applyTicketToPages(pages: readonly ListPage<Ticket>[], ticket: Ticket): ListPage<Ticket>[] {
  const held = pages.flatMap((page) => page.items).find((row) => row.id === ticket.id);
  const row = newerTicket(held, ticket);
  const rest = pages.map((page) => ({ ...page, items: page.items.filter(({ id }) => id !== row.id).map((other) => withLinked(other, row)) }));
  if (row.merged_into) return rest;
  for (const page of rest) {
    const at = page.items.findIndex((other) => before(row, other));
    if (at >= 0) return rest.map((one) => (one === page ? { ...page, items: [...page.items.slice(0, at), row, ...page.items.slice(at)] } : one));
  }
  const last = rest.at(-1);
  return last && !last.next_cursor ? [...rest.slice(0, -1), { ...last, items: [...last.items, row] }] : rest;
}

/** Whether an event is about a ticket. */
export const aboutTicket = (event: FeedEvent): event is FeedEvent & { ticket: Ticket } => event.ticket !== undefined;
