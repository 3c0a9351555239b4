import type { Queue, Team } from "@patchbay/client/types";
import { found } from "@/keys/commands";
import type { Assignee } from "../assignees";

/** Where a conversation can go: a person, a team, a queue, or back to where it waited. */
export interface Destination {
  key: string;
  group?: string;
  name: string;
  who?: Assignee;
  team?: Team;
  queue?: Queue;
  /** How many of the team are there now. */
  there?: number;
}

export interface Choices {
  people: readonly Assignee[];
  teams: readonly Team[];
  queues?: readonly Queue[];
  /** The words for giving it back; undefined where that changes nothing. */
  back?: string;
  groups: { people: string; teams: string; queues?: string };
}

/** The destinations that fit what was typed: people, teams, queues, then back. */
export function destinations({ people, teams, queues = [], back, groups }: Choices, search: string): Destination[] {
  const present = new Set(people.filter((who) => who.status === "available").map((who) => who.id));
  const all: Destination[] = [
    ...people.map((who): Destination => ({ key: who.id, group: groups.people, name: who.name, who })),
    ...teams.map((team): Destination => ({ key: team.id, group: groups.teams, name: team.name, team, there: team.member_ids.filter((id) => present.has(id)).length })),
    ...queues.map((queue): Destination => ({ key: queue.id, group: groups.queues, name: queue.name, queue })),
    ...(back ? [{ key: "queue", group: groups.queues ?? groups.teams, name: back }] : []),
  ];
  return all.filter(({ name, team, queue }) => found(`${name} ${team?.description ?? queue?.description ?? ""}`, search));
}

/** What to ask the server for. */
export function transferTo({ who, team, queue }: Destination): { member_id?: string; team_id?: string; queue_id?: string } {
  if (who) return { member_id: who.id };
  if (queue) return { queue_id: queue.id };
  return team ? { team_id: team.id } : { member_id: "" };
}
