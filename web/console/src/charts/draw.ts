import { BarChart, LineChart, type BarSeriesOption, type LineSeriesOption } from "echarts/charts";
import { GridComponent, TooltipComponent, type GridComponentOption, type TooltipComponentOption } from "echarts/components";
import { init, use, type ComposeOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { fontFamily, type Tokens } from "@/theme/tokens";
import type { Plot } from "./plot";

// Only what our charts are made of. It is fetched with the first chart.
use([LineChart, BarChart, GridComponent, TooltipComponent, SVGRenderer]);

export { init };
export type Option = ComposeOption<LineSeriesOption | BarSeriesOption | GridComponentOption | TooltipComponentOption>;

const MOTION_MS = 120;

/** A plot as ECharts draws it, in the colours of the theme. */
export function optionOf(plot: Plot, tokens: Tokens, still: boolean): Option {
  return {
    animation: !still,
    animationDuration: MOTION_MS,
    animationDurationUpdate: MOTION_MS,
    textStyle: { fontFamily, fontSize: 12, color: tokens.textSoft },
    grid: { left: 4, right: 12, top: 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      backgroundColor: tokens.raised,
      borderColor: tokens.line,
      textStyle: { fontFamily, fontSize: 12, color: tokens.text },
      axisPointer: { type: plot.kind === "bar" ? "shadow" : "line", lineStyle: { color: tokens.edge }, shadowStyle: { color: tokens.hover } },
      valueFormatter: (value) => (typeof value === "number" ? plot.format(value) : "–"),
    },
    xAxis: {
      type: "category",
      data: [...plot.labels],
      boundaryGap: plot.kind === "bar",
      axisLine: { lineStyle: { color: tokens.edge } },
      axisTick: { show: false },
      axisLabel: { color: tokens.textSoft, hideOverlap: true, interval: plot.every ? (index: number) => index % plot.every! === 0 : "auto" },
    },
    yAxis: {
      type: "value",
      min: 0,
      ...(plot.top === undefined ? { minInterval: 1, splitNumber: 4 } : { max: plot.top, interval: plot.step }),
      axisLabel: { color: tokens.textSoft, formatter: (value: number) => plot.format(value) },
      splitLine: { lineStyle: { color: tokens.line } },
    },
    series: plot.names.map((name, i) => series(plot, name, i, tokens)),
  };
}

/** The first is solid and in the accent, the others are outlines: they differ without their colours too. */
function series(plot: Plot, name: string, i: number, tokens: Tokens): LineSeriesOption | BarSeriesOption {
  const color = i === 0 ? tokens.accent : tokens.textSoft;
  const data = [...(plot.values[i] ?? [])];
  if (plot.kind === "bar") {
    return { type: "bar", name, data, barGap: "10%", barCategoryGap: "30%", itemStyle: i === 0 ? { color } : { color: tokens.surface, borderColor: color, borderWidth: 1.5 } };
  }
  return { type: "line", name, data, color, symbol: "circle", symbolSize: 4, showSymbol: lonely(data), connectNulls: false, lineStyle: { width: 2, color, type: i === 0 ? "solid" : "dashed" } };
}

/** Whether a value stands alone between gaps: a line alone would not show it. */
function lonely(data: readonly (number | null)[]): boolean {
  return data.some((value, i) => value !== null && (data[i - 1] ?? null) === null && (data[i + 1] ?? null) === null);
}
