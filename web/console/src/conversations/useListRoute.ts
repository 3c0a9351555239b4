import { computed } from "vue";
import { useRoute, useRouter, type RouteLocationRaw } from "vue-router";
import type { ConversationFilter, View } from "@patchbay/client/member";
import type { ConversationState } from "@patchbay/client/types";

const states: ConversationState[] = ["open", "snoozed", "resolved"];

/** Which list is shown and which conversation is open, as the address says. */
export function useListRoute() {
  const route = useRoute();
  const router = useRouter();

  const filter = computed<ConversationFilter>(() => ({
    view: (route.params["view"] as View | undefined) ?? "mine",
    state: states.find((state) => state === route.query["state"]) ?? "open",
    inbox: typeof route.query["inbox"] === "string" ? route.query["inbox"] : undefined,
  }));
  const openID = computed(() => (route.params["id"] as string) || undefined);

  function to(change: { view?: View; id?: string; query?: Record<string, string | undefined> }): RouteLocationRaw {
    return {
      name: "conversations",
      params: { view: change.view ?? filter.value.view, id: change.id ?? "" },
      query: { ...route.query, ...change.query },
    };
  }

  return {
    filter,
    openID,
    to,
    open: (id: string) => router.push(to({ id })),
    close: () => router.push(to({})),
    show: (query: Record<string, string | undefined>) => router.push(to({ id: openID.value, query })),
  };
}
