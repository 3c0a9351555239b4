import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemberSocket, wireMessage, type FeedRange, type MemberHandlers, type MemberMessage } from "../src/live/member";
import { ApiError } from "../src/problem";
import type { Change, FeedEvent, Message } from "../src/types";
import { FakeNetwork } from "./fakesocket";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ready = (feed: number, over: object = {}) => ({ op: "ready", epoch: "e1", feed, member_id: "mem_1", heartbeat_ms: 10_000, lease_ms: 30_000, resync: false, ...over });
const event = (feed: number): FeedEvent => ({ feed, type: "contact.changed", at: "", data: { id: "con_1" } });
const text = (id: string): MemberMessage => ({ client_msg_id: id, conversation_id: "cnv_1", kind: "text", text: `text ${id}` });

function stored(id: string): { message: Message; change: Change } {
  const message: Message = { id: `msg_${id}`, conversation_id: "cnv_1", client_msg_id: id, kind: "text", sender: { kind: "agent" }, text: "", created_at: "", delivery: "pending" };
  return { message, change: { id: "chg", conversation_id: "cnv_1", seq: 1, type: "message.created", at: "", actor: { kind: "agent" }, message } };
}

function setUp(fetchEvents: (after: number) => Promise<FeedRange> = () => Promise.reject(new Error("no fetch"))) {
  const network = new FakeNetwork();
  const feeds: number[] = [];
  const handlers = {
    event: (e: FeedEvent) => feeds.push(e.feed),
    resync: vi.fn(),
    stored: vi.fn(),
    typing: vi.fn(),
    presence: vi.fn(),
    looking: vi.fn(),
    notified: vi.fn(),
  } satisfies MemberHandlers;
  const postMessage = vi.fn((message: MemberMessage) => Promise.resolve(stored(message.client_msg_id)));
  const socket = new MemberSocket({ ...network.environment, url: () => "ws://t", fetchEvents, postMessage, handlers });
  socket.start();
  const connect = (frame: object) => {
    network.last.open();
    network.last.say(frame);
  };
  return { network, feeds, handlers, socket, connect, postMessage };
}

describe("MemberSocket", () => {
  it("fetches everything at first, then follows the feed", () => {
    const { network, feeds, handlers, connect } = setUp();
    connect(ready(40));
    expect(network.last.sent[0]).toEqual({ op: "hello", epoch: "", feed: 0 });
    expect(handlers.resync).toHaveBeenCalledTimes(1);
    [41, 42, 42, 43].forEach((n) => network.last.say({ op: "event", ...event(n) }));
    expect(feeds).toEqual([41, 42, 43]);
  });

  it("resumes where it was, without fetching again", () => {
    const { network, feeds, handlers, connect } = setUp();
    connect(ready(40));
    network.last.say({ op: "event", ...event(41) });
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect(ready(44));
    expect(network.last.sent[0]).toEqual({ op: "hello", epoch: "e1", feed: 41 });
    [42, 43, 44, 45].forEach((n) => network.last.say({ op: "event", ...event(n) }));
    expect(handlers.resync).toHaveBeenCalledTimes(1);
    expect(feeds).toEqual([41, 42, 43, 44, 45]);
  });

  it.each([{ resync: true }, { epoch: "e2" }])("fetches again when the server cannot continue: %o", (over) => {
    const { network, feeds, handlers, connect } = setUp();
    connect(ready(40));
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect(ready(9, over));
    expect(handlers.resync).toHaveBeenCalledTimes(2);
    network.last.say({ op: "event", ...event(10) });
    expect(feeds).toEqual([10]);
  });

  it("sends a template over HTTP, in the order of its conversation, and keeps what of it was refused", async () => {
    const { network, socket, connect, postMessage, handlers } = setUp();
    const template = (id: string): MemberMessage => ({ ...text(id), template: { id: "parcel", values: { name: "" } }, shown: { template: { id: "parcel", name: "Parcel", values: {} } } });
    socket.send(template("1"));
    socket.send(text("2"));
    expect(postMessage).not.toHaveBeenCalled();
    connect(ready(1));
    expect(postMessage).toHaveBeenCalledTimes(1);
    const ops = () => network.last.sent.map((frame) => (frame as { op: string }).op);
    expect(ops()).not.toContain("send");
    await vi.advanceTimersByTimeAsync(0);
    expect(handlers.stored).toHaveBeenCalledTimes(1);
    expect(ops()).toContain("send");
    network.last.say({ op: "ack", ref: "2", ...stored("2"), replayed: false });
    const fields = [{ pointer: "/template/values/name", code: "required", detail: "is needed" }];
    postMessage.mockImplementationOnce(() => Promise.reject(new ApiError({ status: 422, code: "message.template_values", fields })));
    socket.send(template("3"));
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.unsent).toMatchObject([{ state: "failed", code: "message.template_values", fields }]);
  });

  it("does not send what a template says, but what fills it", () => {
    expect(wireMessage({ ...text("1"), template: { id: "parcel", values: {} }, shown: {} })).toEqual({ client_msg_id: "1", conversation_id: "cnv_1", kind: "text", template: { id: "parcel", values: {} } });
    expect(wireMessage(text("1"))).toHaveProperty("text", "text 1");
  });

  it("fetches the range of a gap", async () => {
    const fetchEvents = vi.fn(() => Promise.resolve({ epoch: "e1", items: [event(41), event(42), event(43)], feed: 43, has_more: false }));
    const { network, feeds, connect } = setUp(fetchEvents);
    connect(ready(40));
    network.last.say({ op: "event", ...event(43) });
    await vi.runOnlyPendingTimersAsync();
    expect(fetchEvents).toHaveBeenCalledWith(40);
    expect(feeds).toEqual([41, 42, 43]);
  });

  it("keeps messages over a lost connection and sends each until it is stored", () => {
    const { network, socket, connect } = setUp();
    socket.send(text("1"));
    socket.send(text("2"));
    connect(ready(1));
    expect(network.last.frames("send")).toEqual([{ op: "send", ref: "1", ...text("1") }]);
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect(ready(1));
    expect(network.last.frames("send").map((frame) => frame["ref"])).toEqual(["1"]);
    network.last.say({ op: "ack", ref: "1", ...stored("1"), replayed: true });
    expect(network.last.frames("send").map((frame) => frame["ref"])).toEqual(["1", "2"]);
    expect(socket.unsent).toHaveLength(1);
  });

  it("counts a message as stored when its event comes first", () => {
    const { network, socket, connect } = setUp();
    connect(ready(1));
    socket.send(text("1"));
    network.last.say({ op: "event", ...event(2), type: "message.created", change: stored("1").change });
    expect(socket.unsent).toEqual([]);
  });

  it("goes on over HTTP while sockets do not get through, and back", async () => {
    let head = 5;
    const fetchEvents = vi.fn((after: number) => Promise.resolve({ epoch: "e1", items: after ? range(after + 1, head).map(event) : [], feed: head, has_more: false }));
    const { network, feeds, handlers, socket, connect, postMessage } = setUp(fetchEvents);
    for (let i = 0; i < 3; i++) {
      network.last.drop(1006);
      await vi.advanceTimersByTimeAsync(socket.status.retryAt! - Date.now());
    }
    expect(handlers.resync).toHaveBeenCalledTimes(1);
    socket.send(text("1"));
    head = 7;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(postMessage).toHaveBeenCalledTimes(1);
    expect(socket.unsent).toEqual([]);
    expect(feeds).toEqual([6, 7]);
    connect(ready(8));
    expect(network.last.sent[0]).toEqual({ op: "hello", epoch: "e1", feed: 7 });
    network.last.say({ op: "event", ...event(8) });
    const polls = fetchEvents.mock.calls.length;
    await vi.advanceTimersByTimeAsync(7_000);
    expect(fetchEvents.mock.calls.length).toBe(polls);
    expect(feeds).toEqual([6, 7, 8]);
  });

  it("tells of notifications, and how many are unread", () => {
    const { network, handlers, connect } = setUp();
    connect(ready(1, { notifications_unread: 3 }));
    expect(handlers.notified).toHaveBeenLastCalledWith(3);
    const notification = { id: "ntf_1", kind: "mention" as const, conversation_id: "cnv_1", text: "look", at: "" };
    network.last.say({ op: "notification", notification, unread: 4 });
    expect(handlers.notified).toHaveBeenLastCalledWith(4, notification);
    network.last.say({ op: "notification", unread: 0 });
    expect(handlers.notified).toHaveBeenLastCalledWith(0, undefined);
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect(ready(1, { notifications_unread: 1 }));
    expect(handlers.notified).toHaveBeenLastCalledWith(1);
    expect(handlers.notified).toHaveBeenCalledTimes(4);
  });

  it("says again what it looks at after a reconnect, and tells who else does", () => {
    const { network, handlers, socket, connect } = setUp();
    connect(ready(1));
    socket.look("cnv_1");
    expect(network.last.sent.at(-1)).toEqual({ op: "look", conversation_id: "cnv_1" });
    const members = [{ member_id: "mem_2", name: "Li", typing: true, note: false }];
    network.last.say({ op: "looking", conversation_id: "cnv_1", members });
    expect(handlers.looking).toHaveBeenLastCalledWith("cnv_1", members);
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect(ready(1));
    expect(network.last.sent.at(-1)).toEqual({ op: "look", conversation_id: "cnv_1" });
    socket.look("");
    network.last.drop();
    vi.advanceTimersByTime(1_000);
    connect(ready(1));
    expect(network.last.sent.map((frame) => (frame as { op: string }).op)).toEqual(["hello"]);
  });

  it("passes presence on as it is: reason, since when, wrap-up", () => {
    const { network, handlers, connect } = setUp();
    connect(ready(1));
    const members = [{ member_id: "mem_2", status: "away", reason: "lunch", since: "2026-03-01T12:00:00Z", open: 1, capacity: 5 }];
    network.last.say({ op: "presence", members });
    expect(handlers.presence).toHaveBeenLastCalledWith(members);
  });

  it("forgets who types when nothing more comes", () => {
    const { network, handlers, connect } = setUp();
    connect(ready(1));
    network.last.say({ op: "typing", conversation_id: "cnv_1", actor: { kind: "contact", id: "con_1", name: "Li" }, on: true });
    expect(handlers.typing).toHaveBeenLastCalledWith("cnv_1", [{ kind: "contact", id: "con_1", name: "Li" }]);
    vi.advanceTimersByTime(6_000);
    expect(handlers.typing).toHaveBeenLastCalledWith("cnv_1", []);
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
