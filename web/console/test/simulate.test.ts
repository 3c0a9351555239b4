import { describe, expect, it } from "vitest";
import type { PolicyCompareBody, PolicyComparison, PolicyDayGroup } from "@patchbay/client/types";
import { verdictOf } from "@/policy/compare";
import { askedOf, headcount, nameOfDay, ownGroups, trialOn } from "@/policy/day";
import { filesOf } from "@/policy/files";

const group = (key: string, count: number): PolicyDayGroup => ({ key, count, capacity: 4, skills: [], team_ids: [], from_s: 0, to_s: 28_800 });

describe("a trial", () => {
  it("begins with the newest day that is over", () => {
    expect(trialOn(["2026-11-20", "2026-11-19"], "2026-11-20").day).toMatchObject({ kind: "recorded", date: "2026-11-19" });
    expect(trialOn(["2026-11-20"], "2026-11-20").day).toMatchObject({ kind: "recorded", date: "2026-11-20" });
    expect(trialOn([], "2026-11-20").day.kind).toBe("messaging");
  });
  it("asks for other people only where they are others", () => {
    const trial = trialOn(["2026-11-19"], "2026-11-20");
    const groups = [group("early", 3), group("late", 2)];
    expect(askedOf(trial, groups)).toEqual({ plans: ["draft", "current"], day: { kind: "recorded", date: "2026-11-19", seed: 1 } });
    trial.counts = [{ early: 5, late: 2 }, { gone: 9 }];
    expect(askedOf(trial, groups).staffing).toEqual([[{ group: "early", count: 5 }], []]);
    expect(trial.counts.map((side) => headcount(groups, side))).toEqual([7, 5]);
  });
  it("of own numbers leaves out who brings nobody", () => {
    const trial = trialOn([], "");
    Object.assign(trial.day, { kind: "own", people: 4 });
    trial.day.streams[1]!.per_hour = 0;
    const { day } = askedOf(trial, ownGroups(trial.day));
    expect(day.staff).toEqual([{ count: 4, capacity: 5 }]);
    expect(day.streams!.map((stream) => [stream.channel, stream.patience_s])).toEqual([["chat", 300], ["mail", 0]]);
    expect(nameOfDay(trial.day)).toBeUndefined();
    expect(nameOfDay({ ...trial.day, kind: "voice" })).toBe("voice");
  });
});

describe("a difference", () => {
  it("is better or worse where one of them is", () => {
    expect(verdictOf(0.9, 0.8, { unit: "share", better: "more" })).toEqual({ by: 0.1, is: "better" });
    expect(verdictOf(90, 40, { unit: "seconds", better: "less" })).toEqual({ by: 50, is: "worse" });
    expect(verdictOf(3, 5, { unit: "count" })).toEqual({ by: -2, is: "other" });
  });
  it("is none where both read the same", () => expect(verdictOf(0.80004, 0.8, { unit: "share", better: "more" })).toEqual({ by: 0, is: "same" }));
});

describe("the files of a comparison", () => {
  const asked = (plans: [string, string]): PolicyCompareBody => ({ plans, day: { kind: "voice" } });
  const result = (...days: unknown[]) => ({ customers: 1, members: 1, gaps: [], played: days.map((scenario) => ({ files: { scenario, policy: {} } })) }) as unknown as PolicyComparison;
  it("are there once they were asked for", () => expect(filesOf(asked(["draft", "current"]), { customers: 0, members: 0, gaps: [], played: [{}, {}] } as unknown as PolicyComparison)).toBeUndefined());
  it("have one day and one command where the people are the same", () => {
    const { files, commands } = filesOf(asked(["draft", "12"]), result({ seed: 1 }, { seed: 1 }))!;
    expect(files.map((file) => file.name)).toEqual(["day.json", "draft.json", "revision-12.json"]);
    expect(commands).toEqual(["patchbay simulate day.json --policy draft.json --policy revision-12.json"]);
  });
  it("have a day for each side's people, and a policy once", () => {
    const { files, commands } = filesOf(asked(["draft", "draft"]), result({ seed: 1 }, { seed: 2 }))!;
    expect(files.map((file) => file.name)).toEqual(["day-1.json", "day-2.json", "draft.json"]);
    expect(commands).toEqual(["patchbay simulate day-1.json --policy draft.json", "patchbay simulate day-2.json --policy draft.json"]);
  });
});
