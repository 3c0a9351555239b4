/**
 * Tickets as the console holds them: filters, orders, lists of any kind and a history in parts. The Law
 * that these follow is in `tickets.ts`. The functions are pure; they never change their arguments.
 */
import { later, placeRow, type Order } from "./apply";
import { attribute, judgeBy, kindOfAttribute, lower, type FilterField, type FilterValue, type FilterWorld, type Verdict } from "./filter";
import { applyTicketChanges, newerTicket } from "./tickets";
import type { FilterNode, ListPage, Ticket, TicketChange, TicketSort, TicketStatus, TicketType } from "./types";

/** In the order of a board. */
export const ticketStatuses: readonly TicketStatus[] = ["new", "open", "pending", "solved", "closed"];
/** Those that somebody still has to do something about. */
export const openStatuses: readonly TicketStatus[] = ["new", "open", "pending"];
/** The least urgent first. */
export const ticketPriorities: readonly Ticket["priority"][] = ["low", "normal", "high", "urgent"];
export const ticketSorts: readonly TicketSort[] = ["updated", "created", "due", "priority"];

/** As people say and write a number. */
export const ticketText = (number: number): string => `T-${number}`;

/** The part of a ticket's history we hold, ascending by seq, no seq twice. */
export interface TicketHistory {
  changes: readonly TicketChange[];
  /** Whether older changes exist on the server. */
  hasOlder: boolean;
}

export const emptyHistory: TicketHistory = { changes: [], hasOlder: false };

/** Adds changes in whatever order and however often they come. */
export function applyToHistory(history: TicketHistory, changes: readonly TicketChange[]): TicketHistory {
  const next = applyTicketChanges(history.changes, changes);
  return next === history.changes ? history : { ...history, changes: next };
}

/** The seq after which something is missing, or undefined when what we hold is whole. */
export function ticketGap({ changes }: TicketHistory): number | undefined {
  const at = changes.findIndex((change, index) => index > 0 && change.seq !== changes[index - 1]!.seq + 1);
  return at < 0 ? undefined : changes[at - 1]!.seq;
}

const builtin: readonly FilterField[] = [
  { name: "status", kind: "enum", options: ticketStatuses },
  { name: "type", kind: "id" },
  { name: "priority", kind: "enum", options: ticketPriorities },
  { name: "assignee", kind: "id", word: "me" },
  { name: "team", kind: "id", word: "mine" },
  { name: "follower", kind: "set", word: "me" },
  { name: "label", kind: "set" },
  { name: "inbox", kind: "id" },
  { name: "contact", kind: "id" },
  { name: "contact.organisation", kind: "id" },
  { name: "number", kind: "number" },
  { name: "title", kind: "text" },
  { name: "rating", kind: "number" },
  { name: "due_at", kind: "time" },
  { name: "created_at", kind: "time" },
  { name: "updated_at", kind: "time" },
  { name: "solved_at", kind: "time" },
];

/** The fields of tickets that can be asked about; those of the workspace come from its types. */
export function ticketFields(types: readonly TicketType[]): Map<string, FilterField> {
  const custom = types.flatMap((type) => type.fields).map((field): FilterField => ({
    name: `fields.${field.key}`,
    kind: kindOfAttribute(field.type),
    ...(field.type === "list" ? { options: [...new Set(types.flatMap((type) => type.fields).filter((one) => one.key === field.key).flatMap((one) => one.options ?? []))] } : {}),
  }));
  return new Map([...builtin, ...custom].map((field) => [field.name, field]));
}

/** Whether a filter selects a ticket; undefined where it cannot be told. */
export function judgeTicket(node: FilterNode, ticket: Ticket, world: FilterWorld): Verdict {
  return judgeBy(node, (field) => held(field, ticket), world);
}

function held(field: FilterField, ticket: Ticket): FilterValue[] | undefined {
  const one = (value: FilterValue | undefined): FilterValue[] => (value === undefined || value === "" ? [] : [value]);
  const time = (at: string | undefined) => (at ? [Date.parse(at)] : []);
  if (field.name.startsWith("fields.")) return attribute(field, ticket.fields[field.name.slice("fields.".length)]);
  switch (field.name) {
    case "status":
      return [ticket.status];
    case "type":
      return [ticket.type_id];
    case "priority":
      return [ticket.priority];
    case "assignee":
      return one(ticket.assignee_id);
    case "team":
      return one(ticket.team_id);
    case "follower":
      return ticket.follower_ids;
    case "label":
      return ticket.labels;
    case "inbox":
      return one(ticket.inbox_id);
    case "contact":
      return one(ticket.contact_id);
    case "contact.organisation":
      return one(ticket.organisation_id);
    case "number":
      return [ticket.number];
    case "title":
      return one(lower(ticket.title));
    case "rating":
      return one(ticket.rating?.score);
    case "due_at":
      return time(ticket.due_at);
    case "created_at":
      return time(ticket.created_at);
    case "updated_at":
      return time(ticket.updated_at);
    case "solved_at":
      return time(ticket.solved_at);
    default:
      return undefined;
  }
}

const byUpdate: Order<Ticket> = (a, b) => later(a.updated_at, b.updated_at) || later(a.id, b.id);
const rank = (ticket: Ticket) => ticketPriorities.indexOf(ticket.priority);

/** The orders of the server; ties are broken by id, so that each is total. */
const orders: Record<TicketSort, Order<Ticket>> = {
  updated: byUpdate,
  created: (a, b) => later(a.created_at, b.created_at) || later(a.id, b.id),
  due: (a, b) => {
    if (a.due_at && b.due_at) return -later(a.due_at, b.due_at) || -later(a.id, b.id);
    return Number(Boolean(b.due_at)) - Number(Boolean(a.due_at)) || byUpdate(a, b);
  },
  priority: (a, b) => rank(b) - rank(a) || byUpdate(a, b),
};

export const byTicketSort = (sort: TicketSort): Order<Ticket> => orders[sort];

/** Puts a ticket where a fresh fetch of the same pages would have it; what is not known stays as it is. */
export function placeTicket(pages: readonly ListPage<Ticket>[], incoming: Ticket, belongs: (row: Ticket) => Verdict, sort: TicketSort): ListPage<Ticket>[] {
  const there = pages.flatMap((page) => page.items).find((item) => item.id === incoming.id);
  const row = newerTicket(there, incoming);
  return placeRow(pages, there, row, belongs(row) ?? Boolean(there), orders[sort]);
}
