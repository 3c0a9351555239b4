import type { RatingSummary } from "@patchbay/client/types";

export const periods = ["7", "30", "90", "all"] as const;
export type Period = (typeof periods)[number];

const DAY_MS = 24 * 60 * 60_000;

/** When a period began: at the start of the day so many days ago; undefined is the very beginning. */
export function since(period: Period, now: number): string | undefined {
  if (period === "all") return undefined;
  const day = new Date(now - Number(period) * DAY_MS);
  day.setHours(0, 0, 0, 0);
  return day.toISOString();
}

export interface Bar {
  score: number;
  count: number;
  /** Of all ratings, 0 to 100. */
  percent: number;
  /** Of the most frequent score, 0 to 100. */
  width: number;
}

/** How often each score was given, the best first. */
export function barsOf(summary: RatingSummary): Bar[] {
  const scores = [5, 4, 3, 2, 1];
  const counts = scores.map((score) => summary.by_score[String(score)] ?? 0);
  const most = Math.max(1, ...counts);
  return scores.map((score, index) => {
    const count = counts[index]!;
    return { score, count, percent: summary.count > 0 ? Math.round((count / summary.count) * 100) : 0, width: Math.round((count / most) * 100) };
  });
}
