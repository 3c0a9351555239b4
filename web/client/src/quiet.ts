import type { NotificationPreferences } from "./types";

/** Whether it is the time of day in which neither browser nor sound tell of anything. */
export function isQuiet(quiet: NotificationPreferences["quiet_hours"], now: Date): boolean {
  if (!quiet) return false;
  const time = timeIn(quiet.timezone, now);
  if (time === undefined) return false;
  const { from, to } = quiet;
  return from < to ? from <= time && time < to : from <= time || time < to;
}

/** As 08:05; undefined when the browser does not know the time zone. */
function timeIn(timeZone: string, now: Date): string | undefined {
  try {
    return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(now);
  } catch {
    return undefined;
  }
}
