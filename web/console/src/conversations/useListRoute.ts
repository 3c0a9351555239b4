import { computed } from "vue";
import { useRoute, useRouter, type LocationQuery, type RouteLocationRaw } from "vue-router";
import type { ConversationFilter, ListSort, View } from "@patchbay/client/member";
import type { ConversationState } from "@patchbay/client/types";

type ShownState = ConversationState | "any";

const states: ShownState[] = ["open", "snoozed", "resolved", "any"];
export const sorts: readonly ListSort[] = ["updated_desc", "waiting_asc", "created_desc", "created_asc", "priority_desc"];

export const isSaved = (place: string) => place.startsWith("vie_");

/** Lists that are named in the address by what all their rows have. */
const named = { tea_: "team", que_: "queue", lab_: "label", inb_: "inbox" } as const;

/** Which list an address shows. A saved view and a filter say themselves which states they hold. */
export function listFilter(place: string, query: LocationQuery): ConversationFilter {
  const one = (name: string) => (typeof query[name] === "string" ? query[name] : undefined);
  const filter = one("filter");
  const by = named[place.slice(0, 4) as keyof typeof named];
  return {
    view: by ? "all" : (place as View),
    state: states.find((state) => state === query["state"]) ?? (isSaved(place) || filter ? "any" : "open"),
    inbox: one("inbox"),
    filter,
    sort: sorts.find((sort) => sort === query["sort"]),
    ...(by ? { [by]: place } : {}),
  };
}

/** Which list is shown and which conversation is open, as the address says. */
export function useListRoute() {
  const route = useRoute();
  const router = useRouter();

  /** A view, built-in or saved, or the id of a team, a queue, a label or an inbox. */
  const place = computed(() => (route.params["view"] as string | undefined) ?? "mine");
  const filter = computed(() => listFilter(place.value, route.query));
  const openID = computed(() => (route.params["id"] as string) || undefined);

  /** What is watched unseen stays so as long as it is open. Another list starts without the filter of the one before; the message that was looked for goes with its conversation. */
  function to(change: { view?: string; id?: string; query?: Record<string, string | undefined> }): RouteLocationRaw {
    const kept = change.view && change.view !== place.value ? { inbox: route.query["inbox"] } : route.query;
    const query = { ...kept, at: undefined, watch: change.id && change.id === openID.value ? route.query["watch"] : undefined, ...change.query };
    return { name: "conversations", params: { view: change.view ?? place.value, id: change.id ?? "" }, query };
  }

  return {
    place,
    filter,
    openID,
    to,
    open: (id: string) => router.push(to({ id })),
    close: () => router.push(to({})),
    show: (query: Record<string, string | undefined>) => router.push(to({ id: openID.value, query })),
  };
}
