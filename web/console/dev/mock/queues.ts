import type { Need, Queue, QueueWarning, Rung, Skill } from "@patchbay/client/types";
import { absent, refused, type Answer, type Body, type Route } from "./answers.ts";
import type { World } from "./world.ts";

const at = "2026-11-01T08:00:00.000Z";
const skills: Skill[] = [
  { id: "skl_1", name: "English", members: [{ member_id: "mem_1", level: 4 }, { member_id: "mem_2", level: 5 }], created_at: at },
  { id: "skl_2", name: "退换货", members: [{ member_id: "mem_3", level: 5 }], created_at: at },
];
const blank: Omit<Queue, "id"> = { name: "", description: "", team_id: "", inbox_ids: [], skills: [], target_s: 0, value: 0, exclusive: false, tickets: false, ladder: [], overflow: { queue_id: "", after_s: 0 }, sticky_for_s: 0, calendar_id: "", outside: { do: "message" }, callback: { offered: "never", ask: "phone" }, when_left: "keep", left_after_s: 0, closed: false, revision: 1, serves: 0, reaches: 0, warnings: [], created_at: at, updated_at: at };
const queues: Queue[] = [
  { ...blank, id: "que_1", name: "After-sales 售后", team_id: "tea_1", skills: [{ skill_id: "skl_2", level: 3 }], target_s: 120, value: 20, ladder: [{ after_s: 60, lower: [{ skill_id: "skl_2", level: 2 }] }], overflow: { queue_id: "que_2", after_s: 300 } },
  { ...blank, id: "que_2", name: "Everything else", skills: [{ skill_id: "skl_1", level: 5 }], target_s: 600 },
];

const levelOf = (member: string, skill: string) => skills.find((one) => one.id === skill)?.members.find((one) => one.member_id === member)?.level ?? 0;

function eased(needs: Need[], rung: Rung): Need[] {
  return needs.filter((need) => !rung.drop?.includes(need.skill_id)).map((need) => ({ ...need, level: Math.min(need.level, rung.lower?.find((one) => one.skill_id === need.skill_id)?.level ?? need.level) }));
}

/** A queue with what there is to say of it. */
function advised(world: World, queue: Queue): Queue {
  const of = (team: string) => world.members.filter((one) => !one.suspended && (!team || world.desk.teams.find((held) => held.id === team)?.member_ids.includes(one.id)));
  const able = (team: string, needs: Need[]) => of(team).filter((one) => needs.every((need) => levelOf(one.id, need.skill_id) >= need.level)).map((one) => one.id);
  const reached = new Set(able(queue.team_id, queue.ladder.reduce(eased, queue.skills)));
  const seen = new Set([queue.id]);
  for (let next = find(queue.overflow.queue_id); next && !seen.has(next.id); next = find(next.overflow.queue_id)) {
    seen.add(next.id);
    for (const one of able(next.team_id, next.skills)) reached.add(one);
  }
  const warnings = queue.skills.flatMap((need, n): QueueWarning[] => (able(queue.team_id, [need]).length ? [] : [{ pointer: `/skills/${n}`, code: "nobody_has", detail: "", nearest_id: of(queue.team_id).toSorted((a, b) => levelOf(b.id, need.skill_id) - levelOf(a.id, need.skill_id))[0]?.id ?? "" }]));
  return { ...queue, serves: able(queue.team_id, queue.skills).length, reaches: reached.size, warnings };
}

export const queueIDs = () => queues.map((one) => one.id);
const find = (id: string) => queues.find((one) => one.id === id);

function save(world: World, queue: Queue, body: Body): Answer {
  const { revision, ...wanted } = body as Partial<Queue>;
  if (revision !== undefined && revision !== queue.revision) return refused(409, "queue.stale");
  const next = { ...queue, ...wanted };
  const wrong = (pointer: string, code: string) => refused(422, "queue.invalid", [{ pointer, code, detail: code }]);
  if (!next.name.trim()) return wrong("/name", "required");
  if (queues.some((one) => one.id !== queue.id && one.name === next.name)) return refused(409, "queue.name_taken", [{ pointer: "/name", code: "taken", detail: "another one has this name" }]);
  for (let on = find(next.overflow.queue_id), steps = 0; on && steps < 50; on = find(on.overflow.queue_id), steps++) if (on.id === queue.id) return wrong("/overflow/queue_id", "circle");
  Object.assign(queue, next, { revision: queue.revision + (find(queue.id) ? 1 : 0) });
  if (!find(queue.id)) queues.push(queue);
  told(world, "queue.changed", queue.id);
  return [200, advised(world, queue)];
}

const told = (world: World, type: "queue.changed" | "skill.changed" | "member.changed", id: string) => world.publish({ type, at: new Date().toISOString(), data: { id } });

function gone<T extends { id: string }>(type: "queue.changed" | "skill.changed", list: T[], uses: (queue: Queue, id: string) => boolean): Route {
  return (world, [id]) => {
    const users = queues.filter((one) => uses(one, id!));
    if (users.length) return refused(409, "queue.in_use");
    list.splice(list.findIndex((one) => one.id === id), 1);
    told(world, type, id!);
    return [204];
  };
}

/** Queues and skills, and who has which. */
export const queueRoutes: Record<string, Route> = {
  "GET queues": (world) => [200, { items: queues.map((one) => advised(world, one)) }],
  "POST queues": (world, _p, _q, body) => {
    const [status, made] = save(world, { ...structuredClone(blank), id: world.id("que") }, body);
    return [status === 200 ? 201 : status, made];
  },
  "PATCH queues/:q": (world, [id], _q, body) => (find(id!) ? save(world, find(id!)!, body) : absent),
  "DELETE queues/:q": gone("queue.changed", queues, (queue, id) => queue.overflow.queue_id === id),
  "GET skills": () => [200, { items: skills }],
  "POST skills": (world, _p, _q, body) => {
    if (!String(body["name"]).trim()) return refused(422, "queue.invalid", [{ pointer: "/name", code: "required", detail: "is missing" }]);
    const made: Skill = { id: world.id("skl"), name: String(body["name"]), members: [], created_at: new Date().toISOString() };
    skills.push(made);
    told(world, "skill.changed", made.id);
    return [201, made];
  },
  "PATCH skills/:s": (world, [id], _q, body) => {
    const skill = skills.find((one) => one.id === id);
    if (!skill) return absent;
    skill.name = String(body["name"]);
    told(world, "skill.changed", skill.id);
    return [200, skill];
  },
  "DELETE skills/:s": gone("skill.changed", skills, (queue, id) => queue.skills.some((need) => need.skill_id === id)),
  "PUT members/:m/skills": (world, [id], _q, body) => {
    const has = body["skills"] as Need[];
    for (const skill of skills) {
      const level = has.find((one) => one.skill_id === skill.id)?.level;
      skill.members = [...skill.members.filter((one) => one.member_id !== id), ...(level ? [{ member_id: id!, level }] : [])];
    }
    told(world, "member.changed", id!);
    return [200, { skills: has }];
  },
};
