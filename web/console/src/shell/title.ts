import { computed, watchEffect, onScopeDispose } from "vue";
import { useI18n } from "vue-i18n";
import { useRoute } from "vue-router";
import type { Live } from "@/live/live";

/** Names the page in the browser's tab, with the number of unread conversations on hand. */
export function useTitle({ cache }: Live): void {
  const { t } = useI18n();
  const route = useRoute();
  const name = computed(() => (route.meta["title"] ? `${t(route.meta["title"])} · ` : ""));
  watchEffect(() => {
    document.title = `${cache.unread.value > 0 ? `(${cache.unread.value}) ` : ""}${name.value}${t("app.name")}`;
  });
  onScopeDispose(() => (document.title = t("app.name")));
}
