import type { Need, Skill } from "@patchbay/client/types";

/** Whether nobody has a skill at the level that is asked for; false while that is not known. */
export function nobodyHas(need: Need, skills: readonly Skill[] | undefined): boolean {
  const skill = skills?.find((one) => one.id === need.skill_id);
  return skill !== undefined && !skill.members.some((one) => one.level >= need.level);
}
