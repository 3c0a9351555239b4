import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Attribute, Contact, JourneyItem } from "@patchbay/client/types";
import { Going } from "@/people/contact/going";
import { isShow, keyOf, layOn, linesOf, openable, renew, shortAddress } from "@/people/contact/journey";
import { byContact, mergedDetails, newAttributes, refused } from "@/people/contact/merging";
import { assign, choices, matchFor, matchable, percent, working } from "@/people/importing/mapping";
import { domainsOf } from "@/people/organisations/domains";
import { barsOf, since } from "@/people/ratings/ratings";
import { nextRow } from "@/people/rows";

const contact = (over: Partial<Contact> = {}): Contact => ({ id: "con_1", name: "", email: "", phone: "", note: "", attributes: {}, identities: [], verified: false, created_at: "2026-11-01T08:00:00Z", updated_at: "2026-11-01T08:00:00Z", ...over });

/** The n-th message of a conversation, a minute after the one before. */
function message(n: number, conversation = "cnv_1"): JourneyItem {
  const at = new Date(Date.UTC(2026, 10, 1, 8, n)).toISOString();
  const actor = { kind: "contact", name: "Fang" } as const;
  const written = { id: `msg_${n}`, client_msg_id: `${n}`, conversation_id: conversation, kind: "text", text: `${n}`, sender: actor, created_at: at } as const;
  return { at, kind: "message", conversation_id: conversation, inbox_id: "inb_1", change: { id: `chg_${conversation}_${n}`, conversation_id: conversation, seq: n, at, actor, type: "message.created", message: written } };
}

function note(id: string, text: string, at = "2026-11-01T08:30:00Z"): JourneyItem {
  return { at, kind: "contact_note", note: { id, text, author: { kind: "agent" }, created_at: at, updated_at: at } };
}

const keysOf = (items: readonly JourneyItem[]) => items.map(keyOf);

describe("a journey that goes on", () => {
  const held = [4, 3, 2, 1].map((n) => message(n));

  it("takes what is new on top, and keeps what is older than the page", () => {
    const next = renew(held, { items: [6, 5, 4, 3].map((n) => message(n)), next_cursor: "c" });
    expect(next).toMatchObject({ fresh: 2, gap: false });
    expect(keysOf(next.items)).toEqual(keysOf([6, 5, 4, 3, 2, 1].map((n) => message(n))));
  });

  it("takes new content, and lets go of what the page should hold and does not", () => {
    const before = [message(5), note("nte_1", "old"), note("nte_2", "gone"), message(2), message(1)];
    const next = renew(before, { items: [message(5), note("nte_1", "new"), message(2)], next_cursor: "c" });
    expect(next.fresh).toBe(0);
    expect(keysOf(next.items)).toEqual(keysOf([message(5), note("nte_1", ""), message(2), message(1)]));
    expect(next.items[1]!.note?.text).toBe("new");
  });

  it("lets everything go when a page does not reach what is held", () => {
    const next = renew(held, { items: [9, 8].map((n) => message(n)), next_cursor: "c" });
    expect(next).toMatchObject({ fresh: 2, gap: true });
    expect(keysOf(next.items)).toEqual(keysOf([9, 8].map((n) => message(n))));
  });

  it("is the page alone when that is all there is", () => {
    const all = [message(5), message(4)];
    expect(renew(held, { items: all })).toEqual({ items: all, fresh: 1, gap: false });
    expect(renew([], { items: all })).toEqual({ items: all, fresh: 2, gap: false });
  });

  it("lays items on the pages they stand on", () => {
    const pages = [{ items: [message(4), message(3)], next_cursor: "a" }, { items: [message(2), message(1)] }];
    const next = layOn(pages, [5, 4, 3, 2].map((n) => message(n)));
    expect(next.map((page) => keysOf(page.items))).toEqual([keysOf([5, 4, 3].map((n) => message(n))), keysOf([message(2)])]);
    expect(next.map((page) => page.next_cursor)).toEqual(["a", undefined]);
  });
});

describe("the lines of a journey", () => {
  it("tell days apart and name a conversation once a run", () => {
    const yesterday = { ...message(1), at: "2026-10-30T08:00:00Z" };
    const lines = linesOf([message(5, "cnv_2"), message(4), message(3), note("nte_1", "n"), message(2), yesterday]);
    expect(lines.map((line) => (line.kind === "conversation" ? line.conversation : line.kind))).toEqual(["day", "cnv_2", "item", "cnv_1", "item", "item", "item", "cnv_1", "item", "day", "cnv_1", "item"]);
    expect(new Set(lines.map((line) => line.key)).size).toBe(lines.length);
  });

  it("makes links of web addresses alone", () => {
    expect(openable("https://shop.example/a")).toBe("https://shop.example/a");
    expect(openable("javascript:alert(1)")).toBeUndefined();
    expect(openable("data:text/html,x")).toBeUndefined();
    expect(shortAddress("https://shop.example/")).toBe("shop.example");
    expect(shortAddress("https://shop.example/tea?x=1")).toBe("shop.example/tea");
    expect(shortAddress("not an address")).toBe("not an address");
    expect(isShow("pages")).toBe(true);
    expect(isShow("toString")).toBe(false);
  });
});

describe("a merge", () => {
  const stays = contact({ name: "Fang", email: "fang@example.com", attributes: { tier: "gold" } });
  const goes = contact({ id: "con_2", name: "Wang Fang", phone: "+8613800138000", organisation: { id: "org_1", name: "Tea" }, attributes: { tier: "silver", city: "杭州" } });

  it("keeps the details of the one that stays and fills what it lacks", () => {
    expect(mergedDetails(stays, goes)).toEqual([
      { field: "name", value: "Fang", filled: false },
      { field: "email", value: "fang@example.com", filled: false },
      { field: "phone", value: "+8613800138000", filled: true },
      { field: "organisation", value: "Tea", filled: true },
    ]);
    expect(newAttributes(stays, goes)).toBe(1);
  });

  it("never goes from a verified contact into one that is not", () => {
    const verified = contact({ verified: true });
    expect([refused(stays, verified), refused(verified, stays), refused(stays, goes), refused(verified, verified)]).toEqual([true, false, false, false]);
  });

  it("names a candidate once, with all it has in common", () => {
    const found = byContact([{ contact: goes, reason: "phone" }, { contact: stays, reason: "name" }, { contact: goes, reason: "name" }]);
    expect(found.map((one) => [one.contact.id, one.reasons])).toEqual([["con_2", ["phone", "name"]], ["con_1", ["name"]]]);
  });
});

describe("the mapping of a table", () => {
  it("gives a field to one column alone", () => {
    expect(assign({ 0: "name", 1: "email" }, 2, "email")).toEqual({ 0: "name", 2: "email" });
    expect(assign({ 0: "name", 1: "email" }, 1, "")).toEqual({ 0: "name" });
    expect(assign({ 0: "name" }, 0, "phone")).toEqual({ 0: "phone" });
  });

  it("matches by what is mapped", () => {
    expect(matchable({ 0: "phone", 1: "name" })).toEqual(["phone", "none"]);
    expect(matchFor({ 0: "email", 1: "phone" }, "phone")).toBe("phone");
    expect(matchFor({ 0: "name" }, "phone")).toBe("none");
    expect(matchFor({ 0: "email" }, "none")).toBe("email");
  });

  it("offers the attributes of contacts", () => {
    const attribute = (target: Attribute["target"], key: string): Attribute => ({ id: key, target, key, name: key, type: "text", required: false, created_at: "" });
    expect(choices([attribute("contact", "tier"), attribute("conversation", "order")]).map((one) => one.value)).toEqual(["name", "email", "phone", "external_id", "organisation", "note", "attributes.tier"]);
  });

  it("tells how far it is", () => {
    expect([percent({ position: 999, rows: 1000 }), percent({ position: 5, rows: 0 }), percent({ position: 3, rows: 3 })]).toEqual([99, 0, 100]);
    expect([working("running"), working("checking"), working("checked"), working("done")]).toEqual([true, true, false, false]);
  });
});

describe("what goes with a way back", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is out of sight at once, and gone after a while unless it is kept", async () => {
    const removed: [string, boolean][] = [];
    const going = new Going(async (id, leaving) => void removed.push([id, leaving]));
    going.begin("a");
    going.begin("b");
    expect([...going.ids.value]).toEqual(["a", "b"]);
    going.keep("a");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(removed).toEqual([["b", false]]);
    expect([...going.ids.value]).toEqual(["b"]);
  });

  it("goes at once when the page is left, and once", async () => {
    const removed: [string, boolean][] = [];
    const going = new Going(async (id, leaving) => void removed.push([id, leaving]));
    going.begin("a");
    going.now(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(removed).toEqual([["a", true]]);
  });
});

describe("small things", () => {
  it("reads domains as people write them", () => {
    expect(domainsOf(" @Example.com\nexample.com，tea.example; ")).toEqual(["example.com", "tea.example"]);
    expect(domainsOf("  ")).toEqual([]);
  });

  it("goes from row to row and never off an end", () => {
    expect([nextRow(3, -1, 1), nextRow(3, -1, -1), nextRow(3, 2, 1), nextRow(3, 0, -1), nextRow(3, 1, -1), nextRow(3, 0, "last"), nextRow(0, -1, 1)]).toEqual([0, 0, 2, 0, 0, 2, -1]);
  });

  it("draws how often each score was given", () => {
    const bars = barsOf({ count: 8, average: 4.2, by_score: { "5": 4, "4": 2, "1": 2 } });
    expect(bars.map((bar) => [bar.score, bar.count, bar.percent, bar.width])).toEqual([[5, 4, 50, 100], [4, 2, 25, 50], [3, 0, 0, 0], [2, 0, 0, 0], [1, 2, 25, 50]]);
    expect(barsOf({ count: 0, average: 0, by_score: {} }).every((bar) => bar.width === 0 && bar.percent === 0)).toBe(true);
  });

  it("begins a period with the day", () => {
    const now = Date.parse("2026-11-21T15:30:00Z");
    expect(since("all", now)).toBeUndefined();
    const begin = new Date(since("7", now)!);
    expect([begin.getHours(), begin.getMinutes()]).toEqual([0, 0]);
    expect(now - begin.getTime()).toBeGreaterThanOrEqual(7 * 86_400_000);
  });
});
