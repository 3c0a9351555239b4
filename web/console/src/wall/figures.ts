import type { Need, Skill, Team } from "@patchbay/client/types";
import type { AgentFigures, QueueFigures } from "@patchbay/client/types";
import { HOT_MS, WARM_MS } from "@/conversations/waiting";

/** How much of a target has gone by before a wait turns warm; all of it: red. */
const WARM_SHARE = 0.75;

/** How bad a wait is. */
export type Level = "calm" | "warm" | "hot";

/** A wait against its target in seconds; without one, against what nobody should wait for. */
export function levelOf(ms: number | undefined, target_s?: number): Level {
  if (ms === undefined) return "calm";
  const hot = target_s ? target_s * 1000 : HOT_MS;
  const warm = target_s ? hot * WARM_SHARE : WARM_MS;
  return ms >= hot ? "hot" : ms >= warm ? "warm" : "calm";
}

/** 0:07, 12:40, 1:02:03: always as wide as the one before. */
export function ticking(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Of those who came today, the share who left unanswered. */
export function abandonment({ arrived, abandoned }: Pick<QueueFigures, "arrived" | "abandoned">): number | undefined {
  return arrived > 0 ? Math.min(1, abandoned / arrived) : undefined;
}

/** A queue as the wall lists it. */
export interface QueueRow {
  id: string;
  name: string;
  target_s: number;
  figures: QueueFigures;
}

/** An agent as the wall lists them. */
export interface AgentRow {
  id: string;
  name: string;
  figures: AgentFigures;
}

/** The row of what is in no queue. */
export const NO_QUEUE = "none";

/** Whether a queue has anything to show; what is in no queue is left out until there is. */
export const isQuiet = (figures: QueueFigures) => figures.waiting + figures.tickets + figures.ringing + figures.in_hand + figures.arrived === 0;

/** What a column is ordered by; undefined stands last, whichever way. */
export type Sortable = number | string | undefined;

export interface Order {
  by: string;
  desc: boolean;
}

/** Rows by what a column says of them, those that are equal by name and id: the same figures give the same order. */
export function sorted<Row extends { id: string; name: string }>(rows: readonly Row[], value: (row: Row) => Sortable, desc: boolean, locale: string): Row[] {
  return [...rows].sort((a, b) => compared(value(a), value(b), desc, locale) || a.name.localeCompare(b.name, locale) || (a.id < b.id ? -1 : 1));
}

function compared(a: Sortable, b: Sortable, desc: boolean, locale: string): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const order = typeof a === "string" ? a.localeCompare(String(b), locale) : a - Number(b);
  return desc ? -order : order;
}

/** Who is on the board. */
export const shownStatuses = ["duty", "available", "away", "offline", "any"] as const;
export type ShownStatus = (typeof shownStatuses)[number];

/** On duty: whoever is there, and whoever left work behind. */
export function hasStatus({ status, in_hand }: AgentFigures, shown: ShownStatus): boolean {
  if (shown === "any") return true;
  return shown === "duty" ? status !== "offline" || in_hand > 0 : status === shown;
}

/** Whether a member serves a queue: of its team, if it has one, and with the skills it asks for. */
export function serves(member: string, queue: { team_id: string; skills: readonly Need[] }, teams: readonly Team[], skills: readonly Skill[]): boolean {
  if (queue.team_id && !teams.find((team) => team.id === queue.team_id)?.member_ids.includes(member)) return false;
  const levelAt = (skill: string) => skills.find((one) => one.id === skill)?.members.find((has) => has.member_id === member)?.level ?? 0;
  return queue.skills.every((need) => levelAt(need.skill_id) >= need.level);
}
