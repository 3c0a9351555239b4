import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VisitorSocket } from "../src/live/visitor";
import { VisitorHttp } from "../src/live/visitorhttp";
import { threadOf } from "../src/thread";
import type { PublicChange, VisitorSession } from "../src/types";
import { FakeNetwork } from "./fakesocket";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const change = (seq: number, client_msg_id?: string): PublicChange => ({
  seq, type: "message", at: "", message: { id: `msg_${seq}`, client_msg_id, sender: { kind: client_msg_id ? "visitor" : "agent" }, text: `${seq}` },
});
const ready = (over: object = {}) => ({ op: "ready", epoch: "e1", session_id: "vis_1", conversation: true, last_public_seq: 0, heartbeat_ms: 25_000, resync: false, ...over });

async function setUp(resumed = true) {
  const network = new FakeNetwork();
  const http = new VisitorHttp("inb_1");
  let changes: PublicChange[] = [];
  const fetchChanges = vi.spyOn(http, "changes").mockImplementation((_, after) => Promise.resolve({ epoch: "e1", items: [1, 2, 3, 4].map((seq) => change(seq)).slice(after), last_public_seq: 4, has_more: false }));
  let tokens = 0;
  let session = "vis_1";
  const openSession = vi.fn(() => Promise.resolve({ token: `t${++tokens}`, session_id: session, expires_at: "", resumed: tokens === 1 || resumed, settings: {} } as VisitorSession));
  const handlers = { change: (next: PublicChange) => changes.push(next), reset: vi.fn(() => (changes = [])), typing: vi.fn(), queue: vi.fn(), refused: vi.fn() };
  const socket = new VisitorSocket({ ...network.environment, url: () => "ws://t", http, openSession, handlers });
  socket.start();
  await vi.advanceTimersByTimeAsync(0);
  const connect = (over?: object) => {
    network.last.open();
    network.last.say(ready(over));
  };
  return { be: (id: string) => (session = id), network, handlers, openSession, fetchChanges, socket, connect, seqs: () => changes.map((one) => one.seq) };
}

describe("VisitorSocket", () => {
  it("opens a session, shows its token in the first frame alone, and applies in order", async () => {
    const { network, connect, seqs } = await setUp();
    connect();
    expect(network.last.sent[0]).toEqual({ op: "hello", token: "t1", epoch: "", after: 0 });
    [1, 2, 2, 1, 3].forEach((seq) => network.last.say({ op: "change", change: change(seq) }));
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it("resumes after what it has", async () => {
    const { network, connect, seqs, handlers } = await setUp();
    connect();
    network.last.say({ op: "change", change: change(1) });
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect();
    expect(network.last.sent[0]).toEqual({ op: "hello", token: "t1", epoch: "e1", after: 1 });
    network.last.say({ op: "change", change: change(2) });
    expect(seqs()).toEqual([1, 2]);
    expect(handlers.reset).not.toHaveBeenCalled();
  });

  it("fetches a gap before it goes on", async () => {
    const { network, connect, seqs, fetchChanges } = await setUp();
    connect();
    network.last.say({ op: "change", change: change(1) });
    network.last.say({ op: "change", change: change(4) });
    await vi.advanceTimersByTimeAsync(0);
    expect(fetchChanges).toHaveBeenCalledWith("t1", 1);
    expect(seqs()).toEqual([1, 2, 3, 4]);
  });

  it.each([{ epoch: "e2" }, { resync: true }])("starts the conversation over when the server cannot continue: %o", async (over) => {
    const { network, connect, seqs, handlers } = await setUp();
    connect();
    network.last.say({ op: "change", change: change(1) });
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect(over);
    expect(handlers.reset).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(seqs()).toEqual([1, 2, 3, 4]);
  });

  it("gets a new session when its own ends, and forgets a conversation that is not that session's", async () => {
    const { network, connect, openSession, handlers } = await setUp(false);
    connect();
    network.last.say({ op: "change", change: change(1) });
    network.last.drop(4401);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(openSession).toHaveBeenCalledTimes(2);
    expect(handlers.reset).toHaveBeenCalledTimes(1);
    connect();
    expect(network.last.sent[0]).toEqual({ op: "hello", token: "t2", epoch: "", after: 0 });
  });

  it("that goes on with a session which is not the one it had starts over", async () => {
    const { network, connect, handlers, socket, be } = await setUp();
    connect();
    network.last.say({ op: "change", change: change(1) });
    be("vis_2");
    socket.restartSession();
    await vi.advanceTimersByTimeAsync(0);
    expect(handlers.reset).toHaveBeenCalledTimes(1);
    connect();
    expect(network.last.sent[0]).toEqual({ op: "hello", token: "t2", epoch: "", after: 0 });
  });

  it("goes on where it was when the session turns out to be the same", async () => {
    const { network, connect, handlers, socket } = await setUp();
    connect();
    network.last.say({ op: "change", change: change(1) });
    socket.restartSession();
    await vi.advanceTimersByTimeAsync(0);
    connect();
    expect(network.last.sent[0]).toEqual({ op: "hello", token: "t2", epoch: "e1", after: 1 });
    expect(handlers.reset).not.toHaveBeenCalled();
  });

  it("takes the answer to the last opening alone", async () => {
    const { network, connect, openSession, socket } = await setUp();
    connect();
    const answers: ((session: VisitorSession) => void)[] = [];
    openSession.mockImplementation(() => new Promise<VisitorSession>((resolve) => answers.push(resolve)));
    socket.restartSession();
    socket.restartSession();
    const answer = (token: string) => ({ token, session_id: "vis_1", expires_at: "", resumed: true, settings: {} }) as VisitorSession;
    answers[1]!(answer("second"));
    answers[0]!(answer("first"));
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.sessionToken).toBe("second");
    expect(network.sockets).toHaveLength(2);
  });

  it("leaves nothing behind: neither what was shown nor what waits to be sent", async () => {
    const { network, connect, handlers, socket } = await setUp();
    connect();
    network.last.say({ op: "change", change: change(1) });
    network.last.drop();
    socket.send({ client_msg_id: "a", text: "one" });
    socket.send({ client_msg_id: "b", text: "two" });
    socket.leave();
    expect(socket.unsent).toEqual([]);
    expect(socket.sessionToken).toBe("");
    expect(handlers.reset).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.sockets).toHaveLength(1);
    socket.start();
    await vi.advanceTimersByTimeAsync(0);
    connect();
    expect(network.last.frames("send")).toEqual([]);
  });

  it("says why a session ends", async () => {
    const ending = vi.fn();
    const { network, connect, handlers } = await setUp();
    Object.assign(handlers, { ending });
    connect();
    network.last.say({ op: "error", code: "visitor.logged_out", detail: "" });
    expect(ending).toHaveBeenCalledExactlyOnceWith("visitor.logged_out");
  });

  it("sends every message once it can, and shows it once", async () => {
    const { network, connect, socket } = await setUp();
    socket.send({ client_msg_id: "a", text: "hi" });
    connect();
    expect(network.last.frames("send")).toEqual([{ op: "send", ref: "a", client_msg_id: "a", text: "hi" }]);
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect();
    expect(network.last.frames("send")).toHaveLength(1);
    network.last.say({ op: "change", change: change(1, "a") });
    expect(socket.unsent).toEqual([]);
    network.last.say({ op: "ack", ref: "a", change: change(1, "a"), replayed: true });
    expect(socket.unsent).toEqual([]);
  });

  it("tells the place in the queue and who types", async () => {
    const { network, connect, handlers } = await setUp();
    connect();
    network.last.say({ op: "queue", position: 3, available: false });
    expect(handlers.queue).toHaveBeenCalledWith(3, false, {});
    network.last.say({ op: "queue", position: 3, available: false, closed: true, opens_at: "2026-11-23T01:00:00Z" });
    expect(handlers.queue).toHaveBeenLastCalledWith(3, false, { closed: true, opens_at: "2026-11-23T01:00:00Z" });
    network.last.say({ op: "queue", position: 2, available: true, wait_s: 300 });
    expect(handlers.queue).toHaveBeenLastCalledWith(2, true, { wait_s: 300 });
    network.last.say({ op: "typing", name: "Lin", on: true });
    expect(handlers.typing).toHaveBeenLastCalledWith(["Lin"]);
    network.last.say({ op: "change", change: change(1) });
    expect(handlers.typing).toHaveBeenLastCalledWith([]);
  });

  it("does not insist where policy refuses", async () => {
    const { network, connect, handlers } = await setUp();
    connect();
    network.last.drop(4403);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(handlers.refused).toHaveBeenCalledTimes(1);
    expect(network.sockets).toHaveLength(1);
  });
});

describe("threadOf", () => {
  it("shows an own message once, under one key, from writing to storing", () => {
    const entry = { item: { client_msg_id: "a", text: "hi" }, state: "sending" as const, at: 0 };
    expect(threadOf([change(1)], [entry]).map((item) => item.key)).toEqual(["seq-1", "a"]);
    expect(threadOf([change(1), change(2, "a")], [entry]).map((item) => item.key)).toEqual(["seq-1", "a"]);
  });
});
