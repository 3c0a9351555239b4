import type { Team } from "@patchbay/client/types";
import { found } from "@/keys/commands";
import type { Assignee } from "../assignees";

/** Where a conversation can go: a person, a team's queue, or the queue it is in. */
export interface Destination {
  key: string;
  group?: string;
  name: string;
  who?: Assignee;
  team?: Team;
  /** How many of the team are there now. */
  there?: number;
}

export interface Choices {
  people: readonly Assignee[];
  teams: readonly Team[];
  /** Undefined where giving back to the queue changes nothing. */
  queue?: string;
  groups: { people: string; teams: string };
}

/** The destinations that fit what was typed: people, then teams, then the queue. */
export function destinations({ people, teams, queue, groups }: Choices, search: string): Destination[] {
  const present = new Set(people.filter((who) => who.status === "available").map((who) => who.id));
  const all: Destination[] = [
    ...people.map((who): Destination => ({ key: who.id, group: groups.people, name: who.name, who })),
    ...teams.map((team): Destination => ({ key: team.id, group: groups.teams, name: team.name, team, there: team.member_ids.filter((id) => present.has(id)).length })),
    ...(queue ? [{ key: "queue", group: groups.teams, name: queue }] : []),
  ];
  return all.filter(({ name, team }) => found(`${name} ${team?.description ?? ""}`, search));
}

/** What to ask the server for. */
export function transferTo({ who, team }: Destination): { member_id?: string; team_id?: string } {
  if (who) return { member_id: who.id };
  return team ? { team_id: team.id } : { member_id: "" };
}
