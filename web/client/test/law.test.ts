import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { applyChanges, applyToPages, entriesOf, newerConversation, type ConversationFilter, type Timeline } from "../src/apply";
import { MemberSocket, type FeedRange } from "../src/live/member";
import { VisitorSocket } from "../src/live/visitor";
import type { VisitorHttp } from "../src/live/visitorhttp";
import { retold } from "../src/retold";
import { threadOf } from "../src/thread";
import type { Contact, Conversation, FeedEvent, ListPage, PublicChange, VisitorSession } from "../src/types";
import { FakeNetwork } from "./fakesocket";
import { answersAt, changesOf, eventsIn, followed, listOf, publicIn, rowOf, scrambled, spans, tapes, timelineOf, typesOf, type Answers, type Tape } from "./tape";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Ways in which a stream may reach a client. */
const ways = ["in order", "each twice", "from before the fetch", "scrambled"] as const;
type Way = (typeof ways)[number];

/** What a stream looks like on its way; `before` is what was sent before the fetch. */
function sent<T>(way: Way, before: readonly T[], since: readonly T[], seed: number): T[] {
  if (way === "each twice") return since.flatMap((item) => [item, item]);
  if (way === "from before the fetch") return [...before, ...since];
  return way === "scrambled" ? scrambled([...before, ...since], seed) : [...since];
}

/** A member's client: what it fetched, brought up to date by the real socket and reducers. */
class Desk {
  readonly rows: Map<string, Conversation>;
  readonly lists: Map<string, { filter: ConversationFilter; pages: ListPage<Conversation>[] }>;
  readonly timelines: Map<string, Timeline>;

  constructor(
    private readonly tape: Tape,
    answers: Answers,
    /** What the server answers when something is asked for again. */
    private readonly then: Answers,
  ) {
    this.rows = new Map(followed(answers).map((id) => [id, rowOf(answers, id)!]));
    this.timelines = new Map(followed(answers).map((id) => [id, { changes: timelineOf(answers, id)!.items, hasOlder: timelineOf(answers, id)!.has_more }]));
    this.lists = new Map(listPaths(answers).map((path) => [path, { filter: filterOf(path), pages: [listOf(answers, path)] }]));
  }

  take({ type, data, conversation, change }: FeedEvent): void {
    const contact = type === "contact.changed" ? (this.then[`/contacts/${String(data?.["id"])}`] as Contact | undefined) : undefined;
    if (contact) this.rename(contact); // one that was erased since is not there
    if (conversation) {
      const held = this.rows.get(conversation.id);
      const row = newerConversation(held ?? this.listed(conversation.id), conversation);
      if (held) this.rows.set(conversation.id, row);
      for (const list of this.lists.values()) list.pages = applyToPages(list.pages, row, list.filter, this.tape.member);
    }
    const timeline = change && this.timelines.get(change.conversation_id);
    if (timeline) this.timelines.set(change.conversation_id, applyChanges(timeline, [change]));
  }

  /** What the member read in this very client. */
  read(id: string, seq: number): void {
    this.each((row) => (row.id === id && row.last_inbound_seq <= seq ? { ...row, unread: false } : row));
  }

  /** A contact that changed is fetched; its rows take the name. */
  private rename({ id, name }: Contact): void {
    this.each((row) => (row.contact.id === id ? { ...row, contact: { id, name } } : row));
  }

  private each(change: (row: Conversation) => Conversation): void {
    for (const [key, row] of this.rows) this.rows.set(key, change(row));
    for (const list of this.lists.values()) list.pages = list.pages.map((page) => ({ ...page, items: page.items.map(change) }));
  }

  private listed(id: string): Conversation | undefined {
    return [...this.lists.values()].flatMap((list) => list.pages.flatMap((page) => page.items)).find((row) => row.id === id);
  }
}

const listPaths = (answers: Answers) => Object.keys(answers).filter((path) => path.startsWith("/conversations?"));

function filterOf(path: string): ConversationFilter {
  const query = new URLSearchParams(path.split("?")[1]);
  return { view: query.get("view") as ConversationFilter["view"], state: query.get("state") as ConversationFilter["state"] };
}

/** Plays the steps from one moment to another to a client that fetched at the first. */
async function playMember(tape: Tape, from: number, to: number, way: Way): Promise<{ desk: Desk; fetches: number }> {
  const network = new FakeNetwork();
  const desk = new Desk(tape, answersAt(tape, from), answersAt(tape, to));
  const all = eventsIn(tape, 0, tape.steps.length);
  const before = eventsIn(tape, 0, from).slice(-3);
  // Where the fetch was: events from before it come again when the socket was there earlier.
  const first = (way === "from before the fetch" || way === "scrambled" ? (before[0] ?? eventsIn(tape, from, to)[0]) : eventsIn(tape, from, to)[0])?.feed ?? 1;
  const fetchEvents = vi.fn((after: number): Promise<FeedRange> => {
    const items = all.filter((event) => event.feed > after);
    return Promise.resolve({ epoch: "e", items, feed: items.at(-1)?.feed ?? after, has_more: false });
  });
  const last = eventsIn(tape, 0, to).at(-1)?.feed ?? 0;
  const socket = new MemberSocket({
    ...network.environment,
    url: () => "ws://t",
    fetchEvents,
    postMessage: () => Promise.reject(new Error("nothing is sent")),
    handlers: { event: (event) => event.feed <= last && desk.take(event), resync: () => {} },
  });
  socket.start();
  network.last.open();
  network.last.say({ op: "ready", epoch: "e", feed: first - 1, member_id: tape.member, heartbeat_ms: 1e9, lease_ms: 1e9, resync: false, notifications_unread: 0 });
  for (const [index, step] of tape.steps.slice(from, to).entries()) {
    const earlier = index === 0 ? before : [];
    for (const event of sent(way, earlier, step.events, from * 100 + to + index)) network.last.say({ op: "event", ...event });
    await vi.advanceTimersByTimeAsync(0);
    if (step.own_read) desk.read(step.own_read.conversation_id, step.own_read.seq);
  }
  socket.stop();
  return { desk, fetches: fetchEvents.mock.calls.length };
}

describe("the tape", () => {
  it("has every type of the protocol", () => {
    const steps = tapes.flatMap((tape) => tape.steps);
    const instead = ["conversation.gone", "ticket.gone", "skip"]; // of what a member does not see: the tape's sees everything
    expect([...new Set(steps.flatMap((step) => step.events.map((event) => event.type)))].sort()).toEqual([...typesOf("FeedEvent")].filter((type) => !instead.includes(type)).sort());
    expect([...new Set(steps.flatMap((step) => step.public.map((change) => change.type)))].sort()).toEqual([...typesOf("PublicChange")].sort());
    const changes = steps.flatMap((step) => step.events.flatMap((event) => event.change?.type ?? []));
    expect([...new Set(changes)].sort()).toEqual([...typesOf("Change")].sort());
  });
});

describe.each(tapes.map((tape) => [tape.name, tape] as const))("the law for a member, %s", (_, tape) => {
  it.each(ways)("fetch and events, %s, are a later fetch", async (way) => {
    for (const [from, to] of spans(tape)) {
      const { desk } = await playMember(tape, from, to, way);
      const then = answersAt(tape, to);
      const where = `${tape.steps[from]!.name} … ${tape.steps[to - 1]!.name}`;
      for (const [path, list] of desk.lists) expect(list.pages, `${where}: ${path}`).toEqual([listOf(then, path)]);
      for (const [id, row] of desk.rows) expect(row, where).toEqual(rowOf(then, id));
      for (const [id, timeline] of desk.timelines) {
        const fetched = { changes: timelineOf(then, id)!.items, hasOlder: timelineOf(then, id)!.has_more };
        expect(timeline, where).toEqual(fetched);
        expect(entriesOf(timeline), where).toEqual(entriesOf(fetched));
      }
    }
  });

  it("asks for nothing when the stream is whole", async () => {
    expect((await playMember(tape, 0, tape.steps.length, "each twice")).fetches).toBe(0);
  });
});

/** The same for a visitor. */
async function playVisitor(tape: Tape, from: number, to: number, way: Way): Promise<{ changes: PublicChange[]; read: number }> {
  const network = new FakeNetwork();
  const held = changesOf(answersAt(tape, from), tape)!.items;
  const seen = { changes: [] as PublicChange[], read: 0 };
  const all = changesOf(answersAt(tape, to), tape)!.items;
  const http = {
    changes: (_token: string, after: number) => Promise.resolve({ epoch: "e", items: all.filter((change) => change.seq > after), has_more: false }),
  } as unknown as VisitorHttp;
  const socket = new VisitorSocket({
    ...network.environment,
    url: () => "ws://t",
    http,
    openSession: () => Promise.resolve({ token: "t", resumed: false } as VisitorSession),
    handlers: { change: (change) => seen.changes.push(change), reset: () => (seen.changes = []), read: (seq) => (seen.read = seq) },
  });
  socket.start();
  await vi.advanceTimersByTimeAsync(0);
  network.last.open();
  network.last.say({ op: "ready", epoch: "e", session_id: "vis", conversation: true, last_public_seq: held.length, read_seq: tape.steps[from - 1]?.read ?? 0, heartbeat_ms: 1e9, resync: false });
  for (const change of held) network.last.say({ op: "change", change });
  for (const change of sent(way, held.slice(-2), publicIn(tape, from, to), from * 100 + to)) network.last.say({ op: "change", change });
  network.last.say({ op: "read", seq: tape.steps[to - 1]!.read });
  await vi.advanceTimersByTimeAsync(0);
  socket.stop();
  return seen;
}

describe.each(tapes.map((tape) => [tape.name, tape] as const))("the law for a visitor, %s", (_, tape) => {
  it.each(ways)("fetch and changes, %s, are a later fetch", async (way) => {
    for (const [from, to] of spans(tape)) {
      const seen = await playVisitor(tape, from, to, way);
      const fetched = changesOf(answersAt(tape, to), tape)!.items;
      expect(retold(seen.changes)).toEqual(fetched);
      expect(threadOf(seen.changes, [])).toEqual(threadOf(fetched, []));
      expect(seen.read).toBe(tape.steps[to - 1]!.read);
    }
  });
});
