import { reactive } from "vue";
import { useQueryClient } from "@tanstack/vue-query";
import type { Need, Skill } from "@patchbay/client/types";
import { keys } from "@/query/keys";
import { useSkills } from "@/query/desk";
import { useWorkspace } from "@/session/workspace";

/** Levels by skill; one that is not there is 0. */
export type Levels = Record<string, number>;

/** Where levels are kept, and who is told when one could not be. */
export interface Keeper {
  stored: (member: string) => Levels;
  /** When it returns, `stored` says what was sent. */
  send: (member: string, needs: Need[]) => Promise<void>;
  refused: (member: string, failure: unknown) => void;
}

/**
 * Levels that show at once what was chosen. All of a member's are sent together, one request after another; when
 * one is refused, what is stored shows again.
 */
export function levelsOf({ stored, send, refused }: Keeper) {
  const wanted = reactive(new Map<string, Levels>());
  const sending = new Set<string>();
  const level = (member: string, skill: string) => wanted.get(member)?.[skill] ?? stored(member)[skill] ?? 0;

  async function save(member: string): Promise<void> {
    for (let now = wanted.get(member); now; now = wanted.get(member)) {
      const all = Object.entries({ ...stored(member), ...now }).filter(([, value]) => value > 0);
      await send(member, all.map(([skill_id, value]) => ({ skill_id, level: value })));
      const left = Object.entries(wanted.get(member) ?? {}).filter(([skill, value]) => now?.[skill] !== value);
      if (left.length > 0) wanted.set(member, Object.fromEntries(left));
      else wanted.delete(member);
    }
  }

  async function set(member: string, skill: string, value: number): Promise<void> {
    if (level(member, skill) === value) return;
    wanted.set(member, { ...wanted.get(member), [skill]: value });
    if (sending.has(member)) return;
    sending.add(member);
    try {
      await save(member);
    } catch (failure) {
      wanted.delete(member);
      refused(member, failure);
    } finally {
      sending.delete(member);
    }
  }

  return { level, set };
}

/** The skills as they are held, with all that a member has now. */
export function withAbilities(skills: readonly Skill[], member: string, has: readonly Need[]): Skill[] {
  const by = new Map(has.map((need) => [need.skill_id, need.level]));
  return skills.map((skill) => {
    const level = by.get(skill.id);
    const others = skill.members.filter((one) => one.member_id !== member);
    return { ...skill, members: level ? [...others, { member_id: member, level }] : others };
  });
}

/** The levels of the workspace's members. */
export function useLevels(refused: Keeper["refused"]) {
  const { api, id } = useWorkspace();
  const client = useQueryClient();
  const { data: skills } = useSkills();
  const queryKey = keys.skills(id);
  return levelsOf({
    refused,
    stored: (member) => Object.fromEntries((skills.value ?? []).flatMap((skill) => skill.members.filter((one) => one.member_id === member).map((one) => [skill.id, one.level]))),
    send: async (member, needs) => {
      const has = await api.queues.setAbilities(member, needs);
      await client.cancelQueries({ queryKey }); // An older answer is no news.
      client.setQueryData<Skill[]>(queryKey, (held) => held && withAbilities(held, member, has));
      void client.invalidateQueries({ queryKey: keys.queues(id) });
    },
  });
}
