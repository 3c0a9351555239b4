import type { PolicyDay, PolicyFigures, PolicyPlayed } from "@patchbay/client/types";
import type { Channel } from "./policy";

/** Made-up days, and one of the reader's own numbers. */
export const days = ["messaging", "voice", "own"] as const;
export type DayKind = (typeof days)[number];

/** How many come on a made-up day, beside its usual ones. */
export const loads = { quiet: 0.75, usual: 1, busy: 1.25, crowded: 1.6 } as const;
export type Load = keyof typeof loads;

/** Customers of one channel on a day of one's own. */
export interface StreamDraft {
  channel: Channel;
  per_hour: number;
  handling_s: number;
  target_s: number;
}

export interface DayDraft {
  kind: DayKind;
  load: Load;
  seed: number;
  people: number;
  capacity: number;
  streams: StreamDraft[];
}

export const firstDay = (): DayDraft => ({
  kind: "messaging",
  load: "busy",
  seed: 1,
  people: 10,
  capacity: 5,
  streams: [
    { channel: "chat", per_hour: 120, handling_s: 600, target_s: 60 },
    { channel: "message", per_hour: 60, handling_s: 600, target_s: 300 },
    { channel: "mail", per_hour: 60, handling_s: 900, target_s: 3600 },
  ],
});

/** How long customers of a day of one's own have patience, on average: those in front of a window leave. */
const PATIENCE_S = { chat: 300, message: 0, mail: 0, ticket: 0 } as const;

export function dayOf(draft: DayDraft): PolicyDay {
  if (draft.kind !== "own") return { kind: draft.kind, load: loads[draft.load], seed: draft.seed };
  return {
    kind: "own",
    seed: draft.seed,
    staff: [{ count: draft.people, capacity: draft.capacity }],
    streams: draft.streams.filter((stream) => stream.per_hour > 0).map((stream) => ({ ...stream, patience_s: PATIENCE_S[stream.channel] })),
  };
}

export type Unit = "seconds" | "share" | "count" | "index";

/** What is compared, in the order of the table, and whether more is better. */
export const measures = [
  { id: "within", unit: "share", of: (figures: PolicyFigures) => figures.within },
  { id: "mean", unit: "seconds", of: (figures: PolicyFigures) => figures.wait_mean_s },
  { id: "p50", unit: "seconds", of: (figures: PolicyFigures) => figures.wait_p50_s },
  { id: "p95", unit: "seconds", of: (figures: PolicyFigures) => figures.wait_p95_s },
  { id: "abandoned", unit: "count", of: (figures: PolicyFigures) => figures.abandoned },
  { id: "left", unit: "count", of: (figures: PolicyFigures) => figures.left },
] as const satisfies readonly { id: string; unit: Unit; of: (figures: PolicyFigures) => number }[];

/** Of all who work, beside the customers' figures. */
export const crew = [
  { id: "occupancy", unit: "share", of: (played: PolicyPlayed) => played.occupancy },
  { id: "fairness", unit: "index", of: (played: PolicyPlayed) => played.fairness },
] as const satisfies readonly { id: string; unit: Unit; of: (played: PolicyPlayed) => number }[];

/** A figure as people read it. */
export function figure(value: number, unit: Unit, locale: string): string {
  if (unit === "share") return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format(value);
  if (unit === "index") return new Intl.NumberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 3 }).format(value);
  if (unit === "count") return new Intl.NumberFormat(locale).format(value);
  const long = value >= 120;
  return new Intl.NumberFormat(locale, { style: "unit", unit: long ? "minute" : "second", unitDisplay: "short", maximumFractionDigits: 1 }).format(long ? value / 60 : value);
}
