/** The languages the chat speaks, in their own names. The first answers for all others. */
export const languages = {
  en: "English",
  "zh-CN": "简体中文",
  "zh-TW": "繁體中文",
  ja: "日本語",
  ko: "한국어",
  es: "Español",
  fr: "Français",
  de: "Deutsch",
  pt: "Português",
  ru: "Русский",
  ar: "العربية",
} as const;

export type Locale = keyof typeof languages;

/** The language that answers a language tag (BCP 47); undefined when none does. */
export function spoken(tag: string): Locale | undefined {
  const [language, ...rest] = tag.toLowerCase().split(/[-_]/);
  if (language === "zh") return rest.some((part) => ["hant", "tw", "hk", "mo"].includes(part)) ? "zh-TW" : "zh-CN";
  return language! in languages ? (language as Locale) : undefined;
}

/** The language for a tag: English when it is none of ours. */
export const localeOf = (tag: string): Locale => spoken(tag) ?? "en";

export const isChinese = (tag: string): boolean => /^zh\b/i.test(tag);

/** Whether it is written from right to left. */
export const isRightToLeft = (locale: Locale): boolean => locale === "ar";

/** The text for a reader out of texts by language tag: their own, the first fallback, or any. */
export function textFor(texts: Record<string, string> | undefined, locale: string, fallback = "en"): string {
  const entries = Object.entries(texts ?? {});
  const of = (tag: string) => entries.find(([key]) => key.toLowerCase() === tag.toLowerCase()) ?? entries.find(([key]) => spoken(key) !== undefined && spoken(key) === spoken(tag));
  return (of(locale) ?? of(fallback) ?? entries[0])?.[1] ?? "";
}
