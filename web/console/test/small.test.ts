import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { assignees } from "@/conversations/assignees";
import { eventSentence } from "@/conversations/events";
import { roomOf } from "@/writing/limit";
import { fieldTime, snoozeChoices } from "@/conversations/snooze";
import { HOT_MS, WARM_MS, waitingOf } from "@/conversations/waiting";
import { dayKey, duration, listTime, localized } from "@/i18n/format";
import { found } from "@/keys/commands";
import { diagnosis } from "@/shell/diagnosis";
import { dark, light, type Tokens } from "@/theme/tokens";
import { initials, tintOf } from "@/ui/avatar";
import { at, change, conversation } from "./fixtures";

describe("waitingOf", () => {
  const since = Date.parse(at(0));
  const waits = conversation("a", { waiting_since: at(0) });

  it("turns warm, then hot", () => {
    expect(waitingOf(waits, since + WARM_MS - 1)?.level).toBe("calm");
    expect(waitingOf(waits, since + WARM_MS)?.level).toBe("warm");
    expect(waitingOf(waits, since + HOT_MS)?.level).toBe("hot");
  });

  it("is nothing for the answered and the resolved, and never negative", () => {
    expect(waitingOf(conversation("a"), since)).toBeUndefined();
    expect(waitingOf({ ...waits, state: "resolved" }, since)).toBeUndefined();
    expect(waitingOf(waits, since - 5_000)?.ms).toBe(0);
  });
});

describe("roomOf", () => {
  it("counts characters as the server does", () => {
    expect(roomOf("👩‍👩‍👧", 10).left).toBe(5);
    expect(roomOf("  茶 ", 10).left).toBe(9);
  });

  it("is shown near the end and knows when it is over", () => {
    expect(roomOf("x".repeat(3_799), 4_000)).toEqual({ left: 201, near: false, over: false });
    expect(roomOf("x".repeat(3_800), 4_000).near).toBe(true);
    expect(roomOf("x".repeat(201), 200)).toEqual({ left: -1, near: true, over: true });
  });
});

describe("snoozeChoices", () => {
  it("offers mornings to come", () => {
    const saturday = new Date(2026, 10, 21, 15, 30);
    const times = Object.fromEntries(snoozeChoices(saturday).map(({ key, until }) => [key, fieldTime(until)]));
    expect(times).toEqual({ hour: "2026-11-21T16:30", hours: "2026-11-21T18:30", tomorrow: "2026-11-22T09:00", monday: "2026-11-23T09:00" });
  });

  it("means the next Monday on a Monday", () => {
    expect(fieldTime(snoozeChoices(new Date(2026, 10, 23, 8)).at(-1)!.until)).toBe("2026-11-30T09:00");
  });
});

describe("assignees", () => {
  const member = (id: string, name: string) => ({ id, name, suspended: false, account_id: "", email: "", role: "agent" as const, capacity: 5, limits: { chat: 0, message: 0, mail: 0, ticket: 0 }, created_at: "" });

  it("begin with oneself, then who is there", () => {
    const presence = new Map([["b", { member_id: "b", status: "away" as const, open: 0, capacity: 5 }], ["c", { member_id: "c", status: "available" as const, open: 2, capacity: 5 }]]);
    const list = assignees([member("a", "Z"), member("b", "B"), member("c", "C"), member("d", "D")], presence, "d");
    expect(list.map((one) => one.id)).toEqual(["d", "c", "b", "a"]);
    expect(list[1]!.load).toBe("2/5");
  });
});

describe("format", () => {
  it("keeps waiting times short", () => {
    expect([5_000, 61_000, 7_200_000, 200_000_000].map((ms) => duration(ms, "en"))).toEqual(["5s", "1m", "2h", "2d"]);
    expect(duration(61_000, "zh-CN")).toBe("1分钟");
  });

  it("names times by how long ago they are", () => {
    const now = new Date(2026, 10, 21, 12).getTime();
    expect(listTime(new Date(2026, 10, 21, 9, 5).toISOString(), now, "en")).toBe("09:05");
    expect(listTime(new Date(2026, 10, 19, 9).toISOString(), now, "en")).toBe("Thu");
    expect(listTime(new Date(2026, 7, 1).toISOString(), now, "en")).toBe("Aug 1");
    expect(dayKey(now)).toBe(dayKey(now + 1));
  });

  it("takes a plugin's text in the reader's language, else English, else any", () => {
    expect(localized({ en: "Chat", "zh-CN": "聊天" }, "zh-CN")).toBe("聊天");
    expect(localized({ en: "Chat" }, "zh-CN")).toBe("Chat");
    expect(localized({ de: "Plausch" }, "en")).toBe("Plausch");
    expect(localized(undefined, "en")).toBe("");
  });
});

describe("initials", () => {
  it("suit both scripts", () => {
    expect(["Ada Okafor", "ada", "林晓雨", "Lin Wei 林薇", "", "🙂"].map((name) => initials(name))).toEqual(["AO", "A", "晓雨", "林薇", "?", "?"]);
    expect(initials("林晓雨", 1)).toBe("雨");
    expect(tintOf("林晓雨")).toBe(tintOf("林晓雨"));
  });
});

describe("eventSentence", () => {
  const t = (key: string, values?: Record<string, unknown>) => `${key} ${JSON.stringify(values ?? {})}`;
  const agent = { kind: "agent" as const, id: "mem_1", name: "Lin" };

  it("tells apart who assigned", () => {
    const sentence = (actor: typeof agent | { kind: "system" }, data: Record<string, unknown>) => eventSentence(change(1, { type: "conversation.assigned", actor, data }), t, "en");
    expect(sentence({ kind: "system" }, { assignee_name: "Lin", by: "dispatch" })).toBe('events.dispatched {"name":"Lin"}');
    expect(sentence(agent, { assignee_id: "mem_1", assignee_name: "Lin", by: "member" })).toBe('events.taken {"name":"Lin"}');
    expect(sentence(agent, { assignee_id: "mem_2", assignee_name: "Marco", by: "member" })).toBe('events.assigned {"name":"Lin","assignee":"Marco"}');
  });

  it("knows every reason of the queue, and copes with a new one", () => {
    const reason = (value: string) => eventSentence(change(1, { type: "conversation.queued", data: { reason: value } }), t, "en");
    expect(reason("agent_lost")).toContain("agent_lost");
    expect(reason("moon_phase")).toContain("queued.new");
  });
});

describe("diagnosis", () => {
  it("names what the browser knows", () => {
    expect(diagnosis({ state: "connecting", failures: 0 }, 0).key).toBe("connecting");
    expect(diagnosis({ state: "refused", failures: 1 }, 0).key).toBe("refused");
    expect(diagnosis({ state: "waiting", trouble: "proxy", failures: 2, retryAt: 3_500, afterMs: 60_200 }, 0)).toEqual({ key: "proxy", values: { seconds: 4, after: 60 } });
  });
});

describe("found", () => {
  it("wants every word, in any order", () => {
    expect(found("Theme: Dark 主题", "dark theme")).toBe(true);
    expect(found("Theme: Dark 主题", "主题")).toBe(true);
    expect(found("Theme: Dark", "light theme")).toBe(false);
  });
});

describe("tokens", () => {
  const luminance = (hex: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string) => {
    const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const texts: [keyof Tokens, (keyof Tokens)[]][] = [
    ["text", ["bg", "surface", "sunken", "raised", "hover", "accentSoft", "bubbleIn", "bubbleOut"]],
    ["textSoft", ["bg", "surface", "sunken", "raised", "hover", "accentSoft"]],
    ["textFaint", ["surface", "sunken", "raised", "accentSoft"]],
    ["accent", ["surface", "sunken", "raised", "accentSoft", "bubbleIn", "bubbleOut"]],
    ["onAccent", ["accent", "accentHover"]],
    ["noteText", ["note"]],
    ["danger", ["surface", "sunken", "dangerSoft", "accentSoft"]],
    ["warn", ["surface", "sunken", "warnSoft"]],
    ["ok", ["surface", "okSoft"]],
    ["railText", ["rail"]],
  ];

  it.each([["light", light], ["dark", dark]] as [string, Tokens][])("%s: text reads on what it stands on, edges are seen", (_, tokens) => {
    for (const [text, grounds] of texts) for (const ground of grounds) expect(contrast(tokens[text], tokens[ground]), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    for (const ground of ["surface", "sunken"] as const) expect(contrast(tokens.edge, tokens[ground]), `edge on ${ground}`).toBeGreaterThanOrEqual(3);
  });
});

describe("shortcuts", () => {
  beforeEach(() => void vi.stubGlobal("navigator", { platform: "Linux" }));
  afterEach(() => void vi.unstubAllGlobals());

  it("leave typing, compositions and other keys alone", async () => {
    const { shortcutFor, keyNames } = await import("@/keys/shortcuts");
    const made = (keys: string, whileTyping = false) => ({ keys, whileTyping, label: "", group: "anywhere" as const, run: () => undefined });
    const known = [made("e"), made("Mod+k", true), made("?"), made("Escape")];
    const press = (key: string, over: object = {}) => shortcutFor({ key, target: null, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, defaultPrevented: false, ...over } as KeyboardEvent, known, true)?.keys;
    const field = { tagName: "TEXTAREA" } as unknown as EventTarget;
    expect(press("e")).toBe("e");
    expect(press("E")).toBe("e");
    expect(press("?")).toBe("?");
    expect(press("e", { target: field })).toBeUndefined();
    expect(press("e", { isComposing: true })).toBeUndefined();
    expect(press("e", { ctrlKey: true })).toBeUndefined();
    expect(press("k", { metaKey: true, target: field })).toBe("Mod+k");
    // The field of a dialog that closed a moment ago still has the focus.
    const closed = { tagName: "INPUT", closest: (selector: string) => selector === "dialog:not([open])" && {} };
    expect(press("e", { target: closed })).toBe("e");
    expect(shortcutFor({ key: "e", target: null } as KeyboardEvent, known, false)).toBeUndefined();
    expect(shortcutFor({ key: "Escape", target: null } as KeyboardEvent, known, false)?.keys).toBe("Escape");
    expect(keyNames("Mod+k")).toEqual(["Ctrl", "K"]);
  });
});
