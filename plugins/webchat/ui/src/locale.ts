export type Locale = "en" | "zh-CN";

/** The language for a page's language tag: every Chinese is answered in simplified, the rest in English. */
export const localeOf = (tag: string): Locale => (/^zh\b/i.test(tag) ? "zh-CN" : "en");
