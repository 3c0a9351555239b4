import type { Localized } from "@patchbay/client/types";
import type { Locale } from "./locale";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: Locale, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const held = cache.get(key) ?? new Intl.DateTimeFormat(locale, options);
  cache.set(key, held);
  return held;
}

/** 14:05 */
export function clock(at: string | number, locale: Locale): string {
  return formatter(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));
}

/** 21 Nov 2026, 14:05 */
export function fullTime(at: string | number, locale: Locale): string {
  return formatter(locale, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" } as Intl.DateTimeFormatOptions).format(new Date(at));
}

/** 21 Nov 2026 */
export function dayOnly(at: string | number, locale: Locale): string {
  return formatter(locale, { dateStyle: "medium" }).format(new Date(at));
}

/** The clock today, the weekday this week, the date before. */
export function listTime(at: string, now: number, locale: Locale): string {
  const then = Date.parse(at);
  if (dayKey(then) === dayKey(now)) return clock(then, locale);
  if (now - then < 6 * DAY) return formatter(locale, { weekday: "short" }).format(then);
  if (new Date(then).getFullYear() === new Date(now).getFullYear()) return formatter(locale, { day: "numeric", month: "short" }).format(then);
  return formatter(locale, { year: "numeric", month: "numeric", day: "numeric" }).format(then);
}

/** Saturday, 21 November; with the year when it is another one. */
export function dayName(at: string | number, now: number, locale: Locale): string {
  const date = new Date(at);
  const year = date.getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return formatter(locale, { weekday: "long", day: "numeric", month: "long", year }).format(date);
}

/** The same for all times of one day where the reader is. */
export function dayKey(at: string | number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** 40s, 5m, 3h, 2d: short enough for a list. Days begin after so many hours. */
export function duration(ms: number, locale: Locale, hours = 24): string {
  const [value, unit] = ms < MINUTE ? [ms / 1000, "second"] : ms < HOUR ? [ms / MINUTE, "minute"] : ms < hours * HOUR ? [ms / HOUR, "hour"] : [ms / DAY, "day"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit as string, unitDisplay: locale === "en" ? "narrow" : "short" }).format(Math.max(0, Math.floor(value as number)));
}

/** A text of a plugin in the reader's language, else English, else whatever there is. */
export function localized(text: Localized | undefined, locale: Locale): string {
  return text?.[locale] ?? text?.["en"] ?? Object.values(text ?? {})[0] ?? "";
}

/** 820 bytes, 48 kB, 3.2 MB: thousands, as files are counted where people see them. */
export function bytes(size: number, locale: Locale): string {
  const [value, unit] = size < 1_000 ? [size, "byte"] : size < 1_000_000 ? [size / 1_000, "kilobyte"] : [size / 1_000_000, "megabyte"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit as string, unitDisplay: unit === "byte" ? "long" : "short", maximumFractionDigits: (value as number) < 10 && unit !== "byte" ? 1 : 0 }).format(value as number);
}

/** 0:07, 12:40 */
export function playTime(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
