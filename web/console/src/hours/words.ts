import { computed } from "vue";
import { useI18n } from "vue-i18n";
import type { CalendarException } from "@patchbay/client/types";
import { days, spansText, type Day } from "./hours";

/** The days of the week in the reader's language. */
export function useDayNames() {
  const { locale } = useI18n();
  return computed(() => {
    const words = new Intl.DateTimeFormat(locale.value, { weekday: "long", timeZone: "UTC" });
    const monday = Date.UTC(1970, 0, 5);
    return Object.fromEntries(days.map((day, n) => [day, words.format(monday + n * 86_400_000)])) as Record<Day, string>;
  });
}

/** What an exception makes of its dates, in a phrase. */
export function useEffectText() {
  const { t } = useI18n();
  const names = useDayNames();
  return (exception: CalendarException): string => {
    if (exception.effect === "weekday") return t("hours.openAs", { day: names.value[(exception.weekday || "monday") as Day] });
    return exception.effect === "hours" ? spansText(exception.hours) : t("hours.closed");
  };
}
