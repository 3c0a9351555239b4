import { expect, test } from "vitest";
import { dark, light } from "@/theme/tokens";
import { contrast, pairs } from "@/design/contrast";

test("the ratio is the one of WCAG", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
  expect(contrast("#0b6e64", "#0b6e64")).toBe(1);
});

test.each([
  ["light", light],
  ["dark", dark],
])("every pair of the %s theme can be read", (_name, tokens) => {
  const of = tokens as unknown as Record<string, string>;
  const poor = pairs.filter((pair) => contrast(of[pair.text]!, of[pair.on]!) < pair.least).map((pair) => `${pair.text} on ${pair.on}: ${contrast(of[pair.text]!, of[pair.on]!).toFixed(2)}, needs ${pair.least}`);
  expect(poor).toEqual([]);
});
