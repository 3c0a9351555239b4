import type { Attribute } from "@patchbay/client/types";
import type { Locale } from "@/i18n";

/** What was typed as a value of the attribute's type: null takes it away, undefined is no such value. */
export function parseValue({ type, options }: Pick<Attribute, "type" | "options">, typed: string): string | number | boolean | null | undefined {
  const text = typed.trim();
  if (text === "") return null;
  switch (type) {
    case "number": {
      const number = Number(text.replace(",", "."));
      return Number.isFinite(number) ? number : undefined;
    }
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "date":
      return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
    case "list":
      return options?.includes(text) ? text : undefined;
    case "link":
      return /^https?:\/\/[^\s/]+/i.test(text) ? text : undefined;
    default:
      return text;
  }
}

/** A value for people; empty when there is none. */
export function shownValue({ type }: Pick<Attribute, "type">, value: unknown, locale: Locale, words: { yes: string; no: string }): string {
  if (value === undefined || value === null || value === "") return "";
  if (type === "boolean") return value === true || value === "true" ? words.yes : words.no;
  if (type === "number" && typeof value === "number") return new Intl.NumberFormat(locale, { maximumFractionDigits: 10 }).format(value);
  if (type === "date") {
    const day = Date.parse(`${String(value).slice(0, 10)}T12:00:00`);
    return Number.isNaN(day) ? String(value) : new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(day);
  }
  return String(value);
}
