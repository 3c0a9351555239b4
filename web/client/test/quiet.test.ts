import { describe, expect, it } from "vitest";
import { isQuiet } from "../src/quiet";

const at = (time: string) => new Date(`2026-03-01T${time}Z`);

describe("isQuiet", () => {
  it.each([
    ["13:59:59", false],
    ["14:00:00", true],
    ["23:30:00", true],
    ["23:59:59", true],
    ["00:00:00", false],
  ])("spans midnight of the member's own time zone: %s UTC is %s", (time, quiet) => {
    expect(isQuiet({ from: "22:00", to: "08:00", timezone: "Asia/Shanghai" }, at(time))).toBe(quiet);
  });

  it.each([
    ["11:59:00", false],
    ["12:00:00", true],
    ["12:59:59", true],
    ["13:00:00", false],
  ])("lies within a day: %s is %s", (time, quiet) => {
    expect(isQuiet({ from: "12:00", to: "13:00", timezone: "UTC" }, at(time))).toBe(quiet);
  });

  it("is never, when nothing was chosen or the time zone is unknown", () => {
    expect(isQuiet(undefined, at("12:00:00"))).toBe(false);
    expect(isQuiet({ from: "00:00", to: "23:59", timezone: "Mars/Olympus" }, at("12:00:00"))).toBe(false);
  });
});
