import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/vue-query";
import { allOf, applyToHistory, byTicketSort, isRestless, judgeTicket, newerTicket, placeTicket, readFilter, ticketFields, ticketGap, withLinked, type FilterWorld, type TicketHistory, type Verdict } from "@patchbay/client/member";
import type { ListPage, Ticket, TicketBoard, TicketChange, TicketType } from "@patchbay/client/types";
import { keys, type TicketKey } from "@/query/keys";

export type TicketPages = InfiniteData<ListPage<Ticket>, string | undefined>;

/** What an event, or an answer, says of a ticket. */
export interface TicketEvent {
  ticket?: Ticket;
  ticket_change?: TicketChange;
}

/** How many rows that arrived lately are kept, to lay over an answer that was on its way meanwhile. */
const RECENT = 500;
/** Counts, and lists that are not sure of a row, are asked for again at most this often, in milliseconds. */
export const AGAIN_MS = 1_500;

/**
 * Brings the feed into what is held of tickets: lists, boards, single ones and their history are patched.
 * What a row does not tell, such as how many tickets there are that were never fetched, is asked for
 * again, a little later and once for many. An answer asked for before an event is brought up to date
 * when it lands.
 */
export class TicketCache {
  private recent: Ticket[] = [];
  private dropped = 0;
  private readonly asked = new Map<string, number>();
  /** What left the member's reach, and at which change: an answer on its way may still have it. */
  private readonly gone = new Map<string, number>();
  private readonly stale = new Map<string, QueryKey>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private fields: { of?: TicketType[]; map: FilterWorld["fields"] } = { map: ticketFields([]) };

  constructor(
    private readonly client: QueryClient,
    private readonly workspace: string,
    private readonly around: () => FilterWorld,
    private readonly fetchAfter: (ticket: string, seq: number) => Promise<{ items: TicketChange[] }>,
  ) {}

  /** Follows the cache until the returned function is called. */
  watch(): () => void {
    const unsubscribe = this.client.getQueryCache().subscribe(({ type, query, ...rest }) => {
      if (type !== "updated" || query.queryKey[0] !== this.workspace || !String(query.queryKey[1]).startsWith("ticket")) return;
      const { action } = rest as { action: { type: string; manual?: boolean } };
      if (action.type === "fetch") this.asked.set(query.queryHash, this.dropped + this.recent.length);
      if (action.type === "success" && !action.manual) this.landed(query.queryHash, query.queryKey);
    });
    return () => {
      unsubscribe();
      clearTimeout(this.timer);
    };
  }

  take({ ticket, ticket_change: change }: TicketEvent): void {
    if (ticket) this.takeTicket(ticket);
    if (change) this.takeChange(change);
  }

  /** Takes a row, from an event or from the answer to an action. */
  takeTicket(ticket: Ticket): void {
    if (this.isGone(ticket)) return;
    this.recent.push(ticket);
    if (this.recent.length > RECENT) {
      this.recent.shift();
      this.dropped++;
    }
    this.lay(ticket);
    this.again(keys.everyTicketCount(this.workspace));
  }

  takeChange(change: TicketChange): void {
    const key = keys.ticketHistory(this.workspace, change.ticket_id);
    const held = this.client.getQueryData<TicketHistory>(key);
    if (!held) return;
    const next = applyToHistory(held, [change]);
    if (next === held) return;
    this.client.setQueryData<TicketHistory>(key, next);
    const after = ticketGap(next);
    if (after !== undefined) void this.closeGap(change.ticket_id, after);
  }

  /** A ticket left the member's reach at a change: it is held nowhere any more. Whoever has it open learns so. */
  left(id: string, seq: number): void {
    this.gone.delete(id);
    this.gone.set(id, seq);
    const oldest = this.gone.size > RECENT ? this.gone.keys().next().value : undefined;
    if (oldest !== undefined) this.gone.delete(oldest);
    for (const { queryKey } of this.client.getQueryCache().findAll({ queryKey: [this.workspace] })) this.sift(queryKey);
    void this.client.resetQueries({ queryKey: keys.ticket(this.workspace, id) });
    void this.client.resetQueries({ queryKey: keys.ticketHistory(this.workspace, id) });
    this.again(keys.everyTicketCount(this.workspace));
  }

  /** The reach is another one: what had left it may be back. */
  forgetGone(): void {
    this.gone.clear();
  }

  private isGone({ id, last_seq }: Ticket): boolean {
    return last_seq <= (this.gone.get(id) ?? -1);
  }

  /** Takes rows out of what is held under a key that are not the member's any more. */
  private sift(queryKey: QueryKey): void {
    const without = (rows: Ticket[]) => (rows.some((row) => this.isGone(row)) ? rows.filter((row) => !this.isGone(row)) : rows);
    if (queryKey[1] === "tickets") this.client.setQueryData<TicketPages>(queryKey, (data) => data && { ...data, pages: data.pages.map((page) => ({ ...page, items: without(page.items) })) });
    if (queryKey[1] === "ticket-boards") this.client.setQueryData<TicketBoard>(queryKey, (data) => data && { columns: data.columns.map((column) => {
      const items = without(column.items);
      return { ...column, items, count: Math.max(0, column.count - column.items.length + items.length) };
    }) });
    if (queryKey[1] === "tickets-of") this.client.setQueryData<Ticket[]>(queryKey, (data) => data && without(data));
  }

  /** Whether a list of this kind changes with time alone. */
  restless(list: TicketKey): boolean {
    const node = list.filter ? readFilter(list.filter) : undefined;
    return node !== undefined && isRestless(node);
  }

  /** Whether a list holds a ticket; undefined where it cannot be told. */
  verdict(list: TicketKey, ticket: Ticket): Verdict {
    if (ticket.merged_into) return false;
    const node = list.filter ? readFilter(list.filter) : undefined;
    // Which letters count as the same is the database's to say.
    return allOf([list.filter ? node && judgeTicket(node, ticket, this.world) : true, list.q ? undefined : true]);
  }

  private get world(): FilterWorld {
    const types = this.client.getQueryData<TicketType[]>(keys.ticketTypes(this.workspace));
    if (types !== this.fields.of) this.fields = { of: types, map: ticketFields(types ?? []) };
    return { ...this.around(), fields: this.fields.map };
  }

  private lay(ticket: Ticket): void {
    const cache = this.client.getQueryCache();
    for (const { queryKey } of cache.findAll({ queryKey: keys.ticketLists(this.workspace) })) this.layOnList(queryKey, ticket);
    for (const { queryKey } of cache.findAll({ queryKey: keys.ticketBoards(this.workspace) })) this.layOnBoard(queryKey, ticket);
    for (const { queryKey } of cache.findAll({ queryKey: [this.workspace, "tickets-of"] })) this.layOnOwner(queryKey, ticket);
    this.client.setQueriesData<Ticket>({ queryKey: [this.workspace, "ticket"] }, (held) => {
      if (!held) return held;
      return held.id === ticket.id ? newerTicket(held, ticket) : withLinked(held, ticket);
    });
  }

  private layOnList(queryKey: QueryKey, ticket: Ticket): void {
    const list = queryKey[2] as TicketKey;
    this.client.setQueryData<TicketPages>(queryKey, (data) => {
      if (!data) return data;
      const verdict = this.verdict(list, ticket);
      if (verdict === undefined) this.again(queryKey);
      const placed = placeTicket(data.pages, ticket, () => verdict, list.sort ?? "updated");
      const linked = data.pages.some((page) => page.items.some((row) => withLinked(row, ticket) !== row));
      const pages = linked ? placed.map((page) => ({ ...page, items: page.items.map((row) => withLinked(row, ticket)) })) : placed;
      return pages === data.pages ? data : { ...data, pages };
    });
  }

  private layOnBoard(queryKey: QueryKey, ticket: Ticket): void {
    const list = queryKey[2] as TicketKey;
    this.client.setQueryData<TicketBoard>(queryKey, (board) => {
      if (!board) return board;
      const verdict = this.verdict(list, ticket);
      const next = placeOnBoard(board, ticket, verdict, list);
      // What was never shown may have been counted somewhere.
      if (verdict === undefined || (!holds(board, ticket.id) && ticket.last_seq > 1)) this.again(queryKey);
      return next;
    });
  }

  private layOnOwner(queryKey: QueryKey, ticket: Ticket): void {
    const owner = queryKey[2];
    const belongs = (ticket.contact_id === owner || ticket.conversation_id === owner) && !ticket.merged_into;
    this.client.setQueryData<Ticket[]>(queryKey, (held) => {
      const there = held?.find((one) => one.id === ticket.id);
      if (!held || (!there && !belongs)) return held;
      const rest = held.filter((one) => one.id !== ticket.id);
      return belongs ? [...rest, newerTicket(there, ticket)].sort(byTicketSort("updated")) : rest;
    });
  }

  private landed(hash: string, key: QueryKey): void {
    const from = this.asked.get(hash) ?? 0;
    this.asked.delete(hash);
    if (this.gone.size > 0) this.sift(key);
    for (const ticket of this.recent.slice(Math.max(0, from - this.dropped))) {
      if (this.isGone(ticket)) continue;
      if (key[1] === "tickets") this.layOnList(key, ticket);
      if (key[1] === "ticket-boards") this.layOnBoard(key, ticket);
      if (key[1] === "tickets-of") this.layOnOwner(key, ticket);
      if (key[1] === "ticket" && key[2] === ticket.id) this.client.setQueryData<Ticket>(key, (held) => held && newerTicket(held, ticket));
    }
  }

  private again(queryKey: QueryKey): void {
    this.stale.set(JSON.stringify(queryKey), queryKey);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const due = [...this.stale.values()];
      this.stale.clear();
      for (const one of due) void this.client.invalidateQueries({ queryKey: one }, { cancelRefetch: false });
    }, AGAIN_MS);
  }

  private async closeGap(ticket: string, after: number): Promise<void> {
    const page = await this.fetchAfter(ticket, after).catch(() => undefined);
    const key = keys.ticketHistory(this.workspace, ticket);
    if (page) this.client.setQueryData<TicketHistory>(key, (held) => held && applyToHistory(held, page.items));
    else void this.client.invalidateQueries({ queryKey: key });
  }
}

const holds = (board: TicketBoard, id: string) => board.columns.some((column) => column.items.some((one) => one.id === id));

/** Where the server stops counting. */
const MOST = 1_000;

/** The board with a ticket where a fresh fetch would have it; how many there are moves with it. */
export function placeOnBoard(board: TicketBoard, ticket: Ticket, verdict: Verdict, list: TicketKey): TicketBoard {
  const held = board.columns.flatMap((column) => column.items).find((one) => one.id === ticket.id);
  const row = newerTicket(held, ticket);
  const belongs = verdict ?? Boolean(held);
  if (row === held && belongs) return board;
  const columns = board.columns.map((column) => {
    const was = column.items.some((one) => one.id === ticket.id);
    const is = belongs && column.status === row.status;
    if (!was && !is) return column;
    const [page] = placeTicket([{ items: column.items, next_cursor: column.next }], row, () => is, list.sort ?? "updated");
    // One that was never shown was counted already, unless it is new.
    const by = was && !is ? -1 : !was && is && (held || ticket.last_seq <= 1) ? 1 : 0;
    return { ...column, items: page!.items, count: column.count >= MOST ? column.count : Math.max(0, column.count + by) };
  });
  return { columns };
}
