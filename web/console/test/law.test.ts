import { QueryClient, QueryObserver, InfiniteQueryObserver } from "@tanstack/vue-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConversationFilter, Timeline } from "@patchbay/client/member";
import type { Contact, Conversation, FeedEvent, ListPage, TimelinePage } from "@patchbay/client/types";
import { ConversationCache, type ConversationPages } from "@/live/cache";
import { reactions } from "@/live/stale";
import { keys } from "@/query/keys";
import { answersAt, listOf, spans, tapes, typesOf, type Answers, type Tape } from "../../client/test/tape";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Items = { items: { send_at?: string }[] };
const items = (answer: unknown) => (answer as Items).items;

/** A query of the console: its key, where its answer is on the tape, and what it makes of the answer. */
interface Asked {
  key: readonly unknown[];
  path: string;
  take: (answer: unknown) => unknown;
}

/** All that the console holds of what the tape answers. Lists of conversations come in pages and are apart. */
function asked(tape: Tape, answers: Answers): Asked[] {
  const w = tape.workspace;
  const whole: Record<string, readonly unknown[]> = {
    "/labels?limit=200": keys.labels(w),
    "/attributes?limit=200": keys.attributes(w),
    "/canned?limit=200": keys.canned(w),
    "/teams?limit=200": keys.teams(w),
    "/calendars?limit=200": keys.calendars(w),
    "/members?limit=200": keys.members(w),
    "/invitations?limit=200": keys.invitations(w),
    "/inboxes": keys.inboxes(w),
    "/views": keys.views(w),
    "/checklist": keys.checklist(w),
  };
  const one = (path: string): Asked[] => {
    if (whole[path]) return [{ key: whole[path], path, take: items }];
    const [, noun, id = "", part] = path.split("/");
    if (noun === "contacts" && !part) return [{ key: keys.contact(w, id), path, take: (answer) => answer }];
    if (noun === "conversations" && part === "scheduled") return [{ key: keys.scheduled(w, id), path, take: items }];
    if (noun === "conversations" && part?.startsWith("timeline")) {
      return [{ key: keys.timeline(w, id), path, take: (answer): Timeline => ({ changes: (answer as TimelinePage).items, hasOlder: (answer as TimelinePage).has_more }) }];
    }
    return noun === "conversations" && !part ? [{ key: keys.conversation(w, id), path, take: (answer) => answer }] : [];
  };
  return Object.keys(answers).flatMap(one);
}

/** What is held of a page that nobody looks at now. */
function left(tape: Tape, answers: Answers): { key: readonly unknown[]; path: string }[] {
  const w = tape.workspace;
  return Object.keys(answers).flatMap((path) => {
    const notes = /^\/contacts\/(\w+)\/notes$/.exec(path)?.[1];
    if (notes) return [{ key: [...keys.aboutContact(w, notes), "notes"], path }];
    return path === "/organisations" ? [{ key: [...keys.organisations(w), ""], path }] : [];
  });
}

const listPaths = (answers: Answers) => Object.keys(answers).filter((path) => path.startsWith("/conversations?"));

function filterOf(path: string): ConversationFilter {
  const query = new URLSearchParams(path.split("?")[1]);
  return { view: query.get("view") as ConversationFilter["view"], state: query.get("state") as ConversationFilter["state"] };
}

/** A console with everything open, that fetched at one moment. */
function open(tape: Tape, from: number, to: number) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
  const then = answersAt(tape, to);
  const fetched: string[] = [];
  const fetch = (path: string) => {
    fetched.push(path);
    return then[path];
  };
  const answers = answersAt(tape, from);
  const queries = asked(tape, answers);
  const stops = queries.map(({ key, path, take }) => {
    client.setQueryData(key, take(answers[path]));
    return new QueryObserver(client, { queryKey: key, queryFn: () => take(fetch(path)), structuralSharing: false }).subscribe(() => {});
  });
  for (const path of listPaths(answers)) {
    const queryKey = keys.conversations(tape.workspace, filterOf(path));
    client.setQueryData<ConversationPages>(queryKey, { pages: [listOf(answers, path)], pageParams: [undefined] });
    const observer = new InfiniteQueryObserver(client, {
      queryKey,
      queryFn: () => fetch(path) as ListPage<Conversation>,
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next_cursor,
    });
    stops.push(observer.subscribe(() => {}));
  }
  const away = left(tape, answers);
  for (const { key, path } of away) client.setQueryData(key, answers[path]);
  const cache = new ConversationCache(client, tape.workspace, tape.member, {
    fetchAfter: () => Promise.reject(new Error("there is no gap")),
    check: () => Promise.reject(new Error("every row tells")),
  });
  stops.push(cache.watch());
  let workspace = answers[""];
  const react = reactions({
    client,
    cache,
    tickets: { left: () => undefined },
    workspace: tape.workspace,
    memberID: tape.member,
    fetchContact: (id) => Promise.resolve(fetch(`/contacts/${id}`) as Contact),
    refreshSession: () => Promise.resolve(void (workspace = fetch(""))),
  });
  const take = (event: FeedEvent) => {
    cache.take(event);
    void react[event.type](event);
  };
  const close = () => {
    stops.forEach((stop) => stop());
    client.clear();
  };
  return { client, cache, queries, away, fetched, take, close, workspace: () => workspace };
}

/** Waits for what was asked for again. */
async function settled(client: QueryClient): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  while (client.isFetching() > 0) await vi.advanceTimersByTimeAsync(1);
}

describe("the console's reactions", () => {
  it("are to every event that the API promises, and to no other", () => {
    const tape = tapes[0]!;
    const { client, cache, close } = open(tape, 0, 1);
    const all = reactions({ client, cache, tickets: { left: () => undefined }, workspace: "w", memberID: "m", fetchContact: () => Promise.reject(new Error()), refreshSession: () => Promise.resolve() });
    expect(Object.keys(all).sort()).toEqual([...typesOf("FeedEvent")].sort());
    close();
  });
});

describe.each(tapes.map((tape) => [tape.name, tape] as const))("the law in the console, %s", (_, tape) => {
  it.each([1, 2])("what is held, with the events %i times, is what a fetch gives", async (times) => {
    for (const [from, to] of spans(tape)) {
      const desk = open(tape, from, to);
      for (const step of tape.steps.slice(from, to)) {
        for (const event of step.events) for (let n = 0; n < times; n++) desk.take(event);
        if (step.own_read) desk.cache.read(step.own_read.conversation_id, step.own_read.seq);
      }
      await settled(desk.client);
      const then = answersAt(tape, to);
      const where = `${tape.steps[from]!.name} … ${tape.steps[to - 1]!.name}`;
      for (const { key, path, take } of desk.queries) expect(desk.client.getQueryData(key), `${where}: ${path}`).toEqual(take(then[path]));
      for (const path of listPaths(then)) {
        const held = desk.client.getQueryData<ConversationPages>(keys.conversations(tape.workspace, filterOf(path)));
        expect(held?.pages, `${where}: ${path}`).toEqual([listOf(then, path)]);
      }
      for (const { key, path } of desk.away) {
        const query = desk.client.getQueryState(key)!;
        expect(query.isInvalidated || JSON.stringify(query.data) === JSON.stringify(then[path]), `${where}: ${path} is asked for when it is looked at`).toBe(true);
      }
      expect(desk.workspace(), where).toEqual(then[""]);
      const refetched = desk.fetched.filter((path) => path.startsWith("/conversations") && !path.endsWith("/scheduled"));
      const erased = tape.steps.slice(from, to).some((step) => step.events.some((event) => event.type === "erasure.changed"));
      if (!erased) expect(refetched, `${where}: fetched again`).toEqual([]); // an erasure has everything asked for anew
      desk.close();
    }
  }, 60_000);
});
