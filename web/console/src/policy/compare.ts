import type { PolicyFigures, PolicyPlayed } from "@patchbay/client/types";

/** Shares are 0 to 1; the difference of two is in points, of a hundred. */
export type Unit = "seconds" | "share" | "points" | "count" | "index";

/** Something that is compared. `better` is the way in which it is better; absent: neither is. */
interface Measure<T> {
  id: string;
  unit: Unit;
  better?: "more" | "less";
  of: (from: T) => number;
}

/** What came of the customers, in the order of the table. */
export const measures = [
  { id: "within", unit: "share", better: "more", of: (figures) => figures.within },
  { id: "mean", unit: "seconds", better: "less", of: (figures) => figures.wait_mean_s },
  { id: "p50", unit: "seconds", better: "less", of: (figures) => figures.wait_p50_s },
  { id: "p95", unit: "seconds", better: "less", of: (figures) => figures.wait_p95_s },
  { id: "abandoned", unit: "count", better: "less", of: (figures) => figures.abandoned },
  { id: "left", unit: "count", better: "less", of: (figures) => figures.left },
] as const satisfies readonly Measure<PolicyFigures>[];

/** Of all who work, beside the customers' figures. */
export const crew = [
  { id: "occupancy", unit: "share", of: (played) => played.occupancy },
  { id: "fairness", unit: "index", better: "more", of: (played) => played.fairness },
  { id: "members", unit: "count", of: (played) => played.members },
] as const satisfies readonly Measure<PolicyPlayed>[];

const MINUTES_FROM_S = 120;
const DIGITS: Record<Unit, number> = { seconds: 1, share: 1, points: 1, count: 0, index: 3 };

/** A figure as people read it: long times by the minute. */
export function figure(value: number, unit: Unit, locale: string, sign?: "always"): string {
  const common = { maximumFractionDigits: DIGITS[unit], ...(sign && { signDisplay: sign }) };
  if (unit === "share") return new Intl.NumberFormat(locale, { style: "percent", ...common }).format(value);
  if (unit === "index") return new Intl.NumberFormat(locale, { minimumFractionDigits: DIGITS.index, ...common }).format(value);
  if (unit === "count" || unit === "points") return new Intl.NumberFormat(locale, common).format(value);
  const long = Math.abs(value) >= MINUTES_FROM_S;
  return new Intl.NumberFormat(locale, { style: "unit", unit: long ? "minute" : "second", unitDisplay: "short", ...common }).format(long ? value / 60 : value);
}

/** How a first figure stands beside a second one. */
export interface Verdict {
  /** What it is more, or less; 0 where both read the same. */
  by: number;
  is: "better" | "worse" | "other" | "same";
}

export function verdictOf(first: number, second: number, { unit, better }: { unit: Unit; better?: "more" | "less" }): Verdict {
  const fine = 10 ** (DIGITS[unit] + (unit === "share" ? 2 : 0));
  const by = Math.round((first - second) * fine) / fine;
  if (by === 0) return { by: 0, is: "same" };
  if (!better) return { by, is: "other" };
  return { by, is: by > 0 === (better === "more") ? "better" : "worse" };
}
