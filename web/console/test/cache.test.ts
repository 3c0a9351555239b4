import { InfiniteQueryObserver, QueryClient } from "@tanstack/vue-query";
import { afterEach, describe, expect, it, vi } from "vitest";
import { applyChanges, emptyTimeline, type ConversationFilter, type Timeline } from "@patchbay/client/member";
import type { Contact, Conversation, ListPage } from "@patchbay/client/types";
import { ConversationCache, mergeNewest, REFETCH_MS, type ConversationPages } from "@/live/cache";
import { keys } from "@/query/keys";
import { at, change, conversation } from "./fixtures";

const mine: ConversationFilter = { view: "mine", state: "open" };
const clients: QueryClient[] = [];
afterEach(() => clients.splice(0).forEach((client) => client.clear()));

function setUp() {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  clients.push(client);
  const fetchAfter = vi.fn(() => Promise.resolve({ items: [change(2), change(3)], last_seq: 4, has_more: false }));
  const cache = new ConversationCache(client, "w", "mem_1", fetchAfter);
  cache.watch();
  const list = () => client.getQueryData<ConversationPages>(keys.conversations("w", mine))!.pages.flatMap((page) => page.items);
  const fetchList = (answer: Promise<ListPage<Conversation>>) =>
    client.fetchInfiniteQuery({ queryKey: keys.conversations("w", mine), queryFn: () => answer, initialPageParam: undefined as string | undefined, staleTime: 0 });
  return { client, cache, fetchAfter, list, fetchList };
}

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

describe("ConversationCache, lists that the server alone can judge", () => {
  afterEach(() => void vi.useRealTimers());
  const saved: ConversationFilter = { view: "vie_1", state: "any" };

  function server(...answers: Conversation[][]) {
    const { client, cache } = setUp();
    const asked = vi.fn(() => page(...(answers.shift() ?? [])));
    const key = keys.conversations("w", saved);
    const observer = new InfiniteQueryObserver(client, { queryKey: key, queryFn: asked, initialPageParam: undefined as string | undefined, getNextPageParam: () => undefined });
    observer.subscribe(() => {});
    const rows = () => client.getQueryData<ConversationPages>(key)?.pages.flatMap((one) => one.items) ?? [];
    return { client, cache, asked, rows };
  }

  it("patches what is held in its place and asks once for all that came", async () => {
    vi.useFakeTimers();
    const { cache, asked, rows } = server([conversation("a"), conversation("b")], [conversation("c"), conversation("b", { last_seq: 3 })]);
    await vi.advanceTimersByTimeAsync(0);
    cache.takeConversation(conversation("b", { last_seq: 2, priority: "high", updated_at: at(9) }));
    cache.takeConversation(conversation("b", { last_seq: 3, priority: "high", updated_at: at(10) }));
    cache.takeConversation(conversation("c", { updated_at: at(11) }));
    expect(rows().map((row) => `${row.id}${row.last_seq}`)).toEqual(["a1", "b3"]);
    expect(asked).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(REFETCH_MS);
    expect(asked).toHaveBeenCalledTimes(2);
    expect(rows().map((row) => row.id)).toEqual(["c", "b"]);
    await vi.advanceTimersByTimeAsync(REFETCH_MS * 3);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it("leaves the other lists alone", async () => {
    vi.useFakeTimers();
    const { client, cache, asked } = server([]);
    const other = vi.fn(() => page(conversation("a")));
    await client.fetchInfiniteQuery({ queryKey: keys.conversations("w", mine), queryFn: other, initialPageParam: undefined as string | undefined });
    cache.takeConversation(conversation("a", { last_seq: 2 }));
    await vi.advanceTimersByTimeAsync(REFETCH_MS);
    expect(other).toHaveBeenCalledTimes(1);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it("asks again when something came while the answer was on its way", async () => {
    vi.useFakeTimers();
    const { client, cache } = setUp();
    let answer = (_: ListPage<Conversation>) => {};
    const asked = vi.fn(() => new Promise<ListPage<Conversation>>((resolve) => (answer = resolve)));
    const observer = new InfiniteQueryObserver(client, { queryKey: keys.conversations("w", saved), queryFn: asked, initialPageParam: undefined as string | undefined, getNextPageParam: () => undefined });
    observer.subscribe(() => {});
    cache.takeConversation(conversation("new"));
    await vi.advanceTimersByTimeAsync(REFETCH_MS);
    expect(asked).toHaveBeenCalledTimes(1);
    answer({ items: [] });
    await vi.advanceTimersByTimeAsync(REFETCH_MS);
    expect(asked).toHaveBeenCalledTimes(2);
  });
});
