import type { PolicyBand, PolicyComparison, PolicyFigures, PolicyPlayed, PolicyQuarter } from "@patchbay/client/types";
import { clock, spanAxis, type Plot } from "@/charts/plot";

type Format = (value: number) => string;
const PER_HOUR = 4;
/** More quarters than this have a label every three hours. */
const LONG = 12 * PER_HOUR;

/** The quarters of an hour in which anything came of either side, by whole hours: a recorded day has a night. */
function awake(result: PolicyComparison): { from: number; to: number } {
  const busy = result.played.flatMap((played) => played.series.flatMap((quarter, i) => (quarter.arrived > 0 || quarter.waiting > 0 ? [i] : [])));
  if (busy.length === 0) return { from: 0, to: result.played[0]?.series.length ?? 0 };
  const whole = (n: number) => Math.floor(n / PER_HOUR) * PER_HOUR;
  return { from: whole(Math.min(...busy)), to: whole(Math.max(...busy)) + PER_HOUR };
}

/** Something of each quarter of an hour, by both sides. Both days are equally long. */
function overDay(result: PolicyComparison, names: readonly string[], of: (quarter: PolicyQuarter) => number | undefined): Pick<Plot, "kind" | "names" | "labels" | "values" | "every"> {
  const { from, to } = awake(result);
  const quarters = result.played.map((played) => played.series.slice(from, to));
  const labels = (quarters[0] ?? []).map((quarter) => clock(quarter.at_s));
  return {
    kind: "line",
    names,
    labels,
    values: quarters.map((series) => series.map((quarter) => of(quarter) ?? null)),
    every: labels.length > LONG ? 3 * PER_HOUR : PER_HOUR,
  };
}

/** Until the first answer, by when they came. */
export function waitPlot(result: PolicyComparison, names: readonly string[], format: Format): Plot {
  const plot = overDay(result, names, (quarter) => quarter.wait_mean_s);
  return { ...plot, ...spanAxis(plot.values), format };
}

/** Share answered within the target, by when they came. */
export function withinPlot(result: PolicyComparison, names: readonly string[], format: Format): Plot {
  return { ...overDay(result, names, (quarter) => quarter.within), step: 0.25, top: 1, format };
}

/** How many waited how long, with those who got no answer. */
export function spreadPlot(result: PolicyComparison, names: readonly string[], words: { format: Format; band: (band: PolicyBand) => string; abandoned: string; left: string }): Plot {
  const ends = ["abandoned", "left"] as const satisfies readonly (keyof PolicyFigures)[];
  return {
    kind: "bar",
    names,
    labels: [...(result.played[0]?.waits ?? []).map(words.band), ...ends.map((end) => words[end])],
    values: result.played.map((played) => [...played.waits.map((band) => band.count), ...ends.map((end) => played.all[end])]),
    format: words.format,
  };
}

/** How busy everybody is, the busiest first. */
export function crewPlot(result: PolicyComparison, names: readonly string[], format: Format): Plot {
  const busy = result.played.map((played: PolicyPlayed) => played.crew.map((member) => member.occupancy).sort((a, b) => b - a));
  return { kind: "line", names, labels: Array.from({ length: Math.max(...busy.map((side) => side.length)) }, (_, i) => String(i + 1)), values: busy, step: 0.25, top: 1, format };
}
