import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@patchbay/client/api";
import { Bridge, bounds, type Page, type Port } from "@/frames/bridge";
import { Leased, MARGIN_MS, type Lease } from "@/frames/lease";

/** The page's end, and what it was told. */
class FakePort implements Port {
  onmessage: ((event: MessageEvent) => void) | null = null;
  closed = false;
  readonly said: { id?: unknown; result?: unknown; error?: { code: string }; event?: string; data?: unknown }[] = [];
  postMessage(message: unknown): void {
    this.said.push(structuredClone(message) as (typeof this.said)[number]);
  }
  close(): void {
    this.closed = true;
  }
  async ask(raw: unknown): Promise<void> {
    this.onmessage?.({ data: raw } as MessageEvent);
    await vi.advanceTimersByTimeAsync(0);
  }
  answer(id: unknown) {
    const all = this.said.filter((one) => one.id === id);
    expect(all.length, `answers to ${String(id)}`).toBe(1);
    return all[0]!.error?.code ?? all[0]!.result;
  }
}

function open(more: Partial<Page> = {}) {
  const port = new FakePort();
  const heard: string[] = [];
  const page: Page = {
    context: () => ({ connection: "pin_1", panel: "orders", slot: "conversation.sidebar", locale: "en", theme: "light", tokens: {} }),
    call: (method, params) => Promise.resolve({ method, params }),
    resize: (height) => heard.push(`resize ${height}`),
    insertText: (text) => heard.push(`insert ${text}`),
    openSubject: (kind, id) => heard.push(`open ${kind} ${id}`),
    toast: (text, failed) => heard.push(`toast ${text} ${failed}`),
    leave: () => heard.push("leave"),
    touched: () => true,
    ...more,
  };
  return { port, heard, bridge: new Bridge(port, page, () => Date.now()) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a page", () => {
  it("is answered once, by the id it gave", async () => {
    const { port, heard } = open();
    await port.ask({ id: 1, method: "context" });
    await port.ask({ id: "b", method: "call", params: { method: "orders", params: [1] } });
    await port.ask({ id: 3, method: "resize", params: { height: 333.4 } });
    await port.ask({ id: 4, method: "insertText", params: { text: "Hi" } });
    await port.ask({ id: 5, method: "openSubject", params: { kind: "ticket", id: "tkt_1" } });
    await port.ask({ id: 6, method: "toast", params: { text: "done" } });
    await port.ask({ id: 7, method: "leave" });
    expect(port.answer(1)).toMatchObject({ connection: "pin_1" });
    expect(port.answer("b")).toEqual({ method: "orders", params: [1] });
    expect(heard).toEqual(["resize 333", "insert Hi", "open ticket tkt_1", "toast done false", "leave"]);
    expect(port.answer(7)).toBeNull();
  });

  it("is told of what changes", () => {
    const { port, bridge } = open();
    bridge.tell("locale", { locale: "zh-CN" });
    bridge.close();
    bridge.tell("locale", { locale: "en" });
    expect(port.said).toEqual([{ event: "locale", data: { locale: "zh-CN" } }]);
    expect(port.closed).toBe(true);
  });

  it("learns the code of what failed, and nothing behind it", async () => {
    const { port } = open({ call: (method) => Promise.reject(method === "api" ? new ApiError({ status: 503, code: "plugin.backoff", detail: "Later." }) : new TypeError("secret at /srv/x")) });
    await port.ask({ id: 1, method: "call", params: { method: "api" } });
    await port.ask({ id: 2, method: "call", params: { method: "bug" } });
    expect(port.said[0]!.error).toEqual({ code: "plugin.backoff", message: "Later." });
    expect(port.said[1]!.error).toEqual({ code: "failed", message: "The request failed." });
  });
});

describe("a hostile page", () => {
  it.each<[string, unknown]>([["nothing", null], ["text", "call"], ["no id", { method: "context" }], ["an object as id", { id: {}, method: "context" }], ["an endless id", { id: "x".repeat(65), method: "context" }], ["no method", { id: 1 }]])("that posts %s is not answered", async (_name, raw) => {
    const { port } = open();
    await port.ask(raw);
    expect(port.said).toEqual([]);
  });

  it("is refused what there is not", async () => {
    const { port, heard } = open({ insertText: undefined, touched: () => false });
    const asked: [unknown, string][] = [
      [{ method: "fetch" }, "unknown_method"], [{ method: "constructor" }, "unknown_method"], [{ method: "__proto__" }, "unknown_method"],
      [{ method: "insertText", params: { text: "x" } }, "not_here"], [{ method: "call", params: { method: "" } }, "invalid"], [{ method: "call", params: [] }, "invalid"],
      [{ method: "resize", params: { height: "9" } }, "invalid"], [{ method: "resize", params: { height: NaN } }, "invalid"],
      [{ method: "openSubject", params: { kind: "member", id: "mem_1" } }, "invalid"], [{ method: "openSubject", params: { kind: "ticket", id: "../settings" } }, "invalid"],
      [{ method: "openSubject", params: { kind: "ticket", id: "tkt_1" } }, "needs_gesture"], [{ method: "toast", params: { text: "x".repeat(201) } }, "invalid"],
    ];
    for (const [id, [request]] of asked.entries()) await port.ask({ id, ...(request as object) });
    expect(asked.map((_one, id) => port.answer(id))).toEqual(asked.map(([, code]) => code));
    expect(heard).toEqual([]);
  });

  it("stays within bounds of size", async () => {
    const { port, heard } = open({ call: () => Promise.resolve("y".repeat(bounds.size)) });
    await port.ask({ id: 1, method: "call", params: { method: "m", params: "x".repeat(bounds.size) } });
    await port.ask({ id: 2, method: "call", params: { method: "m" } });
    const round: Record<string, unknown> = {};
    round["self"] = round;
    await port.ask({ id: 3, method: "call", params: round });
    await port.ask({ id: 4, method: "resize", params: { height: 1e9 } });
    await port.ask({ id: 5, method: "resize", params: { height: -5 } });
    expect([1, 2, 3].map((id) => port.answer(id))).toEqual(["too_large", "too_large", "too_large"]);
    expect(heard).toEqual([`resize ${bounds.height.most}`, `resize ${bounds.height.least}`]);
  });

  it("stays within bounds of rate, and may go on after a pause", async () => {
    const { port } = open();
    for (let id = 0; id < bounds.burst + 5; id++) await port.ask({ id, method: "context" });
    expect(port.answer(bounds.burst - 1)).toHaveProperty("panel");
    expect(port.answer(bounds.burst)).toBe("rate_limited");
    await vi.advanceTimersByTimeAsync(1000);
    await port.ask({ id: "later", method: "context" });
    expect(port.answer("later")).toHaveProperty("panel");
    await port.ask({ id: "t1", method: "toast", params: { text: "a" } });
    await port.ask({ id: "t2", method: "toast", params: { text: "b" } });
    expect(port.answer("t2")).toBe("rate_limited");
  });

  it("does not keep more requests open than it may, nor any for ever", async () => {
    const { port } = open({ call: () => new Promise(() => undefined) });
    for (let id = 0; id <= bounds.atOnce; id++) await port.ask({ id, method: "call", params: { method: "m" } });
    expect(port.answer(bounds.atOnce)).toBe("too_many");
    await vi.advanceTimersByTimeAsync(bounds.timeout);
    expect(port.answer(0)).toBe("timeout");
    await port.ask({ id: "next", method: "context" });
    expect(port.answer("next")).toHaveProperty("panel");
  });

  it("cannot take another request's id", async () => {
    let done: (value: unknown) => void = () => undefined;
    const { port } = open({ call: () => new Promise((resolve) => (done = resolve)) });
    await port.ask({ id: 1, method: "call", params: { method: "m" } });
    await port.ask({ id: 1, method: "context" });
    expect(port.said).toEqual([{ id: 1, error: { code: "duplicate_id", message: expect.any(String) as string } }]);
    done("first");
    await vi.advanceTimersByTimeAsync(0);
    expect(port.said[1]).toEqual({ id: 1, result: "first" });
  });

  it("is no longer heard after too much nonsense", async () => {
    const { port } = open();
    for (let i = 0; i < bounds.refusals; i++) await port.ask("nonsense");
    expect(port.closed).toBe(true);
    await port.ask({ id: 1, method: "context" });
    expect(port.said).toEqual([]);
  });

  it("does not say anything after it was closed", async () => {
    let done: (value: unknown) => void = () => undefined;
    const { port, bridge } = open({ call: () => new Promise((resolve) => (done = resolve)) });
    await port.ask({ id: 1, method: "call", params: { method: "m" } });
    bridge.close();
    done("late");
    await vi.advanceTimersByTimeAsync(0);
    expect(port.said).toEqual([]);
  });
});

describe("a lease", () => {
  const LIFE = 600_000;

  function lease(fail: { times: number } = { times: 0 }) {
    let version = 1;
    let asked = 0;
    const shown: string[] = [];
    const held = new Leased(
      () => {
        asked++;
        if (fail.times-- > 0) return Promise.reject(new ApiError({ status: 503, code: "plugin.backoff" }));
        return Promise.resolve<Lease>({ src: `/frames/p/n/${version}/index.html`, token: `t${asked}`, expires_at: new Date(Date.now() + LIFE).toISOString() });
      },
      (src) => shown.push(src),
      () => Date.now(),
    );
    return { held, shown, asked: () => asked, upgrade: () => (version = 2) };
  }

  it("is renewed before it ends, and the page only when it is another one", async () => {
    const { held, shown, asked, upgrade } = lease();
    await held.begin();
    await vi.advanceTimersByTimeAsync(LIFE - MARGIN_MS);
    expect(asked()).toBe(2);
    expect(shown).toHaveLength(1);
    upgrade();
    await vi.advanceTimersByTimeAsync(LIFE);
    expect(shown).toEqual(["/frames/p/n/1/index.html", "/frames/p/n/2/index.html"]);
    held.end();
    const before = asked();
    await vi.advanceTimersByTimeAsync(LIFE * 2);
    expect(asked()).toBe(before);
  });

  it("is asked for again until there is one", async () => {
    const fail = { times: 0 };
    const { held, asked } = lease(fail);
    await held.begin();
    fail.times = 3;
    await vi.advanceTimersByTimeAsync(LIFE - MARGIN_MS + 40_000);
    expect(asked()).toBe(5);
    expect(await held.use((token) => Promise.resolve(token))).toBe("t5");
    held.end();
  });

  it("gives a fresh token after a sleep, once for all who ask, and when the server wants one", async () => {
    const { held, asked } = lease();
    await held.begin();
    vi.setSystemTime(Date.now() + LIFE);
    expect(await Promise.all([held.use((token) => Promise.resolve(token)), held.use((token) => Promise.resolve(token))])).toEqual(["t2", "t2"]);
    const used: string[] = [];
    const result = held.use((token) => {
      used.push(token);
      return used.length === 1 ? Promise.reject(new ApiError({ status: 401, code: "panel.frame_token" })) : Promise.resolve("ok");
    });
    expect(await result).toBe("ok");
    expect(used).toEqual(["t2", "t3"]);
    await expect(held.use(() => Promise.reject(new ApiError({ status: 503, code: "plugin.backoff" })))).rejects.toThrow();
    expect(asked()).toBe(3);
    held.end();
  });
});

describe("the client for pages", () => {
  const path = new URL("../../../sdk/ui/patchbay-frame.js", import.meta.url);

  it("stays small", () => expect(readFileSync(path).length).toBeLessThanOrEqual(3 * 1024));

  it("talks with the bridge", async () => {
    vi.useRealTimers();
    const listeners: Record<string, (event: unknown) => void> = {};
    const style = new Map<string, string>();
    const root = { dataset: {} as Record<string, string>, lang: "", style: { setProperty: (name: string, value: string) => void style.set(name, value) }, hasAttribute: () => true };
    const parent = {};
    const window: { patchbay?: { call: (method: string, params?: unknown) => Promise<unknown>; on: (event: string, heard: (data: unknown) => void) => () => void } } = {};
    const scope = { document: { documentElement: root }, window, parent, addEventListener: (type: string, listener: (event: unknown) => void) => (listeners[type] = listener) };
    new Function(...Object.keys(scope), readFileSync(path, "utf8"))(...Object.values(scope));
    const { port1, port2 } = new MessageChannel();
    // Somebody else's port is not taken.
    const other = new MessageChannel();
    listeners["message"]!({ source: {}, data: { patchbay: 1 }, ports: [other.port1] });
    listeners["message"]!({ source: parent, data: { patchbay: 1 }, ports: [port2] });
    const bridge = new Bridge(port1 as unknown as Port, {
      context: () => ({ connection: "c", panel: "p", slot: "navigation", locale: "zh-CN", theme: "dark", tokens: { textSoft: "#abc" } }),
      call: (method) => (method === "good" ? Promise.resolve(42) : Promise.reject(new ApiError({ status: 409, code: "far.refused", detail: "No." }))),
      resize: () => undefined, openSubject: () => undefined, toast: () => undefined, leave: () => undefined, touched: () => false,
    });
    expect(await window.patchbay!.call("good")).toBe(42);
    await expect(window.patchbay!.call("bad")).rejects.toMatchObject({ code: "far.refused", message: "No." });
    expect([root.lang, root.dataset["theme"], style.get("--text-soft")]).toEqual(["zh-CN", "dark", "#abc"]);
    const told = new Promise((resolve) => window.patchbay!.on("subject", resolve));
    bridge.tell("subject", { ticket_id: "tkt_1" });
    expect(await told).toEqual({ ticket_id: "tkt_1" });
    bridge.close();
    other.port1.close();
    other.port2.close();
  });
});
