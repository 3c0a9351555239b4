import { InfiniteQueryObserver, QueryClient } from "@tanstack/vue-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { filterFields, type TicketHistory } from "@patchbay/client/member";
import type { ListPage, Ticket, TicketBoard, TicketChange } from "@patchbay/client/types";
import { AGAIN_MS, placeOnBoard, TicketCache, type TicketPages } from "@/live/tickets";
import { keys } from "@/query/keys";
import { canReturn, obstacle } from "@/tickets/board";
import { historyLines, historySentence } from "@/tickets/history";
import { chosenOf, listOf, queryOf } from "@/tickets/route";
import { dueLevel, isUnseen } from "@/tickets/seen";
import { undoOf } from "@/tickets/undo";
import { answersAt, eventsIn, spans, tapes, type Answers } from "../../client/test/tape";
import { at } from "./fixtures";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ticket = (number: number, over: Partial<Ticket> = {}): Ticket => ({
  id: `tkt_${number}`, number, type_id: "tty_1", title: `Ticket ${number}`, description: "", status: "open", priority: "normal", contact_name: "", follower_ids: [],
  fields: {}, links: [], labels: [], created_by: { kind: "agent", id: "mem_2" }, created_at: at(0), updated_at: at(number), last_seq: 2, comments: 0, ...over,
});
const world = (me = "mem_1") => ({ now: Date.parse(at(0)), me, teams: ["tea_1"], fields: filterFields([]) });

function cacheOf(fetchAfter: (id: string, after: number) => Promise<{ items: TicketChange[] }> = () => Promise.reject(new Error("no gap"))) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
  const cache = new TicketCache(client, "w", () => world(), fetchAfter);
  return { client, cache, stop: cache.watch() };
}

const tape = tapes.find(({ name }) => name === "tickets")!;
const idsIn = (answers: Answers) => Object.keys(answers).flatMap((path) => /^\/tickets\/(tkt_\w+)$/.exec(path)?.[1] ?? []);
const all = "/tickets?limit=50&sort=updated";
const historyOf = (answers: Answers, id: string) => answers[`/tickets/${id}/changes?limit=50`] as { items: TicketChange[] };

describe("the law for tickets in the console", () => {
  it.each([1, 2])("what is held, with the events %i times, is what a fetch gives", (times) => {
    for (const [from, to] of spans(tape)) {
      const w = tape.workspace;
      const client = new QueryClient();
      const cache = new TicketCache(client, w, () => world(tape.member), () => Promise.reject(new Error("no gap")));
      const before = answersAt(tape, from);
      client.setQueryData<TicketPages>(keys.tickets(w, { sort: "updated" }), { pages: [before[all] as ListPage<Ticket>], pageParams: [undefined] });
      for (const id of idsIn(before)) {
        client.setQueryData(keys.ticket(w, id), before[`/tickets/${id}`]);
        client.setQueryData<TicketHistory>(keys.ticketHistory(w, id), { changes: historyOf(before, id).items, hasOlder: false });
      }
      for (const event of eventsIn(tape, from, to)) for (let n = 0; n < times; n++) cache.take(event);
      const then = answersAt(tape, to);
      const where = `${tape.steps[from]!.name} … ${tape.steps[to - 1]!.name}`;
      expect(client.getQueryData<TicketPages>(keys.tickets(w, { sort: "updated" }))?.pages, where).toEqual([then[all]]);
      for (const id of idsIn(before)) {
        expect(client.getQueryData(keys.ticket(w, id)), where).toEqual(then[`/tickets/${id}`]);
        expect(client.getQueryData<TicketHistory>(keys.ticketHistory(w, id))?.changes, where).toEqual(historyOf(then, id).items);
      }
      client.clear();
    }
  });
});

describe("what is held of tickets", () => {
  it("follows a filter: what belongs comes, what does not goes", () => {
    const { client, cache, stop } = cacheOf();
    const mine = keys.tickets("w", { filter: JSON.stringify({ field: "assignee", op: "is", value: "me" }), sort: "priority" });
    client.setQueryData<TicketPages>(mine, { pages: [{ items: [ticket(1, { assignee_id: "mem_1" })] }], pageParams: [undefined] });
    cache.takeTicket(ticket(2, { assignee_id: "mem_1", priority: "urgent" }));
    const rows = () => client.getQueryData<TicketPages>(mine)!.pages[0]!.items.map((one) => one.number);
    expect(rows()).toEqual([2, 1]);
    cache.takeTicket(ticket(1, { assignee_id: "mem_2", last_seq: 3 }));
    expect(rows()).toEqual([2]);
    stop();
  });

  it("is asked for again where words decide, once for many events", async () => {
    const { client, cache, stop } = cacheOf();
    const list = keys.tickets("w", { q: "kettle", sort: "updated" });
    const fetch = vi.fn(() => Promise.resolve({ items: [ticket(1)] }));
    const observer = new InfiniteQueryObserver(client, { queryKey: list, queryFn: fetch, initialPageParam: undefined as string | undefined, getNextPageParam: (page: ListPage<Ticket>) => page.next_cursor });
    const unsubscribe = observer.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(1);
    for (const number of [5, 6, 7]) cache.takeTicket(ticket(number));
    await vi.advanceTimersByTimeAsync(AGAIN_MS + 1);
    expect(fetch).toHaveBeenCalledTimes(2);
    unsubscribe();
    stop();
  });

  it("is brought up to date when an older answer lands after an event", async () => {
    const { client, cache, stop } = cacheOf();
    let answer: (page: ListPage<Ticket>) => void = () => {};
    const list = keys.tickets("w", { sort: "updated" });
    const observer = new InfiniteQueryObserver(client, { queryKey: list, queryFn: () => new Promise<ListPage<Ticket>>((done) => (answer = done)), initialPageParam: undefined as string | undefined, getNextPageParam: () => undefined });
    const unsubscribe = observer.subscribe(() => {});
    cache.takeTicket(ticket(1, { status: "solved", last_seq: 5 }));
    answer({ items: [ticket(1)] });
    await vi.advanceTimersByTimeAsync(1);
    expect(client.getQueryData<TicketPages>(list)?.pages[0]?.items[0]?.status).toBe("solved");
    unsubscribe();
    stop();
  });

  it("fetches what is missing in a history", async () => {
    const change = (seq: number): TicketChange => ({ id: `chg_${seq}`, ticket_id: "tkt_1", seq, public: false, type: "ticket.followers", at: at(seq), actor: { kind: "system" } });
    const fetchAfter = vi.fn(() => Promise.resolve({ items: [change(2), change(3)] }));
    const { client, cache, stop } = cacheOf(fetchAfter);
    client.setQueryData<TicketHistory>(keys.ticketHistory("w", "tkt_1"), { changes: [change(1)], hasOlder: false });
    cache.takeChange(change(3));
    await vi.advanceTimersByTimeAsync(1);
    expect(fetchAfter).toHaveBeenCalledWith("tkt_1", 1);
    expect(client.getQueryData<TicketHistory>(keys.ticketHistory("w", "tkt_1"))?.changes.map((one) => one.seq)).toEqual([1, 2, 3]);
    stop();
  });

  it("loses what left this member's reach", () => {
    const { client, cache, stop } = cacheOf();
    client.setQueryData<TicketPages>(keys.tickets("w", {}), { pages: [{ items: [ticket(1), ticket(2)] }], pageParams: [undefined] });
    client.setQueryData<TicketBoard>(keys.ticketBoard("w", {}), { columns: [{ status: "open", count: 2, items: [ticket(1), ticket(2)] }] });
    client.setQueryData(keys.ticket("w", "tkt_1"), ticket(1));
    const shown = () => client.getQueryData<TicketPages>(keys.tickets("w", {}))?.pages[0]?.items.map((one) => one.number);
    cache.left("tkt_1", ticket(1).last_seq);
    expect(shown()).toEqual([2]);
    expect(client.getQueryData<TicketBoard>(keys.ticketBoard("w", {}))?.columns[0]).toMatchObject({ count: 1, items: [{ number: 2 }] });
    expect(client.getQueryData(keys.ticket("w", "tkt_1"))).toBeUndefined();
    cache.takeTicket(ticket(1)); // as it was then, late
    expect(shown()).toEqual([2]);
    cache.takeTicket(ticket(1, { last_seq: ticket(1).last_seq + 1 })); // it is back
    expect(shown()).toContain(1);
    stop();
  });
});

describe("the board", () => {
  const board: TicketBoard = { columns: [{ status: "open", count: 2, items: [ticket(2), ticket(1)] }, { status: "solved", count: 1_000, items: [], next: "c" }] };

  it("moves a ticket with the counts; one that stands for more stays", () => {
    const [open, solved] = placeOnBoard(board, ticket(1, { status: "solved" }), true, {}).columns;
    expect([open!.count, open!.items.length, solved!.count]).toEqual([1, 1, 1_000]);
  });

  it("takes out what does not belong any more, and counts what is new", () => {
    expect(placeOnBoard(board, ticket(1, { last_seq: 3 }), false, {}).columns[0]!.count).toBe(1);
    expect(placeOnBoard(board, ticket(9, { last_seq: 1 }), true, {}).columns[0]!.count).toBe(3);
    expect(placeOnBoard(board, ticket(9, { last_seq: 7 }), true, {}).columns[0]!.count).toBe(2);
  });

  it("knows which moves cannot be, and which cannot be taken back", () => {
    expect([obstacle("closed", "open"), obstacle("open", "new"), obstacle("new", "new"), obstacle("new", "solved")]).toEqual(["closed", "new", undefined, undefined]);
    expect([canReturn("new", "open"), canReturn("open", "closed"), canReturn("pending", "open")]).toEqual([false, false, true]);
  });
});

describe("many at once", () => {
  it("each goes back to what it was", () => {
    const rows = [ticket(1, { priority: "low" }), ticket(2, { priority: "urgent" }), ticket(3, { priority: "high" })];
    expect(undoOf({ action: "priority", priority: "high" }, rows)).toEqual([{ ids: ["tkt_1"], action: { action: "priority", priority: "low" } }, { ids: ["tkt_2"], action: { action: "priority", priority: "urgent" } }]);
  });

  it("what cannot go back is not offered", () => {
    expect(undoOf({ action: "status", status: "closed" }, [ticket(1)])).toEqual([]);
    expect(undoOf({ action: "type", type_id: "tty_2" }, [ticket(1)])).toEqual([]);
    expect(undoOf({ action: "status", status: "solved" }, [ticket(1, { status: "new" })])).toEqual([{ ids: ["tkt_1"], action: { action: "status", status: "open" } }]);
  });

  it("labels go where they were not, and come where they were", () => {
    const rows = [ticket(1, { labels: ["lab_1"] }), ticket(2)];
    expect(undoOf({ action: "label", label_ids: ["lab_1"] }, rows)).toEqual([{ ids: ["tkt_2"], action: { action: "unlabel", label_ids: ["lab_1"] } }]);
    expect(undoOf({ action: "unlabel", label_ids: ["lab_1"] }, rows)).toEqual([{ ids: ["tkt_1"], action: { action: "label", label_ids: ["lab_1"] } }]);
  });
});

describe("what is said of tickets", () => {
  it("an address and a choice are one", () => {
    const chosen = { view: "mine", status: "any", q: "kettle", sort: "due", filter: '{"field":"type","op":"is","value":"tty_1"}' } as const;
    expect(chosenOf(queryOf(chosen))).toEqual(chosen);
    expect(queryOf(chosenOf({ view: "nonsense", sort: "nonsense" }))).toEqual({});
    expect(JSON.parse(listOf(chosenOf({ view: "mine" })).filter!)).toEqual({ and: [{ field: "assignee", op: "is", value: "me" }, { field: "status", op: "in", value: ["new", "open", "pending"] }] });
  });

  it("a due date is past, near or far, until the work is over", () => {
    const now = Date.parse(at(0));
    expect([dueLevel({ due_at: at(-1), status: "open" }, now), dueLevel({ due_at: at(60), status: "open" }, now), dueLevel({ due_at: at(5_000), status: "open" }, now), dueLevel({ due_at: at(-1), status: "solved" }, now)]).toEqual(["overdue", "soon", "later", undefined]);
  });

  it("is marked for whom it concerns until it is looked at", () => {
    const given = ticket(1, { assignee_id: "mem_1" });
    expect(isUnseen(given, new Map(), "mem_1")).toBe(true);
    expect(isUnseen(given, new Map([["tkt_1", 2]]), "mem_1")).toBe(false);
    expect(isUnseen({ ...given, last_seq: 3 }, new Map([["tkt_1", 2]]), "mem_1")).toBe(true);
    expect(isUnseen(ticket(1), new Map(), "mem_1")).toBe(false);
  });

  it("every change of the tape has its sentence, comments stand by themselves", () => {
    const t = (key: string) => key;
    const names = { label: String, member: String, team: String, type: String, field: String };
    const changes = eventsIn(tape, 0, tape.steps.length).flatMap((event) => event.ticket_change ?? []);
    for (const change of changes) expect(Boolean(historySentence(change, t, "en", names)), change.type).toBe(!change.comment);
    const lines = historyLines(changes);
    expect(lines.filter((line) => line.kind === "comment").length).toBe(changes.filter((change) => change.comment).length);
  });
});
