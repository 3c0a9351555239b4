import type { PolicyBand, PolicyComparison, PolicyFigures, PolicyPlayed, PolicyQuarter } from "@patchbay/client/types";
import { clock, spanAxis, type Plot } from "@/charts/plot";

type Format = (value: number) => string;
const PER_HOUR = 4;

/** Something of each quarter of an hour, by both policies. Both days are equally long. */
function overDay(result: PolicyComparison, names: readonly string[], of: (quarter: PolicyQuarter) => number | undefined): Pick<Plot, "kind" | "names" | "labels" | "values"> {
  return {
    kind: "line",
    names,
    labels: (result.played[0]?.series ?? []).map((quarter) => clock(quarter.at_s)),
    values: result.played.map((played) => played.series.map((quarter) => of(quarter) ?? null)),
  };
}

/** Until the first answer, by when they came. */
export function waitPlot(result: PolicyComparison, names: readonly string[], format: Format): Plot {
  const plot = overDay(result, names, (quarter) => quarter.wait_mean_s);
  return { ...plot, ...spanAxis(plot.values), every: PER_HOUR, format };
}

/** Share answered within the target, by when they came. */
export function withinPlot(result: PolicyComparison, names: readonly string[], format: Format): Plot {
  return { ...overDay(result, names, (quarter) => quarter.within), step: 0.25, top: 1, every: PER_HOUR, format };
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
  return { kind: "line", names, labels: (busy[0] ?? []).map((_, i) => String(i + 1)), values: busy, step: 0.25, top: 1, format };
}
