import { expect, it } from "vitest";
import type { Skill } from "@patchbay/client/types";
import { nobodyHas } from "@/routing/needs";

it("says of a skill that nobody has it at the level that is asked for", () => {
  const skills = [{ id: "skl_de", name: "German", members: [{ member_id: "mem_1", level: 3 }], created_at: "" }] as unknown as Skill[];
  expect([1, 3, 4].map((level) => nobodyHas({ skill_id: "skl_de", level }, skills))).toEqual([false, false, true]);
  expect(nobodyHas({ skill_id: "skl_gone", level: 1 }, skills)).toBe(false);
  expect(nobodyHas({ skill_id: "skl_de", level: 5 }, undefined)).toBe(false);
});
