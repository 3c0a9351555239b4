import { createI18n } from "vue-i18n";
import { ref, watch } from "vue";
import { readStored, writeStored } from "@/ui/stored";
import en from "@/locales/en.json";

export type Locale = "en" | "zh-CN";
export const locales: readonly Locale[] = ["en", "zh-CN"];

export type Messages = typeof en;

/** English is in the first load as fallback; the others are fetched when chosen. */
const loaders: Record<Exclude<Locale, "en">, () => Promise<{ default: Messages }>> = {
  "zh-CN": () => import("@/locales/zh-CN.json"),
};

export const i18n = createI18n<[Messages], Locale, false>({
  legacy: false,
  locale: "en",
  fallbackLocale: "en",
  messages: { en } as Record<Locale, Messages>,
});

/** The language of the console. The account's own language follows after sign-in. */
export const locale = ref<Locale>(preferred());
watch(locale, (value) => writeStored("locale", value));

/** Shows the console in a language; what is on screen changes once its texts are there. */
export async function setLocale(next: Locale): Promise<void> {
  if (next !== "en" && !i18n.global.availableLocales.includes(next)) {
    i18n.global.setLocaleMessage(next, (await loaders[next]()).default);
  }
  i18n.global.locale.value = next;
  locale.value = next;
  document.documentElement.lang = next;
}

function preferred(): Locale {
  const held = readStored("locale");
  if (held === "en" || held === "zh-CN") return held;
  return navigator.languages.some((language) => language.toLowerCase().startsWith("zh")) && !navigator.language.startsWith("en") ? "zh-CN" : "en";
}
