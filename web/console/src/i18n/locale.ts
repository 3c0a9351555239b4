export type Locale = "en" | "zh-CN";
export const locales: readonly Locale[] = ["en", "zh-CN"];
