import { computed } from "vue";
import { useRoute, useRouter, type LocationQuery, type RouteLocationRaw } from "vue-router";
import type { ConversationFilter, ListSort, View } from "@patchbay/client/member";
import type { ConversationState } from "@patchbay/client/types";

type ShownState = ConversationState | "any";

const states: ShownState[] = ["open", "snoozed", "resolved", "any"];
export const sorts: readonly ListSort[] = ["updated_desc", "waiting_asc", "created_desc", "created_asc", "priority_desc"];

export const isSaved = (view: string) => view.startsWith("vie_");

/** Which list an address shows. A saved view and a filter say themselves which states they hold. */
export function listFilter(view: View, query: LocationQuery): ConversationFilter {
  const one = (name: string) => (typeof query[name] === "string" ? query[name] : undefined);
  const filter = one("filter");
  return {
    view,
    state: states.find((state) => state === query["state"]) ?? (isSaved(view) || filter ? "any" : "open"),
    inbox: one("inbox"),
    filter,
    sort: sorts.find((sort) => sort === query["sort"]),
  };
}

/** Which list is shown and which conversation is open, as the address says. */
export function useListRoute() {
  const route = useRoute();
  const router = useRouter();

  const filter = computed(() => listFilter((route.params["view"] as View | undefined) ?? "mine", route.query));
  const openID = computed(() => (route.params["id"] as string) || undefined);

  /** Another view starts without the filter of the one before; the message that was looked for goes with its conversation. */
  function to(change: { view?: View; id?: string; query?: Record<string, string | undefined> }): RouteLocationRaw {
    const kept = change.view && change.view !== filter.value.view ? { inbox: route.query["inbox"] } : route.query;
    const query = { ...kept, at: undefined, ...change.query };
    return { name: "conversations", params: { view: change.view ?? filter.value.view, id: change.id ?? "" }, query };
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
