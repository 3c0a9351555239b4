import type { PolicyCompareBody, PolicyDay, PolicyDayGroup } from "@patchbay/client/types";
import type { Channel } from "./policy";

/** Days that policies are tried on: the workspace's own, made-up ones, and one of the reader's own numbers. */
export const dayKinds = ["recorded", "messaging", "voice", "own"] as const;
export type DayKind = (typeof dayKinds)[number];

/** How many come on a made-up day, beside its usual ones. */
export const loads = { quiet: 0.75, usual: 1, busy: 1.25, crowded: 1.6 } as const;
export type Load = keyof typeof loads;

/** Customers of one channel on a day of one's own numbers. */
export interface StreamDraft {
  channel: Channel;
  per_hour: number;
  handling_s: number;
  target_s: number;
}

export interface DayDraft {
  kind: DayKind;
  /** Of a recorded day. */
  date: string;
  load: Load;
  seed: number;
  people: number;
  capacity: number;
  streams: StreamDraft[];
}

/** How many there are to be of a group of the day, by its key; those that are not here are as on the day. */
export type Counts = Record<string, number>;

/** What is tried: two sides, each a policy and its people, on one day. */
export interface Trial {
  day: DayDraft;
  plans: [string, string];
  counts: [Counts, Counts];
}

const firstTrial = (): Trial => ({
  plans: ["draft", "current"],
  counts: [{}, {}],
  day: {
    kind: "messaging",
    date: "",
    load: "busy",
    seed: 1,
    people: 10,
    capacity: 5,
    streams: [
      { channel: "chat", per_hour: 120, handling_s: 600, target_s: 60 },
      { channel: "message", per_hour: 60, handling_s: 600, target_s: 300 },
      { channel: "mail", per_hour: 60, handling_s: 900, target_s: 3600 },
    ],
  },
});

/** A trial to begin with: the newest day of the workspace's own that is over, else a made-up one. */
export function trialOn(dates: readonly string[], today: string): Trial {
  const trial = firstTrial();
  const date = dates.find((one) => one !== today) ?? dates[0];
  if (date) Object.assign(trial.day, { kind: "recorded", date });
  return trial;
}

/** By what the server knows a day before it is played; undefined: only its numbers are it. */
export const nameOfDay = (day: DayDraft) => (day.kind === "own" ? undefined : day.kind === "recorded" ? day.date : day.kind);

/** The members of a day of one's own numbers. */
const HOURS = 8;
export const ownGroups = (day: DayDraft): PolicyDayGroup[] => [{ key: "1", count: day.people, capacity: day.capacity, skills: [], team_ids: [], from_s: 0, to_s: HOURS * 3600 }];

/** How long customers of a day of one's own numbers have patience, on average: those in front of a window leave. */
const PATIENCE_S = { chat: 300, message: 0, mail: 0, ticket: 0 } as const;

/** The streams of a day of one's own numbers that bring anybody, as they are sent. */
export const flowing = (day: DayDraft) => day.streams.filter((stream) => stream.per_hour > 0);

function dayOf(day: DayDraft): PolicyDay {
  if (day.kind === "recorded") return { kind: "recorded", date: day.date, seed: day.seed };
  if (day.kind !== "own") return { kind: day.kind, load: loads[day.load], seed: day.seed };
  return {
    kind: "own",
    seed: day.seed,
    staff: [{ count: day.people, capacity: day.capacity }],
    streams: flowing(day).map((stream) => ({ ...stream, patience_s: PATIENCE_S[stream.channel] })),
  };
}

/** What is wrong at a place of what was sent, or below it. */
export const below = (fields: Record<string, string>, place: string) => Object.entries(fields).filter(([pointer]) => pointer === place || pointer.startsWith(`${place}/`)).map(([, text]) => text).join("\n") || undefined;

/** How many there are of a group on a side. */
export const countOf = (group: PolicyDayGroup, counts: Counts) => counts[group.key] ?? group.count;

/** How many there are on a side in all. */
export const headcount = (groups: readonly PolicyDayGroup[], counts: Counts) => groups.reduce((sum, group) => sum + countOf(group, counts), 0);

/** What is asked of the server: of the people only the groups that are not as on the day. */
export function askedOf(trial: Trial, groups: readonly PolicyDayGroup[]): PolicyCompareBody {
  const staffing = trial.counts.map((counts) => groups.filter((group) => countOf(group, counts) !== group.count).map((group) => ({ group: group.key, count: countOf(group, counts) })));
  return { plans: [...trial.plans], day: dayOf(trial.day), ...(staffing.some((side) => side.length > 0) && { staffing }) };
}
