/**
 * The Law: a client that holds a conversation and its changes up to seq n and applies later changes
 * ends with what a fresh fetch gives. These functions are pure; they never change their arguments.
 */
import { allOf, filterFields, judge, readFilter, type FilterWorld, type Verdict } from "./filter";
import { retold } from "./retold";
import type { Change, Conversation, ConversationState, FilterNode, ListPage, Message, SavedView } from "./types";

/** The part of a conversation's history we hold, ascending by seq, no seq twice. */
export interface Timeline {
  changes: readonly Change[];
  /** Whether older changes exist on the server. */
  hasOlder: boolean;
}

export const emptyTimeline: Timeline = { changes: [], hasOlder: false };

/** Adds changes in whatever order and however often they come. A message told of again is what was told last, wherever it stands. */
export function applyChanges(timeline: Timeline, changes: readonly Change[]): Timeline {
  const held = timeline.changes;
  const next = changes[0];
  const last = held[held.length - 1];
  if (changes.length === 1 && next && last && next.seq === last.seq + 1) {
    const changes = [...held, next];
    return { ...timeline, changes: again.includes(next.type) ? retold(changes) : changes };
  }
  const seqs = new Set(held.map((change) => change.seq));
  const fresh = changes.filter((change) => !seqs.has(change.seq) && seqs.add(change.seq));
  if (fresh.length === 0) return timeline;
  return { ...timeline, changes: retold([...held, ...fresh].sort((a, b) => a.seq - b.seq)) };
}

/** Tell of a message that is there already. */
const again: readonly Change["type"][] = ["message.edited", "message.recalled", "message.delivery", "message.file"];

/** Adds a page of older history. */
export function applyOlder(timeline: Timeline, page: { items: readonly Change[]; has_more: boolean }): Timeline {
  return { changes: applyChanges(timeline, page.items).changes, hasOlder: page.has_more };
}

/** The seq after which something is missing, or undefined when what we hold is whole. */
export function gapAfter(timeline: Timeline): number | undefined {
  const { changes } = timeline;
  for (let i = 1; i < changes.length; i++) {
    if (changes[i]!.seq !== changes[i - 1]!.seq + 1) return changes[i - 1]!.seq;
  }
  return undefined;
}

/** What is shown of a timeline: messages in their newest delivery state, and everything else that happened. */
export type TimelineEntry =
  | { kind: "message"; change: Change; message: Message }
  | { kind: "event"; change: Change };

/** Marks on what is there already: what a message says by now, how far it came, what became of its files, how far the customer has read. */
const marks: readonly Change["type"][] = [...again, "conversation.read_by_contact"];

/** Leaves marks to what they are on; the order is that of creation. */
export function entriesOf(timeline: Timeline): TimelineEntry[] {
  return timeline.changes
    .filter((change) => !marks.includes(change.type))
    .map((change) => (change.message ? { kind: "message", change, message: change.message } : { kind: "event", change }));
}

/**
 * The newer of two states of one conversation. Feed events carry no `unread`; it is kept, and set
 * when the contact wrote something new. What was never held counts as never read.
 */
export function newerConversation(held: Conversation | undefined, incoming: Conversation): Conversation {
  if (!held) return { ...incoming, unread: incoming.unread ?? incoming.last_inbound_seq > 0 };
  if (incoming.last_seq < held.last_seq) return held;
  if (incoming.unread !== undefined) return incoming;
  return { ...incoming, unread: held.unread || incoming.last_inbound_seq > held.last_inbound_seq };
}

/** The views that are always there. */
export type BuiltinView = "mine" | "unassigned" | "all" | "mentions" | "team" | "participating";
/** A built-in view, or the id of a saved one. */
export type View = BuiltinView | `vie_${string}`;
export type ListSort = "updated_desc" | "waiting_asc" | "created_desc" | "created_asc" | "priority_desc";

/** What a list of conversations was asked for; all of it is joined by "and". */
export interface ConversationFilter {
  view: View;
  state: ConversationState | "any";
  inbox?: string;
  contact?: string;
  team?: string;
  queue?: string;
  label?: string;
  /** A filter as JSON. */
  filter?: string;
  /** Absent: the view's own order. */
  sort?: ListSort;
}

/** Who looks at lists, and what they mean to them. */
export interface ListWorld extends FilterWorld {
  /** The saved views, as far as they are known. */
  views: readonly Pick<SavedView, "id" | "filter" | "sort">[];
}

/** Whether the server would list the conversation; undefined where its row does not tell. */
export function listed(row: Conversation, filter: ConversationFilter, world: ListWorld): Verdict {
  if (row.merged_into) return false;
  if (filter.state !== "any" && row.state !== filter.state) return false;
  if (filter.inbox && row.inbox_id !== filter.inbox) return false;
  if (filter.contact && row.contact.id !== filter.contact) return false;
  if (filter.team && row.team_id !== filter.team) return false;
  if (filter.queue && row.queue_id !== filter.queue) return false;
  if (filter.label && !(row.labels ?? []).includes(filter.label)) return false;
  const own = filter.filter ? readFilter(filter.filter) : undefined;
  const asked = own ? judge(own, row, world) : filter.filter ? undefined : true;
  const node = viewFilter(filter.view, world.views);
  return allOf([asked, node && judge(node, row, world)]);
}

const builtinFilters: Record<BuiltinView, FilterNode> = {
  mine: { field: "assignee", op: "is", value: "me" },
  unassigned: { field: "assignee", op: "is_not_set" },
  all: { and: [] },
  mentions: { field: "mention", op: "has", value: "me" },
  team: { field: "team", op: "is", value: "mine" },
  participating: { field: "participant", op: "has", value: "me" },
};

/** What a view holds; undefined for a saved one that is not known. */
export function viewFilter(view: View, saved: ListWorld["views"]): FilterNode | undefined {
  return builtinFilters[view as BuiltinView] ?? saved.find((one) => one.id === view)?.filter;
}

/** The order of a list: the one asked for, or its view's. */
export function orderOf(filter: ConversationFilter, saved: ListWorld["views"]): ListSort {
  return filter.sort ?? saved.find((one) => one.id === filter.view)?.sort ?? "updated_desc";
}

/**
 * Whether the server would list the conversation, asked by this member; for the views of which every
 * row tells.
 */
export function matches(conversation: Conversation, filter: ConversationFilter, memberID: string): boolean {
  return listed(conversation, filter, { now: 0, me: memberID, fields: known, views: [] }) === true;
}
const known = filterFields([]);

export type Order<Row> = (a: Row, b: Row) => number;

/** Times are written without closing zeros: as they are, their texts do not compare. */
const whole = (at: string) => at.replace(/(?:\.(\d+))?Z$/, (_, fraction: string = "") => `.${fraction.padEnd(9, "0")}Z`);
/** Orders times, the newer first. */
export const later = (a: string, b: string) => (a === b ? 0 : whole(a) < whole(b) ? 1 : whole(a) > whole(b) ? -1 : 0);
/** Newest first, as the server lists. */
const byUpdate: Order<Conversation> = (a, b) => later(a.updated_at, b.updated_at) || later(a.id, b.id);
const ranks = ["low", "normal", "high", "urgent"];
const rank = (row: Conversation) => ranks.indexOf(row.priority ?? "");

/** The orders of the server; ties are broken by id, so that each is total. */
const orders: Record<ListSort, Order<Conversation>> = {
  updated_desc: byUpdate,
  created_desc: (a, b) => later(a.created_at, b.created_at) || later(a.id, b.id),
  created_asc: (a, b) => -later(a.created_at, b.created_at) || -later(a.id, b.id),
  priority_desc: (a, b) => rank(b) - rank(a) || byUpdate(a, b),
  waiting_asc: (a, b) => {
    if (a.waiting_since && b.waiting_since) return -later(a.waiting_since, b.waiting_since) || -later(a.id, b.id);
    return Number(Boolean(b.waiting_since)) - Number(Boolean(a.waiting_since)) || byUpdate(a, b);
  },
};

/**
 * Puts a conversation where a fresh fetch of the same pages would have it: in its place, out of the
 * list, or nowhere if its place is on a page not fetched yet.
 */
export function applyToPages(
  pages: readonly ListPage<Conversation>[],
  incoming: Conversation,
  filter: ConversationFilter,
  memberID: string,
): ListPage<Conversation>[] {
  return placeInPages(pages, incoming, (row) => matches(row, filter, memberID), filter.sort);
}

/** As applyToPages, for a list of any order of which somebody else knows what belongs; what is not known stays as it is. */
export function placeInPages(
  pages: readonly ListPage<Conversation>[],
  incoming: Conversation,
  belongs: (row: Conversation) => Verdict,
  sort: ListSort = "updated_desc",
): ListPage<Conversation>[] {
  const held = pages.flatMap((page) => page.items).find((item) => item.id === incoming.id);
  const row = newerConversation(held, incoming);
  return placeRow(pages, held, row, belongs(row) ?? Boolean(held), orders[sort]);
}

/** Puts a row of any kind where a fresh fetch of the same pages would have it; `held` is the one there now. */
export function placeRow<Row extends { id: string }>(
  pages: readonly ListPage<Row>[],
  held: Row | undefined,
  row: Row,
  belongs: boolean,
  order: Order<Row>,
): ListPage<Row>[] {
  if (belongs ? row === held : !held) return pages as ListPage<Row>[];
  const without = pages.map((page) => removeFrom(page, row.id));
  if (!belongs) return without;
  if (held && order(held, row) === 0) return pages.map((page) => (page.items.includes(held) ? { ...page, items: page.items.map((item) => (item === held ? row : item)) } : page));
  // Tails as they were: a row that stays where it is, at the end of what is held, stays in it.
  const place = pages.findIndex((page, index) => reaches(page, row, order) || (index === pages.length - 1 && !page.next_cursor));
  return without.map((page, index) => (index === place ? { ...page, items: inserted(page.items, row, order) } : page));
}

/** Those that stay keep their order: the server knows times finer than it tells them. */
function inserted<Row>(rows: readonly Row[], row: Row, order: Order<Row>): Row[] {
  const place = rows.findIndex((one) => order(row, one) < 0);
  return place < 0 ? [...rows, row] : [...rows.slice(0, place), row, ...rows.slice(place)];
}

function removeFrom<Row extends { id: string }>(page: ListPage<Row>, id: string): ListPage<Row> {
  return page.items.some((item) => item.id === id) ? { ...page, items: page.items.filter((item) => item.id !== id) } : page;
}

function reaches<Row>(page: ListPage<Row>, row: Row, order: Order<Row>): boolean {
  const tail = page.items[page.items.length - 1];
  return tail !== undefined && order(row, tail) <= 0;
}
