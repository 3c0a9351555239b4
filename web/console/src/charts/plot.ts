/** What a chart shows, without saying how it is drawn: the same is its table. */
export interface Plot {
  kind: "line" | "bar";
  /** Of the series; the first is the one that the chart is about, the others stand beside it. */
  names: readonly string[];
  /** Along the horizontal axis. */
  labels: readonly string[];
  /** By series, one for each label; null: nothing is known there. */
  values: readonly (readonly (number | null)[])[];
  format(value: number): string;
  /** Between lines of the vertical axis, and where it ends; absent: as the values are. */
  step?: number;
  top?: number;
  /** Every so many labels one is written; absent: as many as there is room for. */
  every?: number;
}

const SPANS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
const LINES = 5;

/** Lines of an axis of seconds, at lengths of time that people speak of. */
export function spanAxis(values: Plot["values"]): { step: number; top: number } {
  const most = Math.max(1, ...values.flat().map((value) => value ?? 0));
  const step = SPANS.find((span) => most / span <= LINES) ?? Math.ceil(most / LINES / 86_400) * 86_400;
  return { step, top: Math.ceil(most / step) * step };
}

/** "0:15", "8:00": a time of so many seconds after midnight, or after the day began. */
export function clock(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}
