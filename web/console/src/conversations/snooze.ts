/** When a snoozed conversation comes back. */
export interface SnoozeChoice {
  key: "hour" | "hours" | "tomorrow" | "monday";
  until: Date;
}

const MORNING = 9;

export function snoozeChoices(now: Date): SnoozeChoice[] {
  const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
  const morning = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
  return [
    { key: "hour", until: later(1) },
    { key: "hours", until: later(3) },
    { key: "tomorrow", until: morning(1) },
    { key: "monday", until: morning(((8 - now.getDay()) % 7) || 7) },
  ];
}

/** A time as the browser's date field writes it, where the reader is. */
export function fieldTime(date: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
