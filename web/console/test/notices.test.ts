import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AppNotification, NotificationPreferences } from "@patchbay/client/types";
import { alertsFor } from "@/notifications/alerts";
import { badge, byDay, lacks, onlyUnread, withNew, withRead, type NotificationPages } from "@/notifications/list";
import { rulesOf, zones } from "@/notifications/preferences";
import { kinds } from "@/notifications/sentence";
import { firstOf, Reading } from "@/notifications/tabs";
import { reasonText, statusText } from "@/shell/presence";

function notification(id: string, more: Partial<AppNotification> = {}): AppNotification {
  return { id, kind: "mention", conversation_id: "cnv_1", text: "look", at: "2026-03-02T10:00:00Z", ...more };
}

function pages(...items: AppNotification[]): NotificationPages {
  return { pages: [{ items, unread: 0 }], pageParams: [undefined] };
}

const ids = (data: NotificationPages) => data.pages.flatMap((page) => page.items.map((item) => item.id));

describe("the list of notifications", () => {
  it("takes a new one on top, once", () => {
    const data = withNew(pages(notification("a")), notification("b"));
    expect(ids(data)).toEqual(["b", "a"]);
    expect(ids(withNew(data, notification("b")))).toEqual(["b", "a"]);
  });

  it("shows the last of several answers, unless the one before was read", () => {
    const answer = (id: string, more: Partial<AppNotification> = {}) => notification(id, { kind: "reply", ...more });
    expect(ids(withNew(pages(answer("a")), answer("b")))).toEqual(["b"]);
    expect(ids(withNew(pages(answer("a", { read_at: "2026-03-02T10:01:00Z" })), answer("b")))).toEqual(["b", "a"]);
    expect(ids(withNew(pages(answer("a", { conversation_id: "cnv_2" })), answer("b")))).toEqual(["b", "a"]);
    expect(ids(withNew(pages(notification("a")), notification("b")))).toEqual(["b", "a"]);
  });

  it("marks some or all as read and leaves every one in its place", () => {
    const data = pages(notification("a"), notification("b", { read_at: "2026-03-01T00:00:00Z" }), notification("c"));
    const some = withRead(data, ["a"], "2026-03-03T00:00:00Z");
    expect(some.pages[0]!.items.map((item) => item.read_at)).toEqual(["2026-03-03T00:00:00Z", "2026-03-01T00:00:00Z", undefined]);
    const all = withRead(data, "all", "2026-03-03T00:00:00Z");
    expect(all.pages[0]!.items.map((item) => item.read_at)).toEqual(["2026-03-03T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"]);
    expect(ids(onlyUnread(some))).toEqual(["c"]);
  });

  it("knows when it lacks something unread", () => {
    const data = pages(notification("a"), notification("b", { read_at: "2026-03-01T00:00:00Z" }));
    expect(lacks(data, 1)).toBe(false);
    expect(lacks(data, 2)).toBe(true);
    data.pages[0]!.next_cursor = "more";
    expect(lacks(data, 2)).toBe(false);
  });

  it("is told day by day", () => {
    const at = (hours: number) => new Date(2026, 2, 2, hours).toISOString();
    const days = byDay([notification("a", { at: at(23) }), notification("b", { at: at(1) }), notification("c", { at: at(-1) })]);
    expect(days.map((day) => day.items.map((item) => item.id))).toEqual([["a", "b"], ["c"]]);
    expect(byDay([])).toEqual([]);
  });

  it("has a badge of three letters at most", () => {
    expect([1, 99, 100, 5000].map(badge)).toEqual(["1", "99", "99+", "99+"]);
  });
});

describe("alerts", () => {
  const chosen: NotificationPreferences = {
    rules: { mention: { in_app: true, browser: true, sound: true }, reply: { in_app: true, browser: false, sound: true }, rating: { in_app: false, browser: true, sound: true } },
    quiet_hours: { from: "22:00", to: "08:00", timezone: "Asia/Shanghai" },
  };
  const noon = { now: new Date("2026-03-02T04:00:00Z"), reading: false, granted: true };

  it("are what the member chose", () => {
    expect(alertsFor(notification("a"), chosen, noon)).toEqual({ browser: true, sound: true });
    expect(alertsFor(notification("a", { kind: "reply" }), chosen, noon)).toEqual({ browser: false, sound: true });
    expect(alertsFor(notification("a", { kind: "rating" }), chosen, noon)).toEqual({ browser: false, sound: false });
    expect(alertsFor(notification("a", { kind: "assigned" }), chosen, noon)).toEqual({ browser: false, sound: false });
  });

  it("are none about what is read, or in quiet hours where the member is", () => {
    expect(alertsFor(notification("a"), chosen, { ...noon, reading: true })).toEqual({ browser: false, sound: false });
    expect(alertsFor(notification("a"), chosen, { ...noon, now: new Date("2026-03-02T15:00:00Z") })).toEqual({ browser: false, sound: false });
    expect(alertsFor(notification("a"), chosen, { ...noon, now: new Date("2026-03-02T00:00:00Z") })).toEqual({ browser: true, sound: true });
  });

  it("of the browser need its permission", () => {
    expect(alertsFor(notification("a"), chosen, { ...noon, granted: false })).toEqual({ browser: false, sound: true });
  });
});

/** As much of the browser's locks as the console uses, shared by all tabs. */
class Locks {
  private readonly names: { name: string }[] = [];

  async request<T>(name: string, options: { ifAvailable?: boolean }, work: (lock: { name: string } | null) => Promise<T>): Promise<T> {
    if (options.ifAvailable && this.names.some((held) => held.name === name)) return work(null);
    const lock = { name };
    this.names.push(lock);
    try {
      return await work(lock);
    } finally {
      this.names.splice(this.names.indexOf(lock), 1);
    }
  }

  query(): Promise<{ held: { name: string }[] }> {
    return Promise.resolve({ held: [...this.names] });
  }
}

describe("several tabs", () => {
  const stored = new Map<string, string>();
  beforeEach(() => {
    stored.clear();
    vi.stubGlobal("localStorage", { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value), removeItem: (key: string) => stored.delete(key) });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("know what one of them shows, until it does no more", async () => {
    vi.stubGlobal("navigator", { locks: new Locks() });
    const [here, there] = [new Reading(), new Reading()];
    here.shows("cnv_1");
    expect([await here.anywhere("cnv_1"), await there.anywhere("cnv_1"), await there.anywhere("cnv_2")]).toEqual([true, true, false]);
    here.shows("cnv_2");
    await vi.waitFor(async () => expect([await there.anywhere("cnv_1"), await there.anywhere("cnv_2")]).toEqual([false, true]));
    here.shows(undefined);
    await vi.waitFor(async () => expect(await there.anywhere("cnv_2")).toBe(false));
  });

  it("tell of a thing once, even one that slept", async () => {
    vi.stubGlobal("navigator", { locks: new Locks() });
    expect([await firstOf("shown.a"), await firstOf("shown.a"), await firstOf("sound.a")]).toEqual([true, false, true]);
    for (let n = 0; n < 58; n++) await firstOf(`shown.${n}`);
    expect(await firstOf("shown.a")).toBe(false);
    await firstOf("shown.last");
    expect((stored.get("patchbay.alerted") ?? "").split(" ")).toHaveLength(60);
  });

  it("tell once though what one stores is not seen by the other yet", async () => {
    vi.stubGlobal("navigator", { locks: new Locks() });
    expect(await firstOf("shown.c")).toBe(true);
    stored.clear();
    expect(await firstOf("shown.c")).toBe(false);
  });

  it("work without locks, as one", async () => {
    vi.stubGlobal("navigator", {});
    const reading = new Reading();
    reading.shows("cnv_1");
    expect([await reading.anywhere("cnv_1"), await reading.anywhere("cnv_2")]).toEqual([true, false]);
    expect([await firstOf("shown.b"), await firstOf("shown.b")]).toEqual([true, false]);
  });
});

describe("preferences", () => {
  it("are a table without gaps", () => {
    const rules = rulesOf({ rules: { mention: { in_app: false, browser: true, sound: true } } });
    expect(Object.keys(rules)).toEqual([...kinds]);
    expect([rules.mention, rules.reply]).toEqual([
      { in_app: false, browser: true, sound: true },
      { in_app: true, browser: false, sound: false },
    ]);
  });

  it("offer a time zone that was chosen elsewhere, each once", () => {
    const offered = zones("Mars/Olympus");
    expect(offered).toContain("Mars/Olympus");
    expect(new Set(offered).size).toBe(offered.length);
  });
});

describe("presence", () => {
  const t = (key: string) => `<${key}>`;

  it("tells why somebody is away, in their words or the reader's", () => {
    expect(reasonText("lunch", t)).toBe("<presence.reasons.lunch>");
    expect(reasonText("看牙医", t)).toBe("看牙医");
    expect(statusText({ status: "away", reason: "lunch" }, t)).toBe("<presence.away> · <presence.reasons.lunch>");
    expect(statusText({ status: "away" }, t)).toBe("<presence.away>");
    expect(statusText({ status: "available", reason: "lunch" }, t)).toBe("<presence.available>");
    expect(statusText(undefined, t)).toBe("<presence.offline>");
  });
});
