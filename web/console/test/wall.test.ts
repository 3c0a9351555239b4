import { describe, expect, it } from "vitest";
import { ref, shallowRef } from "vue";
import type { AgentFigures, Need } from "@patchbay/client/types";
import { useSteadyOrder } from "@/rows/steady";
import { abandonment, hasStatus, levelOf, serves, sorted, ticking } from "@/wall/figures";

const MINUTE = 60_000;

describe("levelOf", () => {
  it("turns warm at three quarters of the target, and red at the target", () => {
    expect([0, 89_000, 90_000, 119_000, 120_000].map((ms) => levelOf(ms, 120))).toEqual(["calm", "calm", "warm", "warm", "hot"]);
  });

  it("goes by the lists' own limits where a queue has no target", () => {
    expect([2, 3, 9, 10].map((minutes) => levelOf(minutes * MINUTE, 0))).toEqual(["calm", "warm", "warm", "hot"]);
  });

  it("is calm where nobody waits", () => {
    expect(levelOf(undefined, 60)).toBe("calm");
  });
});

describe("ticking", () => {
  it("keeps two figures for what is not the first", () => {
    expect([-5, 7_000, 60_000, 759_999, 3_600_000, 3_723_000].map(ticking)).toEqual(["0:00", "0:07", "1:00", "12:39", "1:00:00", "1:02:03"]);
  });
});

describe("abandonment", () => {
  it("is not known on a day on which nobody came, and never above all", () => {
    expect(abandonment({ arrived: 0, abandoned: 0 })).toBeUndefined();
    expect(abandonment({ arrived: 8, abandoned: 2 })).toBe(0.25);
    expect(abandonment({ arrived: 1, abandoned: 2 })).toBe(1);
  });
});

describe("sorted", () => {
  interface Row { id: string; name: string; n?: number }
  const rows: Row[] = [{ id: "a", name: "Beta", n: 1 }, { id: "b", name: "Alpha", n: 1 }, { id: "c", name: "Gamma" }, { id: "d", name: "Delta", n: 3 }];
  const ids = (desc: boolean, list = rows) => sorted(list, (row) => row.n, desc, "en").map((row) => row.id).join("");

  it("puts what is not known last, whichever way, and what is equal by name", () => {
    expect(ids(false)).toBe("badc");
    expect(ids(true)).toBe("dbac");
  });

  it("gives the same order for the same figures, however they come", () => {
    expect(ids(true, [...rows].reverse())).toBe(ids(true));
  });

  it("stands still under a pointer while waits tick on, and says that it would change", () => {
    const all = shallowRef(sorted(rows, (row) => row.n, true, "en"));
    const held = ref(true);
    const steady = useSteadyOrder(all, held, ref("n"));
    all.value = sorted(rows.map((row) => (row.id === "c" ? { ...row, n: 9 } : row)), (row) => row.n, true, "en");
    expect(steady.rows.value.map((row) => row.id).join("")).toBe("dbac");
    expect(steady.rows.value.find((row) => row.id === "c")?.n).toBe(9);
    expect(steady.waiting.value).toBe(1);
    steady.settle();
    expect(steady.rows.value.map((row) => row.id).join("")).toBe("cdba");
  });
});

describe("who is on the board", () => {
  const agent = (status: AgentFigures["status"], in_hand = 0) => ({ status, in_hand }) as AgentFigures;

  it("is on duty while there, or while work is left behind", () => {
    expect(hasStatus(agent("away"), "duty")).toBe(true);
    expect(hasStatus(agent("offline"), "duty")).toBe(false);
    expect(hasStatus(agent("offline", 2), "duty")).toBe(true);
    expect(hasStatus(agent("offline"), "any")).toBe(true);
    expect(hasStatus(agent("away"), "available")).toBe(false);
  });

  it("serves a queue with its team and its skills", () => {
    const teams = [{ id: "tea_1", member_ids: ["mem_1", "mem_2"] }] as unknown as Parameters<typeof serves>[2];
    const skills = [{ id: "skl_1", members: [{ member_id: "mem_1", level: 3 }, { member_id: "mem_3", level: 5 }] }] as unknown as Parameters<typeof serves>[3];
    const need: Need[] = [{ skill_id: "skl_1", level: 3 }];
    const who = (queue: Parameters<typeof serves>[1]) => ["mem_1", "mem_2", "mem_3"].filter((member) => serves(member, queue, teams, skills)).join();
    expect(who({ team_id: "tea_1", skills: need })).toBe("mem_1");
    expect(who({ team_id: "", skills: need })).toBe("mem_1,mem_3");
    expect(who({ team_id: "tea_1", skills: [] })).toBe("mem_1,mem_2");
  });
});
