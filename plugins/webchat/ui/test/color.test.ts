import { describe, expect, it } from "vitest";
import { contrast, inkOn, isColor } from "../src/color";
import { readableOn } from "../src/frame/tone";

/** Every 51st step of each channel: 216 colours over the whole cube. */
const cube = [0, 51, 102, 153, 204, 255].flatMap((r, _, steps) =>
  steps.flatMap((g) => steps.map((b) => `#${[r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("")}`)),
);

describe("contrast", () => {
  it("is the ratio of WCAG", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.478, 2);
    expect(contrast("#ffffff", "#777777")).toBe(contrast("#777777", "#ffffff"));
  });
});

describe("whatever colour a customer picks", () => {
  it.each(cube)("text on %s can be read", (color) => {
    expect(contrast(inkOn(color), color)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["#ffffff", "#f5f6f8", "#23262d", "#16181d"])("it can be read as text on %s", (surface) => {
    for (const color of cube) expect(contrast(readableOn(color, surface), surface)).toBeGreaterThanOrEqual(4.5);
  });

  it("stays itself where it can already be read", () => {
    expect(readableOn("#1f5fd6", "#ffffff")).toBe("#1f5fd6");
  });
});

it.each(["red", "#fff", "#12345g", "url(x)", "", undefined, 5])("does not take %j for a colour", (value) => {
  expect(isColor(value)).toBe(false);
});
