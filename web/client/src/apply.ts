/**
 * The Law: a client that holds a conversation and its changes up to seq n and applies later changes
 * ends with what a fresh fetch gives. These functions are pure; they never change their arguments.
 */
import type { Change, Conversation, ConversationState, ListPage, Message } from "./types";

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
    return { ...timeline, changes: retold([...held, next], next.type === "message.delivery") };
  }
  const seqs = new Set(held.map((change) => change.seq));
  const fresh = changes.filter((change) => !seqs.has(change.seq) && seqs.add(change.seq));
  if (fresh.length === 0) return timeline;
  return { ...timeline, changes: retold([...held, ...fresh].sort((a, b) => a.seq - b.seq), true) };
}

/** Puts the newest state of each message wherever it is told of, as the server does when it is asked. */
function retold(changes: Change[], again: boolean): Change[] {
  if (!again) return changes;
  const newest = new Map(changes.flatMap(({ message }) => (message ? [[message.id, message] as const] : [])));
  return changes.map((change) => {
    const message = change.message && newest.get(change.message.id);
    return message && message !== change.message ? { ...change, message } : change;
  });
}

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

/** Marks on what is there already: how far a message came, how far the customer has read. */
const marks: readonly Change["type"][] = ["message.delivery", "conversation.read_by_contact"];

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

/** What a list of conversations was asked for. */
export interface ConversationFilter {
  view: View;
  state: ConversationState | "any";
  inbox?: string;
  contact?: string;
  /** A filter as JSON, joined by "and". */
  filter?: string;
  /** Absent: the view's own order. */
  sort?: ListSort;
}

const judged: readonly View[] = ["mine", "unassigned", "all", "participating"];

/**
 * Whether the rows alone tell what the list holds and in which order. Where not, only the server can
 * say: such a list has to be fetched again when something changes.
 */
export function canJudge(filter: ConversationFilter): boolean {
  return judged.includes(filter.view) && !filter.filter && (!filter.sort || filter.sort === "updated_desc");
}

/**
 * Whether the server would list the conversation, asked by this member; for lists that `canJudge`
 * knows.
 */
export function matches(conversation: Conversation, filter: ConversationFilter, memberID: string): boolean {
  if (conversation.merged_into) return false;
  if (filter.state !== "any" && conversation.state !== filter.state) return false;
  if (filter.inbox && conversation.inbox_id !== filter.inbox) return false;
  if (filter.contact && conversation.contact.id !== filter.contact) return false;
  if (filter.view === "mine") return conversation.assignee_id === memberID;
  if (filter.view === "participating") return (conversation.participants ?? []).includes(memberID);
  return filter.view === "all" || !conversation.assignee_id;
}

/** Newest first, as the server lists. Times are written without closing zeros: their texts do not compare. */
function byUpdate(a: Conversation, b: Conversation): number {
  return Date.parse(b.updated_at) - Date.parse(a.updated_at) || (a.id < b.id ? 1 : -1);
}

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
  const held = pages.flatMap((page) => page.items).find((item) => item.id === incoming.id);
  const conversation = newerConversation(held, incoming);
  if (conversation === held) return pages as ListPage<Conversation>[];
  const without = pages.map((page) => removeFrom(page, incoming.id));
  if (!matches(conversation, filter, memberID)) return without;
  const place = without.findIndex((page, index) => belongs(page, conversation, index === without.length - 1));
  return without.map((page, index) =>
    index === place ? { ...page, items: [...page.items, conversation].sort(byUpdate) } : page,
  );
}

/**
 * Brings a row of a list that the server alone can judge up to date, in its place; a row that is not
 * held is not added, and one that was merged away leaves.
 */
export function refreshInPages(pages: readonly ListPage<Conversation>[], incoming: Conversation): ListPage<Conversation>[] {
  const held = pages.flatMap((page) => page.items).find((item) => item.id === incoming.id);
  const next = held && newerConversation(held, incoming);
  if (!next || next === held) return pages as ListPage<Conversation>[];
  if (next.merged_into) return pages.map((page) => removeFrom(page, next.id));
  return pages.map((page) => (page.items.includes(held) ? { ...page, items: page.items.map((item) => (item === held ? next : item)) } : page));
}

function removeFrom(page: ListPage<Conversation>, id: string): ListPage<Conversation> {
  return page.items.some((item) => item.id === id) ? { ...page, items: page.items.filter((item) => item.id !== id) } : page;
}

function belongs(page: ListPage<Conversation>, conversation: Conversation, isLast: boolean): boolean {
  const tail = page.items[page.items.length - 1];
  if (tail && byUpdate(conversation, tail) < 0) return true;
  return isLast && !page.next_cursor;
}
