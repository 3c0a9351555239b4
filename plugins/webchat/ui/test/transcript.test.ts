import type { PublicChange } from "@patchbay/client/types";
import { languages } from "../src/locale";
import { describe, expect, it } from "vitest";
import { languageOf, daysBetween, waitText } from "../src/frame/i18n";
import en from "../src/frame/locales/en.json";
import ru from "../src/frame/locales/ru.json";
import zh from "../src/frame/locales/zh-CN.json";
import type { Unsent } from "../src/frame/state";
import { isResolved, transcript, type MessageRow, type Row } from "../src/frame/transcript";

let seq = 0;
const at = (minutes: number, day = 1) => new Date(2026, 2, day, 12, minutes);
const message = (kind: "visitor" | "agent" | "system", time: Date, extra: object = {}): PublicChange => ({
  seq: ++seq,
  type: "message",
  at: time.toISOString(),
  message: { id: `msg_${seq}`, sender: { kind, ...(kind === "agent" && { name: "Lin" }) }, text: `t${seq}`, ...extra },
});
const event = (type: PublicChange["type"], time = at(0)): PublicChange => ({ seq: ++seq, type, at: time.toISOString(), name: "Lin" });
const unsent = (id: string, time: Date, state: Unsent["state"] = "queued"): Unsent => ({ item: { client_msg_id: id, text: id }, state, at: time.getTime() });
const messages = (rows: Row[]) => rows.filter((row): row is MessageRow => row.kind === "message");

describe("transcript", () => {
  it("shows a message once, as the same row, from writing to storing", () => {
    const entry = unsent("c1", at(1));
    const before = transcript([], [entry], true);
    const stored = message("visitor", at(1), { client_msg_id: "c1", text: "c1" });
    const between = transcript([stored], [entry], true);
    const after = transcript([stored], [], true);
    for (const rows of [before, between, after]) expect(messages(rows).map((row) => [row.key, row.text])).toEqual([["c1", "c1"]]);
    expect([before, between, after].map((rows) => messages(rows)[0]!.state)).toEqual(["sending", "sent", "sent"]);
  });

  it("shows what a message says by now where it stands, and nothing of one that was taken back", () => {
    const first = message("visitor", at(1), { text: "helo" });
    const second = message("agent", at(2), { text: "wrong person", reply_to: { id: first.message!.id, sender: { kind: "visitor" }, text: "helo" } });
    const quoting = message("visitor", at(3), { reply_to: { id: second.message!.id, sender: { kind: "agent" }, text: "wrong person" } });
    const edited = { ...event("edited", at(4)), message: { ...first.message!, text: "hello", edited: true } };
    const recalled = { ...event("recalled", at(5)), message: { ...second.message!, text: "", reply_to: undefined, recalled: true } };
    const rows = messages(transcript([first, second, quoting, edited, recalled], [], true));
    expect(rows.map((row) => [row.text, row.edited, row.recalled])).toEqual([["hello", true, undefined], ["", undefined, true], [quoting.message!.text, undefined, undefined]]);
    expect(rows[2]!.quote!.text).toBe("");
  });

  it("puts what is not stored at the end, in the order it was written", () => {
    const rows = transcript([message("agent", at(5))], [unsent("a", at(1)), unsent("b", at(2))], true);
    expect(messages(rows).map((row) => row.side + row.text.slice(0, 1))).toEqual(["agentt", "visitora", "visitorb"]);
  });

  it("says what each message waits for", () => {
    const entries = [unsent("a", at(1), "sending"), unsent("b", at(1), "queued"), unsent("c", at(1), "failed")];
    const states = (connected: boolean) => messages(transcript([], entries, connected)).map((row) => row.state);
    expect(states(true)).toEqual(["sending", "sending", "failed"]);
    expect(states(false)).toEqual(["waiting", "waiting", "failed"]);
  });

  it("says 'sent' only of the newest, and only while nobody answered", () => {
    const own = [message("visitor", at(1)), message("visitor", at(2))];
    expect(messages(transcript(own, [], true)).map((row) => row.state)).toEqual([undefined, "sent"]);
    expect(messages(transcript([...own, message("agent", at(3))], [], true)).map((row) => row.state)).toEqual([undefined, undefined, undefined]);
  });

  it("begins each day once, whatever the day begins with", () => {
    const rows = transcript([message("visitor", at(0)), message("agent", at(1)), event("agent_joined", at(0, 2)), message("agent", at(1, 2))], [], true);
    expect(rows.map((row) => row.kind)).toEqual(["day", "message", "message", "day", "event", "message"]);
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  });

  it("joins a run of one sender, and parts it by sender, pause, event and failure", () => {
    const runs = (rows: Row[]) => messages(rows).map((row) => `${row.first ? "[" : ""}${row.last ? "]" : ""}`);
    expect(runs(transcript([message("agent", at(0)), message("agent", at(1)), message("agent", at(2))], [], true))).toEqual(["[", "", "]"]);
    expect(runs(transcript([message("agent", at(0)), message("visitor", at(1))], [], true))).toEqual(["[]", "[]"]);
    expect(runs(transcript([message("agent", at(0)), message("agent", at(20))], [], true))).toEqual(["[]", "[]"]);
    expect(runs(transcript([message("agent", at(0)), event("resolved"), message("agent", at(1))], [], true))).toEqual(["[]", "[]"]);
    expect(runs(transcript([], [unsent("a", at(0), "failed"), unsent("b", at(0))], true))).toEqual(["[]", "[]"]);
  });
});

describe("isResolved", () => {
  it("follows the last word about the state; writing again reopens", () => {
    expect(isResolved([])).toBe(false);
    expect(isResolved([message("visitor", at(0)), event("resolved")])).toBe(true);
    expect(isResolved([event("resolved"), message("agent", at(0))])).toBe(true);
    expect(isResolved([event("resolved"), message("visitor", at(0))])).toBe(false);
    expect(isResolved([event("resolved"), event("reopened")])).toBe(false);
  });
});

describe("languages", () => {
  const all = import.meta.glob<Record<string, string>>("../src/frame/locales/*.json", { eager: true, import: "default" });

  it("are those that are offered", () => {
    expect(Object.keys(all).map((path) => path.match(/([\w-]+)\.json$/)![1]).sort()).toEqual(Object.keys(languages).sort());
  });

  it.each(Object.entries(all))("%s has every word, with its places for values", (_path, words) => {
    expect(Object.keys(words)).toEqual(Object.keys(en));
    const places = (of: Record<string, string>) => Object.values(of).map((word) => (word.match(/\{\w+\}/g) ?? []).sort());
    expect(places(words)).toEqual(places(en));
    expect(Object.values(words).filter((word) => word.trim() === "")).toEqual([]);
  });

  it("fill in values, even ones that look like places", () => {
    expect(languageOf("en", en).t("typing", { name: "{n} $& Lin" })).toBe("{n} $& Lin is typing");
    expect(languageOf("zh-CN", zh).t("queue.place", { n: 3 })).toBe("您排在第 3 位");
  });

  it("say how long it takes, with the word for minutes that the language has for so many", () => {
    const [english, chinese, russian] = [languageOf("en", en), languageOf("zh-CN", zh), languageOf("ru", ru)];
    expect(waitText(english, undefined)).toBeUndefined();
    expect(waitText(english, 60)).toBe("Expected wait: less than a minute");
    expect(waitText(english, 180)).toBe("Expected wait: about 3 minutes");
    expect(waitText(english, 3600)).toBe("Expected wait: an hour or more");
    expect(waitText(chinese, 600)).toBe("预计等待约10分钟");
    expect([120, 300].map((seconds) => waitText(russian, seconds)?.split(": ")[1])).toEqual(["2 минуты", "5 минут"]);
  });

  it("name days as people do", () => {
    const { day } = languageOf("en", en);
    expect(day(new Date(2026, 2, 1, 23, 59), new Date(2026, 2, 2, 0, 1))).toBe("Yesterday");
    expect(day(new Date(2026, 2, 2, 0, 0), new Date(2026, 2, 2, 23, 59))).toBe("Today");
    expect(day(new Date(2025, 11, 31), new Date(2026, 2, 2))).toContain("2025");
    expect(day(new Date(2026, 0, 31), new Date(2026, 2, 2))).not.toContain("2026");
  });

  it("count midnights over a change of clocks", () => {
    for (let d = 1; d < 366; d++) expect(daysBetween(new Date(2026, 0, d, 23, 30), new Date(2026, 0, d + 1, 0, 30))).toBe(1);
  });
});
