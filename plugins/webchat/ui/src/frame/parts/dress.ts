import type { WidgetSettings } from "@patchbay/client/types";
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { isRightToLeft, languages, localeOf, spoken, type Locale } from "../../locale";
import type { Host } from "../host";
import { loadLanguage, type Language } from "../i18n";
import type { Memory } from "../memory";
import type { PageSide } from "../page";
import { initialState } from "../state";
import { applyLook, lookOf } from "../theme";

/** The languages a visitor may choose from. */
export function offeredBy({ languages: own, locale }: WidgetSettings): Locale[] {
  if (typeof locale === "string" && spoken(locale)) return [];
  const named = (own?.offered ?? []).flatMap((tag) => spoken(tag) ?? []);
  return named.length > 0 ? [...new Set(named)] : (Object.keys(languages) as Locale[]);
}

/** The language to speak: the inbox's only one, the visitor's choice, the page's, else the inbox's first. */
export function localeFor(settings: WidgetSettings, chosen: string | undefined, page: string): Locale {
  if (typeof settings["locale"] === "string" && spoken(settings["locale"])) return localeOf(settings["locale"]);
  const offered = offeredBy(settings);
  const wanted = [chosen, page, settings.languages?.default].map((tag) => tag && spoken(tag));
  return wanted.find((tag) => tag && offered.includes(tag)) || offered[0]!;
}

/**
 * Looks and language as the inbox has them; before its settings arrive, as they were last time.
 * The launcher is told.
 */
export function useDress(host: Host, memory: Memory, settings: WidgetSettings, page: PageSide, first: Language) {
  const known = settings !== initialState.settings;
  const [chosen, setChosen] = useState(memory.language);
  const [language, setLanguage] = useState(first);
  const look = useMemo(() => (known ? lookOf(settings) : memory.look), [settings]);
  const locale = localeFor(known ? settings : { ...memory.look }, chosen, host.page.locale);

  useEffect(() => {
    page.onLanguage = (tag) => setChosen(tag);
  }, [page]);
  useEffect(() => {
    let wanted = true;
    if (locale !== language.locale) void loadLanguage(locale).then((loaded) => wanted && setLanguage(loaded));
    return () => void (wanted = false);
  }, [locale]);
  useLayoutEffect(() => {
    document.documentElement.lang = language.locale;
    document.documentElement.dir = isRightToLeft(language.locale) ? "rtl" : "ltr";
  }, [language]);
  useLayoutEffect(() => {
    applyLook(look, document.documentElement);
    const { t } = language;
    if (known) host.look({ ...look, words: { region: t("title"), open: t("launcher.open"), close: t("close"), unread: t("launcher.unread") } });
  }, [look, language]);

  return {
    language,
    offered: known ? offeredBy(settings) : [],
    choose(tag: Locale) {
      memory.keepLanguage(tag);
      setChosen(tag);
    },
  };
}
