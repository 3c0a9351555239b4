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
  ended: string[] = [];
  session = "vis_1";
  answer: Partial<VisitorSession> | ApiError = {};
  /** What is said of the site's word, when it is not taken. */
  word?: ApiError;

  override endSession(token: string): Promise<void> {
    this.ended.push(token);
    return Promise.resolve();
  }

  override async openSession(request: SessionRequest): Promise<VisitorSession> {
    this.asked.push(request);
    if (this.answer instanceof ApiError) throw this.answer;
    if (request.identity && this.word) throw this.word;
    return { token: `t${this.asked.length}`, session_id: this.session, expires_at: "", resumed: request.token !== undefined, verified: false, settings: {}, ...this.answer };
  }
}

const page = { url: "https://shop.example/cart", title: "Cart", referrer: "", locale: "en" };

function begin(store: Record<string, string> = {}, open = true, answer: Server["answer"] = {}, at = page) {
  const kept = { ...store };
  const unread: number[] = [];
  const events: unknown[] = [];
  let look: (open: boolean, focus: boolean) => void = () => undefined;
  let heard: (key: string) => void = () => undefined;
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
    onKept: (callback) => void (heard = callback),
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
  /** Another tab of the page keeps something. */
  const tab = (values: Record<string, string | undefined>) => {
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) {
        delete store[key];
        delete kept[key];
      } else store[key] = kept[key] = value;
      heard(key);
    }
  };
  return { chat, http, wires, kept, events, tab, unread, look: (value: boolean) => look(value, false), tick: (ms = 0) => vi.advanceTimersByTimeAsync(ms) };
}

async function live(store?: Record<string, string>, open?: boolean, answer?: Server["answer"]) {
  const test = begin(store, open, answer);
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

  it("that has ended gives way to a new one, and its conversation with it", async () => {
    const { http, wires, tick, chat, kept } = await live({ token: "old" });
    wires[0]!.say(said(1));
    http.answer = { resumed: false, token: "new" };
    http.session = "vis_2";
    wires[0]!.onclose?.({ code: 4401 });
    await tick(1_000);
    expect(chat.state.changes).toEqual([]);
    expect(kept["token"]).toBe("new");
  });

  it("that has ended is taken from another tab, when that has renewed it", async () => {
    const { http, wires, tick, tab } = await live({ token: "old" });
    wires[0]!.onclose?.({ code: 4401 });
    tab({ token: "renewed" });
    await tick(1_000);
    expect(http.asked.map((request) => request.token)).toEqual(["old", "renewed"]);
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

/** A token about `sub`, as far as the browser can read it. */
const word = (sub: string) => `h.${btoa(JSON.stringify({ sub })).replace(/=/g, "")}.s`;
const refused = (code: string) => new ApiError({ status: 401, code, detail: "No" });

describe("who the visitor is", () => {
  it("is the site's word, given with the session and again with every new one", async () => {
    const { chat, http, wires, tick } = await live();
    http.answer = { verified: true, resumed: false };
    http.session = "vis_2";
    chat.identify(word("ann"));
    await tick();
    expect(chat.state.verified).toBe(true);
    wires[1]!.ready();
    wires[1]!.onclose?.({ code: 4401 });
    await tick(1_000);
    expect(http.asked.slice(1)).toMatchObject([{ token: "t1", identity: word("ann") }, { token: "t2", identity: word("ann") }]);
  });

  it("said again of the same person loses nothing that is shown", async () => {
    const { chat, http, wires, tick } = await live();
    wires[0]!.say(said(1));
    http.answer = { verified: true, resumed: true };
    chat.identify(word("ann"));
    chat.send("on its way");
    await tick();
    wires[1]!.ready();
    expect(chat.state.changes.map(({ seq }) => seq)).toEqual([1]);
    expect(wires[1]!.sent.filter((frame) => frame["op"] === "send")).toMatchObject([{ text: "on its way" }]);
  });

  it("takes what an anonymous visitor still had to send along", async () => {
    const { chat, http, wires, tick } = await live();
    chat.send("before signing in");
    http.answer = { verified: true, resumed: false };
    http.session = "vis_2";
    chat.identify(word("ann"));
    await tick();
    wires[1]!.ready();
    expect(wires[1]!.sent.filter((frame) => frame["op"] === "send")).toMatchObject([{ text: "before signing in" }]);
  });

  it("somebody else is shown nothing, sends nothing and has no token of the one before", async () => {
    const { chat, http, wires, kept, tick } = await live({ token: "anns|ann", draft: "Ann writes", answered: "1" }, true, { verified: true });
    wires[0]!.say(said(1));
    wires[0]!.onclose?.({ code: 1006 });
    chat.send("Ann's secret");
    const { person } = chat.state;
    http.answer = { verified: true, resumed: false };
    http.session = "vis_2";
    chat.identify(word("bob"));
    expect(chat.state).toMatchObject({ changes: [], unsent: [], verified: false, answered: false, person: person + 1 });
    await tick();
    wires.at(-1)!.ready();
    expect(http.ended).toEqual(["t1"]);
    expect(http.asked.at(-1)).toMatchObject({ identity: word("bob") });
    expect(http.asked.at(-1)!.token).toBeUndefined();
    expect(wires.at(-1)!.sent.filter((frame) => frame["op"] === "send")).toEqual([]);
    expect(kept["token"]).toBe("t2|bob");
    expect(JSON.stringify(kept)).not.toMatch(/Ann|anns/);
  });

  it("is told to the page when it is not taken, and the visitor goes on as anybody", async () => {
    const { chat, http, events, tick } = await live();
    http.word = refused("identity.expired");
    chat.identify(word("ann"));
    await tick();
    expect(events).toEqual([["error", { code: "identity.expired", detail: "No" }]]);
    expect(http.asked.at(-1)).toMatchObject({ token: "t1" });
    expect(http.asked.at(-1)!.identity).toBeUndefined();
    expect(chat.state.verified).toBe(false);
  });

  it("that is not taken does not open what was another's", async () => {
    const { chat, http, tick } = await live({ token: "anns|ann" }, true, { verified: true });
    http.answer = {};
    http.word = refused("identity.signature");
    chat.identify(word("bob"));
    await tick();
    expect(http.asked.slice(1).map(({ token }) => token)).toEqual([undefined, undefined]); // with its word and without
  });

  it("that is not taken any more leaves the same person their session", async () => {
    const { chat, http, kept, tick } = await live();
    http.answer = { verified: true };
    chat.identify(word("ann"));
    await tick();
    http.word = refused("identity.expired");
    chat.identify(`${word("ann")}2`);
    await tick();
    expect(http.asked.at(-1)).toMatchObject({ token: "t2" });
    expect(kept["token"]).toBe("t4|ann");
  });

  it("is wanted by a chat for those who signed in, and asked for in the visitor's words", async () => {
    const { chat, http, tick } = begin({}, true, refused("identity.required"));
    await tick();
    expect(chat.state).toMatchObject({ phase: "refused", signIn: true });
    http.answer = { verified: true };
    chat.identify(word("ann"));
    await tick();
    expect(chat.state).toMatchObject({ phase: "connecting", verified: true });
  });
});

describe("leaving", () => {
  it("ends the session, and nothing of it stays", async () => {
    const { chat, http, wires, kept, tick } = await live({ token: "t0|ann", draft: "half a thought", language: "ja" }, true, { verified: true });
    wires[0]!.say(said(1));
    wires[0]!.onclose?.({ code: 1006 });
    chat.send("unsent");
    chat.logout();
    expect(http.ended).toEqual(["t1"]);
    expect(chat.state).toMatchObject({ changes: [], unsent: [], phase: "connecting" });
    expect(kept).toEqual({ language: "ja" });
    await tick();
    expect(http.asked.at(-1)!.token).toBeUndefined();
    expect(kept["token"]).toBe("t2");
  });

  it("asks for no session behind a closed chat", async () => {
    const { chat, http, look, tick } = await live();
    look(false);
    chat.logout();
    await tick(60_000);
    expect(http.asked).toHaveLength(1);
    chat.start();
    await tick();
    expect(http.asked).toHaveLength(2);
  });

  it("in one tab is leaving in all of them, without a second goodbye", async () => {
    const { chat, http, wires, tab, tick } = await live({ token: "t0|ann" });
    wires[0]!.say(said(1));
    chat.send("unsent");
    tab({ token: undefined });
    expect(chat.state).toMatchObject({ changes: [], unsent: [], person: 1 });
    await tick();
    expect(http.ended).toEqual([]);
    expect(http.asked.at(-1)!.token).toBeUndefined();
  });

  it("is heard from the server, too", async () => {
    const { chat, wires } = await live();
    wires[0]!.say(said(1));
    wires[0]!.say({ op: "error", code: "visitor.logged_out", detail: "" });
    expect(chat.state).toMatchObject({ changes: [], person: 1 });
  });
});

describe("another tab", () => {
  it("that signed in as somebody else is followed, and this tab's word is not said again", async () => {
    const { chat, http, wires, tab, tick } = await live();
    http.answer = { verified: true, resumed: false };
    http.session = "vis_2";
    chat.identify(word("ann"));
    await tick();
    wires[1]!.ready();
    wires[1]!.say(said(1));
    chat.send("Ann's");
    wires[1]!.say({ op: "error", code: "identity.subject_changed", detail: "" });
    tab({ token: "bobs|bob" });
    expect(chat.state).toMatchObject({ changes: [], unsent: [] });
    await tick();
    expect(http.asked.at(-1)).toMatchObject({ token: "bobs" });
    expect(http.asked.at(-1)!.identity).toBeUndefined();
  });

  it("that has a session of nobody in particular takes neither this tab's word nor its session", async () => {
    const { chat, http, wires, kept, tab, tick } = await live();
    http.answer = { verified: true, resumed: false };
    http.session = "vis_2";
    chat.identify(word("ann"));
    tab({ token: "nobodys" }); // while it is said
    await tick();
    expect(http.asked).toHaveLength(2);
    expect(kept["token"]).toBe("t2|ann");
    wires[1]!.ready();
    wires[1]!.say(said(1));
    tab({ token: "nobodys" });
    await tick();
    expect(kept["token"]).toBe("t2|ann");
    expect(http.asked).toHaveLength(2);
    expect(chat.state.changes).toHaveLength(1);
  });

  it("with a session of its own: the last one kept is shown in both, nothing of the two mixed", async () => {
    const { chat, http, wires, tab, tick } = await live();
    wires[0]!.say(said(1));
    http.session = "vis_2";
    http.answer = { token: "theirs" };
    tab({ token: "theirs" });
    await tick();
    expect(http.asked.at(-1)).toMatchObject({ token: "theirs" });
    expect(chat.state.changes).toEqual([]);
    await tick(60_000);
    expect(http.asked).toHaveLength(2);
  });
});
