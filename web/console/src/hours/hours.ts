import { useQuery } from "@tanstack/vue-query";
import { HoursApi, type CalendarDraft } from "@patchbay/client/api";
import type { Calendar, CalendarException, CalendarSpan } from "@patchbay/client/types";
import { api } from "@/api";
import { ownZone } from "@/notifications/preferences";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

export const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Day = (typeof days)[number];

const MINUTES = 24 * 60;
/** What one step of the pointer is, in minutes. */
const STEP = 30;

/** The calendars of the workspace. Whether they are open moves on its own, so they are asked for again. */
export function useCalendars() {
  const { id } = useWorkspace();
  const hours = new HoursApi(api, id);
  return { hours, ...useQuery({ queryKey: keys.calendars(id), queryFn: () => hours.calendars(), refetchInterval: 60_000 }) };
}

/** A calendar as a form holds it; without one, office hours where the person is. */
export function draftOf(calendar?: Calendar): Required<CalendarDraft> & { week: Record<Day, CalendarSpan[]> } {
  const office = (day: Day) => (["saturday", "sunday"].includes(day) ? [] : [{ from: "09:00", to: "18:00" }]);
  const week = Object.fromEntries(days.map((day) => [day, (calendar ? (calendar.week[day] ?? []) : office(day)).map((span) => ({ ...span }))])) as Record<Day, CalendarSpan[]>;
  return { name: calendar?.name ?? "", time_zone: calendar?.time_zone ?? ownZone(), week, exceptions: (calendar?.exceptions ?? []).map(copied) };
}

export function copied(exception: CalendarException): CalendarException {
  return { ...exception, hours: (exception.hours ?? []).map((span) => ({ ...span })) };
}

export function minutesOf(clock: string): number | undefined {
  const found = /^(\d{2}):(\d{2})$/.exec(clock);
  const minutes = found ? Number(found[1]) * 60 + Number(found[2]) : Number.NaN;
  return minutes <= MINUTES && Number(found?.[2]) < 60 ? minutes : undefined;
}

export function clockOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** Where a span is on the line of a day, in percent; nothing while it is being typed. */
export function placeOf(span: CalendarSpan): { left: string; width: string } | undefined {
  const [from, to] = [minutesOf(span.from), minutesOf(span.to)];
  if (from === undefined || to === undefined || from >= to) return undefined;
  return { left: `${(from / MINUTES) * 100}%`, width: `${((to - from) / MINUTES) * 100}%` };
}

/** The moment that a share of the line means, by steps. */
export function atShare(share: number): number {
  return Math.min(MINUTES, Math.max(0, Math.round((share * MINUTES) / STEP) * STEP));
}

/** A day with one span more; spans that meet it become one. */
export function withSpan(spans: readonly CalendarSpan[], from: number, to: number): CalendarSpan[] {
  let [low, high] = [from, to];
  const apart = spans.filter((span) => {
    const [begin, end] = [minutesOf(span.from), minutesOf(span.to)];
    if (begin === undefined || end === undefined || begin > high || end < low) return true;
    [low, high] = [Math.min(low, begin), Math.max(high, end)];
    return false;
  });
  return [...apart, { from: clockOf(low), to: clockOf(high) }].sort((a, b) => a.from.localeCompare(b.from));
}

/** What a person adds next: two hours after the last, or the morning. */
export function nextSpan(spans: readonly CalendarSpan[]): CalendarSpan {
  const last = Math.max(0, ...spans.map((span) => minutesOf(span.to) ?? 0));
  if (last === 0) return { from: "09:00", to: "18:00" };
  const from = Math.min(last + 60, MINUTES - 60);
  return { from: clockOf(from), to: clockOf(Math.min(from + 120, MINUTES)) };
}

export function spansText(spans: readonly CalendarSpan[] | null | undefined): string {
  return (spans ?? []).map((span) => `${span.from}–${span.to}`).join(", ");
}

const DAY = 24 * 60 * 60_000;
/** From here on a day of the week alone could be that of this week. */
const FAR = 6 * DAY;

/** When a calendar changes, by its own clock: the day of the week and the time; the date too when that is some days away. */
export function changeText(calendar: Calendar, locale: string, now = Date.now()): string {
  if (!calendar.change_at) return "";
  const at = new Date(calendar.change_at);
  const away = at.getTime() - now;
  const date: Intl.DateTimeFormatOptions = away < FAR ? {} : { month: "short", day: "numeric", ...(away < 180 * DAY ? {} : { year: "numeric" }) };
  const format: Intl.DateTimeFormatOptions = { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...date };
  try {
    return new Intl.DateTimeFormat(locale, { ...format, timeZone: calendar.time_zone }).format(at);
  } catch { // a zone that this browser does not know
    return new Intl.DateTimeFormat(locale, { ...format, timeZone: "UTC", timeZoneName: "short" }).format(at);
  }
}

/** A date as people say it; dates have no zone. */
export function dateText(date: string, locale: string, year = false): string {
  return new Intl.DateTimeFormat(locale, { weekday: "short", month: "short", day: "numeric", ...(year ? { year: "numeric" } : {}), timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`));
}

/** The dates of an exception; with their year where nothing around them says it. */
export function datesText(exception: CalendarException, locale: string, year = false): string {
  const last = exception.to || exception.from;
  const apart = exception.from.slice(0, 4) !== last.slice(0, 4);
  if (exception.from === last) return dateText(last, locale, year);
  return `${dateText(exception.from, locale, apart)} – ${dateText(last, locale, year || apart)}`;
}

/** What is known of a calendar now: whether it is open moves without a change of it. */
export function latest(held: Calendar | undefined, fetched: Calendar | undefined): Calendar | undefined {
  return held && fetched && fetched.id === held.id && fetched.revision >= held.revision ? fetched : held;
}

/** The text of a calendar file: UTF-8, or as Chinese programs write it; undefined if it is neither. */
export function textOf(file: ArrayBuffer): string | undefined {
  for (const encoding of ["utf-8", "gb18030"]) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(file);
    } catch { // the next one
    }
  }
  return undefined;
}
