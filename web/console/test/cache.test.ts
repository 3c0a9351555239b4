import { InfiniteQueryObserver, QueryClient } from "@tanstack/vue-query";
import { afterEach, describe, expect, it, vi } from "vitest";
import { applyChanges, emptyTimeline, filterFields, type ConversationFilter, type Timeline } from "@patchbay/client/member";
import type { Contact, Conversation, FeedEvent, ListPage } from "@patchbay/client/types";
import { CHECK_MS } from "@/live/checks";
import { ConversationCache, mergeNewest, type ConversationPages } from "@/live/cache";
import { Counting } from "@/live/counts";
import { keys } from "@/query/keys";
import { at, change, conversation, message } from "./fixtures";

const mine: ConversationFilter = { view: "mine", state: "open" };
const clients: QueryClient[] = [];
afterEach(() => clients.splice(0).forEach((client) => client.clear()));

function setUp(check = (ids: readonly string[]): Promise<string[]> => Promise.resolve([...ids])) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  clients.push(client);
  const fetchAfter = vi.fn(() => Promise.resolve({ items: [change(2), change(3)], last_seq: 4, has_more: false }));
  const cache = new ConversationCache(client, "w", "mem_1", { fetchAfter, check });
  cache.watch();
  const list = (of: ConversationFilter = mine) => client.getQueryData<ConversationPages>(keys.conversations("w", of))!.pages.flatMap((page) => page.items);
  const fetchList = (answer: Promise<ListPage<Conversation>>) =>
    client.fetchInfiniteQuery({ queryKey: keys.conversations("w", mine), queryFn: () => answer, initialPageParam: undefined as string | undefined, staleTime: 0 });
  return { client, cache, fetchAfter, list, fetchList };
}

const pages = (...items: Conversation[]): ConversationPages => ({ pages: [{ items }], pageParams: [undefined] });
const page = (...items: Conversation[]): Promise<ListPage<Conversation>> => Promise.resolve({ items });

describe("ConversationCache", () => {
  it("patches lists and rows by events", async () => {
    const { client, cache, list, fetchList } = setUp();
    await fetchList(page(conversation("a"), conversation("b")));
    client.setQueryData(keys.conversation("w", "b"), conversation("b"));
    const next = { ...conversation("b", { last_seq: 2, last_inbound_seq: 2, updated_at: at(5) }), unread: undefined };
    cache.take({ feed: 1, type: "message.created", at: at(5), conversation: next });
    expect(list().map((row) => row.id)).toEqual(["b", "a"]);
    expect(list()[0]!.unread).toBe(true);
    expect(client.getQueryData<Conversation>(keys.conversation("w", "b"))).toMatchObject({ last_seq: 2, unread: true });
    cache.takeConversation(conversation("a", { last_seq: 3, assignee_id: "mem_2" }));
    expect(list().map((row) => row.id)).toEqual(["b"]);
  });

  it("lays what came meanwhile over an answer that was on its way", async () => {
    const { cache, list, fetchList } = setUp();
    let answer = (_: ListPage<Conversation>) => {};
    const fetching = fetchList(new Promise((resolve) => (answer = resolve)));
    cache.takeConversation(conversation("new", { last_seq: 4, updated_at: at(9) }));
    cache.takeConversation(conversation("old", { last_seq: 5, state: "resolved" }));
    answer({ items: [conversation("old"), conversation("kept")] });
    await fetching;
    expect(list().map((row) => row.id)).toEqual(["new", "kept"]);
  });

  it("does not bring back what an answer asked for later leaves out", async () => {
    const { cache, list, fetchList } = setUp();
    await fetchList(page(conversation("a", { updated_at: at(1) }), conversation("b")));
    cache.takeConversation(conversation("a", { last_seq: 2, updated_at: at(3) }));
    await fetchList(page(conversation("b")));
    expect(list().map((row) => row.id)).toEqual(["b"]);
  });

  it("adds changes to timelines on hand and closes a gap by fetching it", async () => {
    const { client, cache, fetchAfter } = setUp();
    const key = keys.timeline("w", "cnv_1");
    cache.takeChange(change(1));
    expect(client.getQueryData(key)).toBeUndefined();
    client.setQueryData<Timeline>(key, { changes: [change(1)], hasOlder: false });
    cache.takeChange(change(4));
    expect(fetchAfter).toHaveBeenCalledWith("cnv_1", 1);
    await vi.waitFor(() => expect(client.getQueryData<Timeline>(key)!.changes.map((one) => one.seq)).toEqual([1, 2, 3, 4]));
  });

  it("marks as read only what was read", async () => {
    const { cache, list, fetchList } = setUp();
    await fetchList(page(conversation("a", { unread: true, last_seq: 7, last_inbound_seq: 7 })));
    cache.read("a", 6);
    expect(list()[0]!.unread).toBe(true);
    expect(cache.unread.value).toBe(1);
    cache.read("a", 7);
    expect(list()[0]!.unread).toBe(false);
    expect(cache.unread.value).toBe(0);
  });

  it("renames a contact wherever it stands", async () => {
    const { cache, list, fetchList } = setUp();
    await fetchList(page(conversation("a"), conversation("b", { contact: { id: "con_2", name: "Ann" } })));
    expect(cache.knowsContact("con_1")).toBe(true);
    cache.rename({ id: "con_1", name: "Li Wei" } as Contact);
    expect(list().map((row) => row.contact.name)).toEqual(["Li Wei", "Ann"]);
  });
});

describe("mergeNewest", () => {
  const held = applyChanges(emptyTimeline, [change(3), change(4), change(5)]);

  it("keeps what is held and adds what is new", () => {
    expect(mergeNewest(held, { items: [change(5), change(6)], last_seq: 6, has_more: true }).changes.map((one) => one.seq)).toEqual([3, 4, 5, 6]);
  });

  it("lets go of what would leave a hole, but of nothing newer", () => {
    const merged = mergeNewest(applyChanges(held, [change(10)]), { items: [change(8), change(9)], last_seq: 9, has_more: true });
    expect(merged.changes.map((one) => one.seq)).toEqual([8, 9, 10]);
    expect(merged.hasOlder).toBe(true);
  });
});

describe("ConversationCache, lists that rows do not tell", () => {
  afterEach(() => void vi.useRealTimers());
  const mentions: ConversationFilter = { view: "mentions", state: "open" };

  function server(filter: ConversationFilter, held: Conversation[], ...first: Conversation[]) {
    const check = vi.fn((ids: readonly string[]) => Promise.resolve(ids.filter((id) => held.some((row) => row.id === id))));
    const { client, cache } = setUp(check);
    const asked = vi.fn(() => page(...first));
    const key = keys.conversations("w", filter);
    const observer = new InfiniteQueryObserver(client, { queryKey: key, queryFn: asked, initialPageParam: undefined as string | undefined, getNextPageParam: () => undefined });
    observer.subscribe(() => {});
    const rows = () => client.getQueryData<ConversationPages>(key)?.pages.flatMap((one) => one.items).map((row) => `${row.id}${row.last_seq}`) ?? [];
    return { client, cache, asked, check, rows };
  }
  const settled = () => vi.advanceTimersByTimeAsync(CHECK_MS * 2);

  it("asks once about all that came, adds what belongs and lets go what does not", async () => {
    vi.useFakeTimers();
    const { cache, asked, check, rows } = server(mentions, [conversation("c")], conversation("a"), conversation("b"));
    await vi.advanceTimersByTimeAsync(0);
    cache.take({ feed: 1, type: "message.created", at: at(1), change: change(2, { message: message("m", { mentions: [{ member_id: "x", name: "X" }] }) }), conversation: conversation("b", { last_seq: 2, updated_at: at(1) }) });
    cache.takeConversation(conversation("c", { updated_at: at(2) }));
    cache.takeConversation(conversation("c", { last_seq: 2, updated_at: at(3) }));
    expect(rows()).toEqual(["b2", "a1"]);
    await settled();
    expect(check.mock.calls).toEqual([[["b", "c"], mentions]]);
    expect(rows()).toEqual(["c2", "a1"]);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it("asks nothing about messages in conversations it has asked about", async () => {
    vi.useFakeTimers();
    const { cache, check, rows } = server(mentions, [], conversation("a"));
    await vi.advanceTimersByTimeAsync(0);
    cache.takeConversation(conversation("n", { last_seq: 2 }));
    await settled();
    for (let seq = 3; seq < 20; seq++) {
      cache.takeConversation(conversation("n", { last_seq: seq, updated_at: at(seq) }));
      cache.takeConversation(conversation("a", { last_seq: seq, updated_at: at(seq) }));
    }
    await settled();
    expect(check).toHaveBeenCalledTimes(1);
    expect(rows()).toEqual(["a19"]);
    cache.takeConversation(conversation("a", { last_seq: 20, state: "resolved" }));
    expect(rows()).toEqual([]);
  });

  it("fetches the list when too much came, and leaves it to the next look when nobody sees it", async () => {
    vi.useFakeTimers();
    const { client, cache, asked, check } = server(mentions, []);
    client.setQueryData(keys.conversations("w", { view: "vie_x", state: "any" }), pages(conversation("a")));
    for (let n = 0; n <= 50; n++) cache.takeConversation(conversation(`n${n}`));
    await settled();
    expect(asked).toHaveBeenCalledTimes(2);
    expect(check).not.toHaveBeenCalled();
    expect(client.getQueryState(keys.conversations("w", { view: "vie_x", state: "any" }))?.isInvalidated).toBe(true);
  });

  it("judges a saved view by its rows where they tell, in its own order", async () => {
    vi.useFakeTimers();
    const saved: ConversationFilter = { view: "vie_1", state: "any" };
    const { client, cache, check, rows } = server(saved, [], conversation("a", { priority: "low", labels: ["lab_1"] }));
    client.setQueryData(keys.views("w"), [{ id: "vie_1", filter: { field: "label", op: "has", value: "lab_1" }, sort: "priority_desc" }]);
    await vi.advanceTimersByTimeAsync(0);
    cache.takeConversation(conversation("b", { labels: ["lab_1"], priority: "urgent", updated_at: at(-9) }));
    cache.takeConversation(conversation("c", { labels: ["lab_2"] }));
    expect(rows()).toEqual(["b1", "a1"]);
    cache.takeConversation(conversation("a", { last_seq: 2, labels: [] }));
    expect(rows()).toEqual(["b1"]);
    await settled();
    expect(check).not.toHaveBeenCalled();
  });

  it("lets what was read leave a list of what is not", () => {
    const { client, cache, list } = setUp();
    const unread: ConversationFilter = { view: "all", state: "open", filter: JSON.stringify({ field: "unread", op: "is", value: true }) };
    client.setQueryData(keys.conversations("w", unread), pages(conversation("a", { unread: true })));
    cache.read("a", 1);
    expect(list(unread)).toEqual([]);
  });
});

describe("Counting", () => {
  const world = { now: Date.parse(at(0)), me: "mem_1", teams: [], fields: filterFields([]), views: [{ id: "vie_1", sort: "updated_desc" as const, filter: { field: "label", op: "has", value: "lab_1" } }] };
  const names = ["mine", "all", "mentions", "vie_1", "tea_1"];
  const event = (over: Partial<Conversation>, type: FeedEvent["type"] = "conversation.queued") => ({ feed: 1, type, at: at(0), change: change(2, { type: type as never }), conversation: conversation("a", over) }) as FeedEvent;

  it("asks about what was never seen, then moves what changes", () => {
    const counting = new Counting();
    expect(counting.step(event({}), names, world)).toEqual({ moves: {}, ask: names });
    expect(counting.step(event({ labels: ["lab_1"], team_id: "tea_1" }, "message.created"), names, world)).toEqual({ moves: { vie_1: 1, tea_1: 1 }, ask: [] });
    expect(counting.step(event({ labels: ["lab_1"], team_id: "tea_1" }, "message.created"), names, world)).toEqual({ moves: {}, ask: [] });
    expect(counting.step(event({ labels: ["lab_1"], team_id: "tea_1", state: "resolved" }), names, world)).toEqual({ moves: { mine: -1, all: -1, tea_1: -1 }, ask: ["mentions"] });
  });

  it("knows that a new conversation was in nothing, and takes rows it is shown", () => {
    const counting = new Counting();
    expect(counting.step(event({}, "conversation.created"), names, world)).toEqual({ moves: { mine: 1, all: 1 }, ask: ["mentions"] });
    counting.seen([conversation("b")], names, world);
    expect(counting.step({ ...event({}), conversation: conversation("b", { assignee_id: "mem_2" }) }, names, world)).toEqual({ moves: { mine: -1 }, ask: ["mentions"] });
  });
});
