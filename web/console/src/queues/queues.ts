import type { Need, Queue, QueueDraft, Rung } from "@patchbay/client/types";

export const levels = [1, 2, 3, 4, 5] as const;

/** What a rung does to a skill: the level that is enough then; 0: it is not asked for any more. */
export type Eased = Record<string, number>;

/** A rung as the form holds it. */
export interface RungDraft {
  after_s: number;
  eased: Eased;
}

/** A queue as the form holds it: each rung says what it does by skill. */
export type Draft = Omit<QueueDraft, "ladder" | "outside" | "callback"> & { ladder: RungDraft[]; outside: Outside; callback: Required<Queue["callback"]> };

/** What may happen to who comes while a queue is closed. */
export const outsides = ["message", "callback", "overflow"] as const;

/** When who waits may be offered to be called back, and what they are asked for. */
export const offereds = ["never", "closed", "wait", "always"] as const;
export const reaches = ["phone", "email", "either"] as const;

/** What may become of the conversation of who left while they waited. */
export const leavings = ["keep", "close", "ticket"] as const;

/** What happens outside hours, as the form holds it: each language has a text, perhaps an empty one. */
export interface Outside {
  do?: (typeof outsides)[number];
  texts: Record<string, string>;
}

const eased = (rung: Rung): Eased => Object.fromEntries([...(rung.lower ?? []).map((need) => [need.skill_id, need.level] as const), ...(rung.drop ?? []).map((skill) => [skill, 0] as const)]);

export function draftOf(queue?: Queue): Draft {
  return {
    name: queue?.name ?? "",
    description: queue?.description ?? "",
    team_id: queue?.team_id ?? "",
    inbox_ids: [...(queue?.inbox_ids ?? [])],
    skills: (queue?.skills ?? []).map((need) => ({ ...need })),
    target_s: queue?.target_s ?? 0,
    value: queue?.value ?? 0,
    exclusive: queue?.exclusive ?? false,
    tickets: queue?.tickets ?? false,
    ladder: (queue?.ladder ?? []).map((rung) => ({ after_s: rung.after_s, eased: eased(rung) })),
    overflow: { ...(queue?.overflow ?? { queue_id: "", after_s: 0 }) },
    sticky_for_s: queue?.sticky_for_s ?? 0,
    calendar_id: queue?.calendar_id ?? "",
    outside: { do: queue?.outside.do ?? "message", texts: { en: "", "zh-CN": "", ...queue?.outside.texts } },
    callback: { offered: "never", wait_s: 300, ask: "phone", ...queue?.callback },
    when_left: queue?.when_left ?? "keep",
    left_after_s: queue?.left_after_s ?? 0,
  };
}

/** What is sent: rungs say nothing of skills that are not asked for any more. */
export function bodyOf(draft: Draft): QueueDraft {
  const asked = new Set(draft.skills.map((need) => need.skill_id));
  const ladder = draft.ladder.map(({ after_s, eased: by }): Rung => {
    const known = Object.entries(by).filter(([skill]) => asked.has(skill));
    return { after_s, lower: known.filter(([, level]) => level > 0).map(([skill_id, level]) => ({ skill_id, level })), drop: known.filter(([, level]) => level === 0).map(([skill]) => skill) };
  });
  const outside = draft.calendar_id ? draft.outside : { ...draft.outside, do: "message" as const };
  const callback = { ...draft.callback, wait_s: draft.callback.offered === "wait" ? draft.callback.wait_s : 0 };
  const left_after_s = draft.when_left === "keep" ? 0 : draft.left_after_s;
  return { ...draft, outside, callback, left_after_s, ladder, overflow: draft.overflow.queue_id ? draft.overflow : { queue_id: "", after_s: 0 } };
}

/** What is still asked for when the rungs before one are reached. */
export function askedAt(draft: Pick<Draft, "skills" | "ladder">, rung: number): Need[] {
  return draft.ladder.slice(0, rung).reduce<Need[]>((needs, { eased: by }) => needs.flatMap((need) => (by[need.skill_id] === 0 ? [] : [{ ...need, level: Math.min(need.level, by[need.skill_id] ?? need.level) }])), draft.skills);
}

/** A rung that comes after the others: twice as late as the last. */
export function nextRung(draft: Draft): RungDraft {
  const last = draft.ladder.at(-1)?.after_s ?? 0;
  const [first] = askedAt(draft, draft.ladder.length);
  return { after_s: last ? last * 2 : 60, eased: first ? { [first.skill_id]: first.level > 1 ? first.level - 1 : 0 } : {} };
}

/** Mine where I changed it, else theirs. */
export function merged(before: Draft, mine: Draft, theirs: Draft): Draft {
  const same = (key: keyof Draft) => JSON.stringify(before[key]) === JSON.stringify(mine[key]);
  return Object.fromEntries((Object.keys(mine) as (keyof Draft)[]).map((key) => [key, same(key) ? theirs[key] : mine[key]])) as unknown as Draft;
}

/** The queues that what overflows from a queue goes through, in order; it ends where it comes back to. */
export function overflowPath(queues: readonly Queue[], from: string, to: string): { names: string[]; circle: boolean } {
  const names: string[] = [];
  const seen = new Set<string>();
  for (let at = queues.find((one) => one.id === to); at; at = queues.find((one) => one.id === at!.overflow.queue_id)) {
    names.push(at.name);
    if (at.id === from || seen.has(at.id)) return { names, circle: true };
    seen.add(at.id);
  }
  return { names, circle: false };
}
