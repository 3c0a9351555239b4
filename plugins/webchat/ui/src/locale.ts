export type Locale = "en" | "zh-CN";

/** Every Chinese is answered in simplified Chinese, everything else in English. */
export const isChinese = (tag: string): boolean => /^zh\b/i.test(tag);

/** The language for a page's or an inbox's language tag. */
export const localeOf = (tag: string): Locale => (isChinese(tag) ? "zh-CN" : "en");
