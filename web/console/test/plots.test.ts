import { describe, expect, it } from "vitest";
import type { PolicyComparison, PolicyPlayed } from "@patchbay/client/types";
import { optionOf } from "@/charts/draw";
import { clock, spanAxis } from "@/charts/plot";
import { crewPlot, spreadPlot, waitPlot, withinPlot } from "@/policy/plots";
import { dark, light } from "@/theme/tokens";

const figures = { arrived: 3, abandoned: 1, left: 0, within: 0.5, wait_mean_s: 40, wait_p50_s: 40, wait_p95_s: 70 };
const played = (wait: number): PolicyPlayed => ({
  plan: "draft",
  warnings: [],
  all: figures,
  channels: [],
  queues: [],
  series: [{ at_s: 0, arrived: 2, wait_mean_s: wait, within: 0.5, waiting: 1 }, { at_s: 900, arrived: 0, waiting: 0 }],
  waits: [{ up_to_s: 60, count: 1 }, { count: 1 }],
  crew: [{ occupancy: 0.2, served: 1 }, { occupancy: 0.6, served: 1 }],
  occupancy: 0.4,
  fairness: 0.8,
  members: 2,
});
const result: PolicyComparison = { customers: 3, members: 2, gaps: [], played: [played(40), played(700)] };
const names = ["draft", "current"];

describe("plots of a comparison", () => {
  it("leave a gap where nothing is known", () => {
    const plot = waitPlot(result, names, String);
    expect(plot).toMatchObject({ labels: ["0:00", "0:15"], values: [[40, null], [700, null]], step: 300, top: 900, every: 4 });
    expect(withinPlot(result, names, String).values).toEqual([[0.5, null], [0.5, null]]);
  });
  it("are of the hours in which anything came", () => {
    const quarters = Array.from({ length: 96 }, (_, i) => ({ at_s: i * 900, arrived: i === 37 || i === 45 ? 1 : 0, waiting: 0 }));
    const day = { ...result, played: result.played.map((one) => ({ ...one, series: quarters })) };
    const { labels } = waitPlot(day, names, String);
    expect([labels[0], labels.at(-1)]).toEqual(["9:00", "11:45"]);
    const still = { ...day, played: day.played.map((one) => ({ ...one, series: quarters.map((quarter) => ({ ...quarter, arrived: 0 })) })) };
    expect(waitPlot(still, names, String)).toMatchObject({ every: 12, labels: { length: 96 } });
  });
  it("have room for the side with more people", () => {
    const more = { ...result.played[1]!, crew: [{ occupancy: 0.1, served: 1 }, { occupancy: 0.2, served: 1 }, { occupancy: 0.3, served: 1 }] };
    expect(crewPlot({ ...result, played: [result.played[0]!, more] }, names, String).labels).toEqual(["1", "2", "3"]);
  });
  it("put who got no answer beside those who waited", () => {
    const plot = spreadPlot(result, names, { format: String, band: (band) => (band.up_to_s ? `${band.up_to_s}` : "longer"), abandoned: "left", left: "unanswered" });
    expect(plot.labels).toEqual(["60", "longer", "left", "unanswered"]);
    expect(plot.values[0]).toEqual([1, 1, 1, 0]);
  });
  it("put the busiest first", () => expect(crewPlot(result, names, String).values[1]).toEqual([0.6, 0.2]));
  it("are drawn in the colours of the theme, apart without them, and still if so wanted", () => {
    const plot = waitPlot(result, names, String);
    const [first, second] = optionOf(plot, dark, true).series as { color: string; lineStyle: { type: string } }[];
    expect([first!.color, first!.lineStyle.type, second!.lineStyle.type]).toEqual([dark.accent, "solid", "dashed"]);
    expect(optionOf(plot, light, true).animation).toBe(false);
    expect(optionOf(plot, light, false).animation).toBe(true);
  });
});

describe("axes", () => {
  it("of time have lines at lengths that people speak of", () => {
    expect(spanAxis([[0, null]])).toEqual({ step: 1, top: 1 });
    expect(spanAxis([[44], [10]])).toEqual({ step: 10, top: 50 });
    expect(spanAxis([[7200]])).toEqual({ step: 1800, top: 7200 });
    expect(spanAxis([[1_000_000]]).step % 86_400).toBe(0);
  });
  it("of the day are told by the clock", () => expect([0, 900, 45_000].map(clock)).toEqual(["0:00", "0:15", "12:30"]));
});
