import { createI18n } from "vue-i18n";
import { ref, watch } from "vue";
import { persistent } from "@/ui/lazy";
import { readStored, writeStored } from "@/ui/stored";
import type { Area } from "./areas";
import { locales, type Locale } from "./locale";
import en from "@/locales/en.json";

export { locales, type Locale };

export type Messages = typeof en;

type Texts = Record<string, unknown>;
const files = import.meta.glob<Texts>("@/locales/*.json", { import: "default" });

export const i18n = createI18n<[Messages], Locale, false>({
  legacy: false,
  locale: "en",
  fallbackLocale: "en",
  messages: { en } as Record<Locale, Messages>,
});

/** The language of the console. The account's own language follows after sign-in. */
export const locale = ref<Locale>(preferred());
watch(locale, (value) => writeStored("locale", value));

const open = new Set<Area>();
/** The language that is on its way to the screen, or already there: parts that open meanwhile bring its texts along. */
let wanted: Locale = "en";
const fetched = new Map<string, Promise<void>>();

/** Shows the console in a language; what is on screen changes once its texts are there. */
export async function setLocale(next: Locale): Promise<void> {
  wanted = next;
  try {
    await Promise.all([fetchTexts(next), ...[...open].map((area) => fetchTexts(next, area))]);
  } catch (error) {
    if (wanted === next) wanted = i18n.global.locale.value;
    throw error;
  }
  if (wanted !== next) return; // another was chosen meanwhile
  i18n.global.locale.value = next;
  locale.value = next;
  document.documentElement.lang = next;
}

/** A part of the console together with its texts: for a lazy route or `defineAsyncComponent`. */
export function withTexts<T>(area: Area, load: () => Promise<T>): () => Promise<T> {
  return persistent(async () => {
    open.add(area);
    const [part] = await Promise.all([load(), fetchTexts("en", area), fetchTexts(wanted, area)]);
    return part;
  });
}

/** English is in the first load as fallback; what could not be fetched is tried again the next time. */
function fetchTexts(locale: Locale, area?: Area): Promise<void> {
  if (locale === "en" && !area) return Promise.resolve();
  const name = area ? `${area}.${locale}` : locale;
  const known = fetched.get(name);
  if (known) return known;
  const load = files[`/src/locales/${name}.json`];
  if (!load) return Promise.resolve();
  const done = load().then(
    (texts) => i18n.global.mergeLocaleMessage(locale, texts),
    (error: unknown) => {
      fetched.delete(name);
      throw error;
    },
  );
  fetched.set(name, done);
  return done;
}

function preferred(): Locale {
  const held = readStored("locale");
  if (held === "en" || held === "zh-CN") return held;
  return navigator.languages.some((language) => language.toLowerCase().startsWith("zh")) && !navigator.language.startsWith("en") ? "zh-CN" : "en";
}
