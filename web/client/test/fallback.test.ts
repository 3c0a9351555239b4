import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VisitorSocket } from "../src/live/visitor";
import { VisitorHttp, type VisitorMessage } from "../src/live/visitorhttp";
import { ApiError } from "../src/problem";
import type { PublicChange } from "../src/types";
import { FakeNetwork } from "./fakesocket";

/** The HTTP side of a server: one conversation, and switches to break it. */
class FakeHttp extends VisitorHttp {
  changesStored: PublicChange[] = [];
  fail?: ApiError;
  tokens: string[] = [];
  posts = 0;

  constructor() {
    super("inb_1");
  }

  store(message: Partial<VisitorMessage> & { text: string }): PublicChange {
    const seq = this.changesStored.length + 1;
    const sender = { kind: message.client_msg_id ? ("visitor" as const) : ("agent" as const) };
    const change: PublicChange = { seq, type: "message", at: "2026-01-01T00:00:00.000Z", message: { id: `msg_${seq}`, sender, ...message } };
    this.changesStored.push(change);
    return change;
  }

  override async changes(token: string, after: number) {
    this.tokens.push(token);
    if (this.fail) throw this.fail;
    return { epoch: "e1", items: this.changesStored.slice(after), last_public_seq: this.changesStored.length, has_more: false };
  }

  override async postMessage(token: string, message: VisitorMessage) {
    this.tokens.push(token);
    this.posts++;
    if (this.fail) throw this.fail;
    const old = this.changesStored.find((change) => change.message?.client_msg_id === message.client_msg_id);
    return { change: old ?? this.store(message) };
  }
}

function start(openSession?: () => Promise<never>) {
  const network = new FakeNetwork();
  const http = new FakeHttp();
  const shown: string[] = [];
  let sessions = 0;
  const socket = new VisitorSocket({
    ...network.environment,
    url: () => "ws://test/live",
    http,
    openSession: openSession ?? (async () => ({ token: `t${++sessions}`, session_id: "vis_1", expires_at: "", resumed: false, verified: false, settings: {} })),
    handlers: {
      change: (change) => shown.push(change.message?.text ?? change.type),
      reset: () => void shown.splice(0),
    },
  });
  socket.start();
  return { network, http, shown, socket, sessions: () => sessions };
}

/** A visitor whose sockets never open: HTTP is in charge. */
async function startFallback() {
  const test = start();
  for (let i = 0; i < 2; i++) {
    await vi.advanceTimersByTimeAsync(2_000);
    test.network.last.drop();
  }
  await vi.advanceTimersByTimeAsync(10);
  return test;
}

const message = (text: string) => ({ client_msg_id: `id-${text}`, text });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a visitor without WebSockets", () => {
  it("sends at once, in order, and does not wait for the next poll", async () => {
    const { socket, shown, http } = await startFallback();
    for (const text of ["a", "b", "c"]) socket.send(message(text));
    await vi.advanceTimersByTimeAsync(10);
    expect(shown).toEqual(["a", "b", "c"]);
    expect(http.posts).toBe(3);
    expect(socket.unsent).toEqual([]);
  });

  it("keeps a sent message in the outbox until what came before it is shown", async () => {
    const { socket, shown, http } = await startFallback();
    http.store({ text: "from the agent" });
    socket.send(message("mine"));
    const gaps: string[][] = [];
    for (let i = 0; i < 20; i++) {
      await Promise.resolve();
      gaps.push([...shown, ...socket.unsent.map((entry) => entry.item.text)]);
    }
    await vi.advanceTimersByTimeAsync(10);
    expect(gaps.every((seen) => seen.includes("mine"))).toBe(true);
    expect(shown).toEqual(["from the agent", "mine"]);
  });

  it("opens a new session when the server says the old one is over", async () => {
    const { http, sessions, network, shown } = await startFallback();
    http.store({ text: "old" });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(shown).toEqual(["old"]);
    http.fail = new ApiError({ status: 401, code: "unauthenticated" });
    await vi.advanceTimersByTimeAsync(7_000);
    http.fail = undefined;
    http.changesStored = [];
    await vi.advanceTimersByTimeAsync(7_000);
    expect(sessions()).toBe(2);
    expect(shown).toEqual([]);
    network.last.open();
    expect(network.last.frames("hello")[0]).toMatchObject({ token: "t2", after: 0 });
  });
});

describe("trying again by hand", () => {
  it("opens the session now instead of after the back-off", async () => {
    let asked = 0;
    const { socket } = start(async () => {
      asked++;
      throw new ApiError({ status: 503, code: "unavailable" });
    });
    await vi.advanceTimersByTimeAsync(60_000);
    const before = asked;
    socket.reconnect();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toBe(before + 1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBeLessThan(before + 6);
  });
});

it("asks for answers in the language of the page", async () => {
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => new Response(JSON.stringify({ items: [] })));
  vi.stubGlobal("fetch", fetched);
  await new VisitorHttp("inb_1", "https://chat.example", "zh-CN").changes("t", 0);
  expect(fetched.mock.calls[0]![1].headers).toMatchObject({ "Accept-Language": "zh-CN" });
  vi.unstubAllGlobals();
});
