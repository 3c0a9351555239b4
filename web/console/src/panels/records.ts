import type { RecordField } from "@patchbay/client/api";
import { fullTime } from "@/i18n/format";
import type { Locale } from "@/i18n";

/** A value of a record as it is shown. An address is a link only when it leads where it says. */
export function shownValue(value: unknown, type: RecordField["type"], locale: Locale, words: { yes: string; no: string }): { text: string; href?: string } {
  if (typeof value === "boolean") return { text: value ? words.yes : words.no };
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  switch (type) {
    case "time":
      return { text: Number.isNaN(Date.parse(text)) ? text : fullTime(text, locale) };
    case "money":
      return { text: money(text, locale) };
    case "url":
      return /^https:\/\/\S+$/.test(text) ? { text, href: text } : { text };
    case "email":
      return /^[^\s@]+@[^\s@?]+$/.test(text) ? { text, href: `mailto:${text}` } : { text };
    case "phone":
      return /^\+?[\d ()-]{4,24}$/.test(text) ? { text, href: `tel:${text.replaceAll(/[ ()-]/g, "")}` } : { text };
    default:
      return { text };
  }
}

/** "12.50 EUR" in the reader's way of writing it. */
function money(text: string, locale: Locale): string {
  const [, amount, currency] = /^(-?\d+(?:\.\d+)?) ([A-Z]{3})$/.exec(text) ?? [];
  return amount && currency ? new Intl.NumberFormat(locale, { style: "currency", currency }).format(Number(amount)) : text;
}
