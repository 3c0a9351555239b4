import type { Locale } from "../locale";
import type en from "./locales/en.json";

export type Key = keyof typeof en;
export type Translate = (key: Key, values?: Record<string, string | number>) => string;

/** Everything the frame says and how it writes times, in one language. */
export interface Language {
  locale: Locale;
  t: Translate;
  /** Hours and minutes. */
  time(at: Date): string;
  /** Date and time, for the title of a time. */
  moment(at: Date): string;
  /** A number of minutes, with the word for them. */
  minutes(n: number): string;
  /** Day and time of a moment to come, in a sentence. */
  opening(at: Date): string;
  /** "Today", "Yesterday" or the date, seen from `now`. */
  day(at: Date, now: Date): string;
}

type Words = Record<Key, string>;

/** One file a language: a visitor loads their own. */
const files = import.meta.glob<Words>("./locales/*.json", { import: "default" });

/** Loads a language. */
export async function loadLanguage(locale: Locale): Promise<Language> {
  return languageOf(locale, await files[`./locales/${locale}.json`]!());
}

export function languageOf(locale: Locale, words: Words): Language {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  const time = format({ hour: locale === "en" ? "numeric" : "2-digit", minute: "2-digit" });
  const moment = format({ dateStyle: "long", timeStyle: "short" });
  const opening = format({ weekday: "long", month: "long", day: "numeric", hour: locale === "en" ? "numeric" : "2-digit", minute: "2-digit" });
  const minutes = new Intl.NumberFormat(locale, { style: "unit", unit: "minute", unitDisplay: "long" });
  const near = format({ month: "long", day: "numeric", weekday: "short" });
  const far = format({ year: "numeric", month: "long", day: "numeric" });
  const t: Translate = (key, values) => words[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values?.[name] ?? ""));
  return {
    locale,
    t,
    time: (at) => time.format(at),
    moment: (at) => moment.format(at),
    minutes: (n) => minutes.format(n),
    opening: (at) => opening.format(at),
    day(at, now) {
      const ago = daysBetween(at, now);
      if (ago === 0) return t("today");
      if (ago === 1) return t("yesterday");
      return (at.getFullYear() === now.getFullYear() ? near : far).format(at);
    },
  };
}

/** How long it will take about; undefined while nobody can say. */
export function waitText({ t, minutes }: Language, seconds: number | undefined): string | undefined {
  if (!seconds) return undefined;
  if (seconds <= 60) return t("queue.wait.under");
  return seconds >= 3600 ? t("queue.wait.over") : t("queue.wait.about", { time: minutes(seconds / 60) });
}

/** Midnights between two moments, on this machine's calendar. */
export function daysBetween(from: Date, to: Date): number {
  const midnight = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate());
  return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}
