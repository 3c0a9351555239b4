import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import type { Need, Queue } from "@patchbay/client/types";
import { levelsOf, withAbilities } from "@/queues/abilities";
import { askedAt, bodyOf, draftOf, merged, nextRung, overflowPath } from "@/queues/queues";
import { spanText, unitName, unitOf } from "@/ui/span";

const queue = (over: Partial<Queue> = {}): Queue => ({
  id: "que_a", name: "A", description: "", team_id: "", inbox_ids: [], skills: [], target_s: 0, value: 0, exclusive: false, tickets: false, ladder: [], overflow: { queue_id: "", after_s: 0 }, sticky_for_s: 0, calendar_id: "", outside: { do: "message" }, callback: { offered: "never", ask: "phone" }, when_left: "keep", left_after_s: 0, closed: false, revision: 1, serves: 0, reaches: 0, warnings: [], created_at: "", updated_at: "", ...over,
});
const skills = [{ skill_id: "skl_1", level: 4 }, { skill_id: "skl_2", level: 2 }];

it("sends what it was given", () => {
  const stored = queue({ skills, ladder: [{ after_s: 30, lower: [{ skill_id: "skl_1", level: 2 }], drop: ["skl_2"] }], overflow: { queue_id: "que_b", after_s: 60 } });
  expect(bodyOf(draftOf(stored))).toMatchObject({ skills, ladder: stored.ladder, overflow: stored.overflow });
});

it("says nothing of skills that are not asked for any more", () => {
  const draft = draftOf(queue({ skills, ladder: [{ after_s: 30, lower: [{ skill_id: "skl_1", level: 2 }], drop: ["skl_2"] }] }));
  draft.skills.pop();
  expect(bodyOf(draft).ladder).toEqual([{ after_s: 30, lower: [{ skill_id: "skl_1", level: 2 }], drop: [] }]);
});

it("knows what rungs have left", () => {
  const draft = draftOf(queue({ skills }));
  draft.ladder.push(nextRung(draft));
  expect(draft.ladder[0]).toEqual({ after_s: 60, eased: { skl_1: 3 } });
  draft.ladder.push({ after_s: 120, eased: { skl_1: 0 } });
  expect(askedAt(draft, 1)).toEqual([{ skill_id: "skl_1", level: 3 }, skills[1]]);
  expect(askedAt(draft, 2)).toEqual([skills[1]]);
  expect(nextRung(draft)).toEqual({ after_s: 240, eased: { skl_2: 1 } });
});

it("lays mine over theirs", () => {
  const before = draftOf(queue());
  const mine = { ...before, name: "Mine" };
  const theirs = { ...before, name: "Theirs", target_s: 60 };
  expect(merged(before, mine, theirs)).toEqual({ ...before, name: "Mine", target_s: 60 });
});

it("follows overflow, and ends in a circle", () => {
  const over = (id: string, name: string, to: string) => queue({ id, name, overflow: { queue_id: to, after_s: to ? 60 : 0 } });
  const all = [over("que_a", "A", ""), over("que_b", "B", "que_c"), over("que_c", "C", "")];
  expect(overflowPath(all, "que_a", "que_b")).toEqual({ names: ["B", "C"], circle: false });
  expect(overflowPath([all[0]!, all[1]!, over("que_c", "C", "que_a")], "que_a", "que_b")).toEqual({ names: ["B", "C", "A"], circle: true });
  expect(overflowPath(all, "que_a", "")).toEqual({ names: [], circle: false });
});

it("says how long in the largest whole unit", () => {
  expect([90, 120, 7200, 86_400].map(unitOf)).toEqual(["second", "minute", "hour", "day"]);
  expect(spanText(120, "en")).toBe("2 minutes");
  expect(unitName("hour", 2, "en")).toBe("hours");
  expect(unitName("minute", 2, "zh-CN")).toBe("分钟");
});

it("has the same places in the sentences of both languages", () => {
  const texts = (locale: string) => (JSON.parse(readFileSync(new URL(`../src/locales/queues.${locale}.json`, import.meta.url), "utf8")) as { queues: Record<string, unknown> }).queues;
  const places = (text: unknown) => (typeof text === "string" ? [...text.matchAll(/\[(\w+)\]/g)].map((match) => match[1]).sort() : []);
  const [english, chinese] = [texts("en"), texts("zh-CN")];
  expect(Object.values(english).flatMap(places).length).toBeGreaterThan(8);
  for (const [key, text] of Object.entries(english)) expect(places(chinese[key]), key).toEqual(places(text));
});

describe("levels", () => {
  const held: Record<string, Record<string, number>> = { ada: { skl_1: 3 } };
  const sent: { member: string; needs: Need[]; end: (failure?: Error) => void }[] = [];
  const told: string[] = [];
  const levels = levelsOf({
    stored: (member) => held[member] ?? {},
    send: (member, needs) =>
      new Promise((resolve, reject) => {
        sent.push({ member, needs, end: (failure) => (failure ? reject(failure) : ((held[member] = Object.fromEntries(needs.map((need) => [need.skill_id, need.level]))), resolve())) });
      }),
    refused: (member) => void told.push(member),
  });

  it("show at once, are sent one after another, and go back when refused", async () => {
    void levels.set("ada", "skl_1", 5);
    void levels.set("ada", "skl_2", 2);
    void levels.set("bo", "skl_1", 1);
    expect([levels.level("ada", "skl_1"), levels.level("ada", "skl_2"), levels.level("bo", "skl_1")]).toEqual([5, 2, 1]);
    expect(sent.map((one) => one.member)).toEqual(["ada", "bo"]);
    expect(sent[0]!.needs).toEqual([{ skill_id: "skl_1", level: 5 }]);
    sent[0]!.end();
    await vi.waitFor(() => expect(sent).toHaveLength(3));
    expect(sent[2]!.needs).toEqual([{ skill_id: "skl_1", level: 5 }, { skill_id: "skl_2", level: 2 }]);
    sent[2]!.end(new Error("no line"));
    sent[1]!.end();
    await vi.waitFor(() => expect(levels.level("ada", "skl_2")).toBe(0));
    expect([levels.level("ada", "skl_1"), levels.level("bo", "skl_1")]).toEqual([5, 1]);
    expect(told).toEqual(["ada"]);
  });

  it("are taken away with 0", () => {
    void levels.set("ada", "skl_1", 0);
    expect(sent.at(-1)!.needs).toEqual([]);
    expect(levels.level("ada", "skl_1")).toBe(0);
  });

  it("are laid into the skills that are held", () => {
    const skill = { id: "skl_1", name: "English", created_at: "", members: [{ member_id: "ada", level: 3 }, { member_id: "bo", level: 1 }] };
    expect(withAbilities([skill], "ada", [])[0]!.members).toEqual([{ member_id: "bo", level: 1 }]);
    expect(withAbilities([skill], "ada", [{ skill_id: "skl_1", level: 5 }])[0]!.members).toContainEqual({ member_id: "ada", level: 5 });
  });
});
