import type { PublicChange, VisitorSession } from "@patchbay/client/types";
import type { SessionRequest, SocketLike } from "@patchbay/client/visitor";
import { ApiError } from "@patchbay/client/visitor";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Chat } from "../src/frame/chat";
import type { Host } from "../src/frame/host";
import { WatchedHttp } from "../src/frame/http";
import { memoryOf } from "../src/frame/memory";

/** A socket whose other end is the test. */
class Wire implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  send = (data: string) => void this.sent.push(JSON.parse(data) as Record<string, unknown>);
  close = () => undefined;
  say = (frame: object) => this.onmessage?.({ data: JSON.stringify(frame) });
  ready = (extra: object = {}) => {
    this.onopen?.();
    this.say({ op: "ready", epoch: "e1", session_id: "vis_1", conversation: true, last_public_seq: 0, heartbeat_ms: 25_000, resync: false, ...extra });
  };
}

class Server extends WatchedHttp {
  asked: SessionRequest[] = [];
  answer: Partial<VisitorSession> | ApiError = {};

  override async openSession(request: SessionRequest): Promise<VisitorSession> {
    this.asked.push(request);
    if (this.answer instanceof ApiError) throw this.answer;
    return { token: `t${this.asked.length}`, session_id: "vis_1", expires_at: "", resumed: request.token !== undefined, verified: false, settings: {}, ...this.answer };
  }
}

const page = { url: "https://shop.example/cart", title: "Cart", referrer: "", locale: "en" };

function begin(store: Record<string, string> = {}, open = true, answer: Server["answer"] = {}, at = page) {
  const kept = { ...store };
  const unread: number[] = [];
  const events: unknown[] = [];
  let look: (open: boolean, focus: boolean) => void = () => undefined;
  const host: Host = {
    page: at,
    origin: "https://shop.example",
    embedded: true,
    store,
    put: (key, value) => (value === null ? delete kept[key] : (kept[key] = value)),
    unread: (count) => void unread.push(count),
    look: () => undefined,
    close: () => undefined,
    open: () => undefined,
    event: (...event) => void events.push(event),
    nudge: () => undefined,
    onCall: () => undefined,
    onScroll: () => undefined,
    watch: (callback) => {
      look = callback;
      callback(open, false);
    },
  };
  const wires: Wire[] = [];
  const http = new Server("inb_1");
  http.answer = answer;
  const connect = () => {
    wires.push(new Wire());
    return wires.at(-1)!;
  };
  const environment = { connect, wake: () => () => undefined, online: () => true, random: () => 0.5 };
  const chat = new Chat({ host, memory: memoryOf(host), http, url: () => "ws://x", online: () => true, environment });
  chat.start();
  return { chat, http, wires, kept, unread, look: (value: boolean) => look(value, false), tick: (ms = 0) => vi.advanceTimersByTimeAsync(ms) };
}

async function live(store?: Record<string, string>, open?: boolean) {
  const test = begin(store, open);
  await test.tick();
  test.wires[0]!.ready();
  return test;
}

const said = (seq: number, kind: "agent" | "visitor" = "agent", extra: object = {}): { op: string; change: PublicChange } => ({
  op: "change",
  change: { seq, type: "message", at: "2026-03-01T10:00:00.000Z", message: { id: `msg_${seq}`, sender: { kind }, text: `t${seq}`, ...extra } },
});

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("addEventListener", () => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the session", () => {
  it("is asked for with what the page vouches for, and its token kept", async () => {
    const { http, kept } = await live();
    expect(http.asked).toEqual([{ page_url: "https://shop.example/cart", page_title: "Cart", referrer: "", locale: "en", embed_origin: "https://shop.example" }]);
    expect(kept["token"]).toBe("t1");
  });

  it("is not lost to a page with a long address, nor to a token somebody broke", async () => {
    const long = { url: `https://shop.example/${"x".repeat(9000)}`, title: `${"t".repeat(499)}😀`, referrer: "r".repeat(9000), locale: "e".repeat(99) };
    const { http, tick } = begin({ token: "x".repeat(201) }, true, {}, long);
    await tick();
    const [{ page_url, page_title, referrer, locale, token }] = http.asked as [SessionRequest];
    expect([page_url.length, page_title.length, referrer.length, locale.length, token]).toEqual([2000, 500, 2000, 35, undefined]);
    expect(page_title.endsWith("\ufffd")).toBe(true);
  });

  it("goes on with the token of the last visit", async () => {
    const { http } = await live({ token: "old" });
    expect(http.asked[0]!.token).toBe("old");
  });

  it("does not offer a token again that the server has ended", async () => {
    const { http, wires, tick, chat } = await live({ token: "old" });
    wires[0]!.say(said(1));
    wires[0]!.onclose?.({ code: 4401 });
    await tick(1_000);
    expect(http.asked.map((request) => request.token)).toEqual(["old", undefined]);
    expect(chat.state.changes).toEqual([]);
  });

  it("keeps the token while the server cannot be reached", async () => {
    const test = begin({ token: "old" }, true, new ApiError({ status: 503, code: "unavailable" }));
    await test.tick(20_000);
    expect(test.chat.state.phase).toBe("unavailable");
    expect(test.http.asked.length).toBeGreaterThan(2);
    expect(test.http.asked.every((request) => request.token === "old")).toBe(true);
    expect(test.kept["token"]).toBe("old");
  });

  it("shows the sentence of a refusal, and asks again when told to", async () => {
    const test = begin({}, true, new ApiError({ status: 403, code: "visitor.refused", detail: "Not here" }));
    await test.tick(60_000);
    expect(test.chat.state).toMatchObject({ phase: "refused", refusal: "Not here" });
    expect(test.http.asked).toHaveLength(1);
    test.http.answer = {};
    test.chat.retry();
    await test.tick();
    test.wires[0]!.ready();
    expect(test.chat.state).toMatchObject({ phase: "live", refusal: undefined });
  });

  it("that is refused on the socket has no sentence, and the same way back", async () => {
    const { chat, wires, tick } = await live();
    wires[0]!.onclose?.({ code: 4403 });
    expect(chat.state).toMatchObject({ phase: "refused", refusal: undefined });
    chat.retry();
    await tick();
    wires[1]!.ready();
    expect(chat.state.phase).toBe("live");
  });
});

describe("messages", () => {
  it("survive a reload unanswered, go out under the same id and are shown once", async () => {
    const first = await live();
    first.chat.send("hello");
    const [{ client_msg_id: id }] = first.wires[0]!.sent.filter((frame) => frame["op"] === "send") as [{ client_msg_id: string }];
    const second = await live(first.kept);
    expect(second.chat.state.unsent.map((entry) => entry.item.text)).toEqual(["hello"]);
    expect(second.wires[0]!.sent.filter((frame) => frame["op"] === "send")).toMatchObject([{ client_msg_id: id, text: "hello" }]);
    second.wires[0]!.say(said(1, "visitor", { client_msg_id: id, text: "hello" }));
    second.wires[0]!.say({ op: "ack", ref: id, change: said(1, "visitor", { client_msg_id: id }).change, replayed: true });
    expect(second.chat.state.unsent).toEqual([]);
    expect(second.chat.state.changes).toHaveLength(1);
    expect(Object.keys(second.kept).filter((key) => key.startsWith("out."))).toEqual([]);
  });

  it("are news only after the history has come", async () => {
    const { chat, wires, tick } = await live();
    wires[0]!.say(said(1));
    expect(chat.state.synced).toBe(false);
    await tick(1_000);
    expect(chat.state.synced).toBe(true);
  });

  it("ignores what the page's storage holds that is not an entry", async () => {
    const store = { "out.a": "{", "out.b": "null", "out.c": '{"item":{"text":5,"client_msg_id":"c"},"at":1}', "out.d": '{"item":{"text":"x","client_msg_id":"d"}}' };
    const { chat } = await live(store);
    expect(chat.state.unsent).toEqual([]);
  });
});

describe("unread", () => {
  it("counts what arrives while hidden, and what is on the screen never", async () => {
    const { wires, unread, look } = await live();
    wires[0]!.say(said(1));
    look(false);
    wires[0]!.say(said(2));
    wires[0]!.say(said(3));
    look(true);
    expect(unread).toEqual([0, 1, 2, 0]);
  });

  it("remembers over a reload what was seen", async () => {
    const first = await live();
    first.wires[0]!.say(said(1));
    first.look(false);
    first.wires[0]!.say(said(2));
    const second = await live(first.kept, false);
    second.wires[0]!.say(said(1));
    second.wires[0]!.say(said(2));
    expect(second.unread.at(-1)).toBe(1);
  });
});

describe("the line", () => {
  it("is shown while connected and waiting", async () => {
    const { chat, wires } = await live();
    wires[0]!.say({ op: "queue", position: 2, available: false });
    expect(chat.state.queue).toEqual({ position: 2, available: false });
    wires[0]!.onclose?.({ code: 1006 });
    expect(chat.state.queue).toBeUndefined();
  });

  it("ends with position 0", async () => {
    const { chat, wires } = await live();
    wires[0]!.say({ op: "queue", position: 1, available: true });
    wires[0]!.say({ op: "queue", position: 0, available: true });
    expect(chat.state.queue).toBeUndefined();
  });
});
