import { describe, expect, it } from "vitest";
import { meetHost, type Host, type HostWindow } from "../src/frame/host";
import { seal } from "../src/relay";
import { blockedStorage, fakeStorage } from "./storage";

const shop = "https://shop.example";
const page = { url: `${shop}/cart`, title: "Cart", referrer: "", locale: "zh-CN" };

function world(options: { hash?: string; ancestor?: string; storage?: () => Storage } = {}) {
  const posted: { message: unknown; target: string }[] = [];
  const listeners: ((event: MessageEvent) => void)[] = [];
  const parent = { postMessage: (message: unknown, target: string) => void posted.push({ message, target }) };
  const storage = options.storage ?? (() => fakeStorage());
  const win: HostWindow = {
    parent,
    location: {
      hash: options.hash ?? `#${encodeURIComponent(shop)}`,
      origin: "https://chat.example",
      href: "https://chat.example/w/inb_1/frame.html",
      ancestorOrigins: options.ancestor === undefined ? undefined : { 0: options.ancestor, length: 1 },
    },
    document: { referrer: "", title: "Patchbay" },
    navigator: { language: "en" },
    get localStorage() {
      return storage();
    },
    addEventListener: (_: string, listener: unknown) => void listeners.push(listener as (event: MessageEvent) => void),
  };
  const deliver = (message: object, change: object = {}) => {
    const event = { origin: shop, source: parent, data: seal(message), ...change } as unknown as MessageEvent;
    for (const listener of listeners) listener(event);
  };
  return { win, posted, deliver };
}

const init = (store = {}) => ({ type: "init", page, store, open: true, focus: true });
const settled = async (promise: Promise<Host>) => Promise.race([promise, Promise.resolve("waiting")]);

describe("meeting the loader", () => {
  it("says ready to the named origin alone, and takes its answer", async () => {
    const { win, posted, deliver } = world({ ancestor: shop });
    const meeting = meetHost(win, false);
    expect(posted).toEqual([{ message: seal({ type: "ready" }), target: shop }]);
    deliver(init({ token: "t1" }));
    const host = await meeting;
    expect(host).toMatchObject({ origin: shop, page, embedded: true, store: { token: "t1" } });
  });

  it("ignores an init from elsewhere", async () => {
    const { win, deliver } = world();
    const meeting = meetHost(win, false);
    deliver(init(), { origin: "https://evil.example" });
    deliver(init(), { source: {} });
    deliver(init(), { data: { ...init() } });
    await expect(settled(meeting)).resolves.toBe("waiting");
  });

  it("sends tokens only to the origin it met", async () => {
    const { win, posted, deliver } = world();
    const meeting = meetHost(win, false);
    deliver(init());
    (await meeting).put("token", "secret");
    expect(posted.at(-1)).toEqual({ message: seal({ type: "put", key: "token", value: "secret" }), target: shop });
    expect(posted.every(({ target }) => target === shop)).toBe(true);
  });

  it.each([
    ["lies about its origin", { ancestor: "https://evil.example" }],
    ["names no origin", { hash: "" }],
    ["has an opaque origin", { hash: "#null" }],
    ["names a script", { hash: "#javascript:alert(1)" }],
  ])("says nothing to a page that %s, and keeps nothing", async (_, options) => {
    const kept = fakeStorage();
    const { win, posted } = world({ ...options, storage: () => kept });
    const host = await meetHost(win, false);
    host.put("token", "secret");
    expect(host).toMatchObject({ origin: "null", embedded: false });
    expect(posted).toEqual([]);
    expect({ ...kept }).toEqual({});
  });

  it("tells whoever watches how it is, and what changes", async () => {
    const { win, deliver } = world();
    const meeting = meetHost(win, false);
    deliver(init());
    const seen: unknown[] = [];
    (await meeting).watch((open, focus) => seen.push([open, focus]));
    deliver({ type: "hidden" });
    deliver({ type: "shown", focus: true });
    expect(seen).toEqual([
      [true, true],
      [false, false],
      [true, true],
    ]);
  });
});

describe("a page of its own", () => {
  it("keeps its values under its own address", async () => {
    const kept = fakeStorage({ other: "x" });
    const { win } = world({ hash: "", storage: () => kept });
    (await meetHost(win, true)).put("token", "t1");
    expect((await meetHost(win, true)).store).toEqual({ token: "t1" });
    expect((await meetHost(win, true)).origin).toBe("https://chat.example");
  });

  it("works where storage is blocked", async () => {
    const { win } = world({ hash: "", storage: blockedStorage });
    const host = await meetHost(win, true);
    host.put("token", "t1");
    expect(host.store).toEqual({ token: "t1" }); // for as long as the window
  });

  it("hears what another tab keeps and takes away", async () => {
    const { win, deliver } = world();
    const meeting = meetHost(win, false);
    deliver(init({ token: "t1", draft: "x" }));
    const host = await meeting;
    const heard: string[] = [];
    host.onKept((key) => heard.push(key));
    deliver({ type: "kept", key: "token", value: "t2" });
    deliver({ type: "kept", key: "draft", value: null });
    deliver({ type: "kept", key: "token", value: "evil" }, { origin: "https://evil.example" });
    expect(heard).toEqual(["token", "draft"]);
    expect(host.store).toEqual({ token: "t2" });
  });
});
