import { describe, expect, it } from "vitest";
import type { Calendar } from "@patchbay/client/types";
import { changeText, datesText, latest, textOf } from "@/hours/hours";

const now = Date.parse("2026-11-23T01:00:00Z");
const calendar = (over: Partial<Calendar> = {}): Calendar =>
  ({ id: "cal_1", revision: 1, name: "x", time_zone: "Asia/Shanghai", open: false, change_at: "2026-11-24T01:00:00Z", warnings: [], exceptions: [], week: {}, ...over }) as unknown as Calendar;

describe("changeText", () => {
  const text = (change_at: string, over: Partial<Calendar> = {}) => changeText(calendar({ change_at, ...over }), "en", now);

  it("says the day of the week while that is enough", () => {
    expect(text("2026-11-24T01:00:00Z")).toMatch(/^Tuesday.* 09:00$/);
    expect(text("2026-11-28T01:00:00Z")).not.toContain("28");
  });

  it("says the date when it is another week's, and the year when it is far", () => {
    expect(text("2026-12-02T01:00:00Z")).toContain("Dec 2");
    expect(text("2026-12-02T01:00:00Z")).not.toContain("2026");
    expect(text("2028-12-02T01:00:00Z")).toContain("2028");
  });

  it("says UTC where the browser does not know the zone", () => {
    expect(text("2026-11-24T01:00:00Z", { time_zone: "posixrules" })).toMatch(/01:00.*UTC/);
  });
});

it("says the year of dates where asked, or where they have two", () => {
  const dates = (from: string, to: string, year?: boolean) => datesText({ name: "x", effect: "closed", from, to }, "en", year);
  expect(dates("2027-02-06", "2027-02-06", true)).toContain("2027");
  expect(dates("2027-02-06", "2027-02-08")).not.toContain("2027");
  expect(dates("2026-12-31", "2027-01-02")).toMatch(/2026.*2027/);
});

it("shows what was fetched last, unless something newer was saved", () => {
  const held = calendar({ revision: 2, open: true });
  expect(latest(held, calendar({ revision: 2, open: false }))?.open).toBe(false);
  expect(latest(held, calendar({ revision: 1, open: false }))?.open).toBe(true);
  expect(latest(undefined, held)).toBeUndefined();
});

it("reads files in UTF-8 and in the encodings of Chinese programs", () => {
  const bytes = (...list: number[]) => new Uint8Array(list).buffer;
  expect(textOf(new TextEncoder().encode("春节（休）").buffer as ArrayBuffer)).toBe("春节（休）");
  expect(textOf(bytes(0xd0, 0xdd))).toBe("休");
  expect(textOf(bytes(0xb0, 0xe0))).toBe("班");
  expect(textOf(bytes(0xff, 0xff))).toBeUndefined();
});
