import { computed } from "vue";
import { useRoute, useRouter, type LocationQuery } from "vue-router";
import { openStatuses, readFilter, ticketSorts, ticketStatuses } from "@patchbay/client/member";
import type { FilterNode, TicketSort, TicketStatus } from "@patchbay/client/types";
import type { TicketKey } from "@/query/keys";

export const ticketViews = ["all", "mine", "unassigned", "team", "following", "overdue"] as const;
export type TicketView = (typeof ticketViews)[number];
/** One status, those that are not done, or all. */
export type ShownStatus = TicketStatus | "active" | "any";
export const shownStatuses: readonly ShownStatus[] = ["active", ...ticketStatuses, "any"];

const nodes: Record<TicketView, FilterNode | undefined> = {
  all: undefined,
  mine: { field: "assignee", op: "is", value: "me" },
  unassigned: { field: "assignee", op: "is_not_set" },
  team: { field: "team", op: "is", value: "mine" },
  following: { field: "follower", op: "has", value: "me" },
  overdue: { field: "due_at", op: "lt", value: { ago: "1s" } },
};

/** What the address chooses. */
export interface Chosen {
  view: TicketView;
  status: ShownStatus;
  /** As JSON. */
  filter?: string;
  q: string;
  sort: TicketSort;
}

export function chosenOf(query: LocationQuery): Chosen {
  const one = (name: string) => (typeof query[name] === "string" ? query[name] : undefined);
  return {
    view: ticketViews.find((view) => view === query["view"]) ?? "all",
    status: shownStatuses.find((status) => status === query["status"]) ?? "active",
    filter: one("filter"),
    q: one("q") ?? "",
    sort: ticketSorts.find((sort) => sort === query["sort"]) ?? "updated",
  };
}

/** The address of a choice; what is as always is left out. */
export function queryOf({ view, status, filter, q, sort }: Chosen): Record<string, string> {
  return { ...(view !== "all" && { view }), ...(status !== "active" && { status }), ...(filter && { filter }), ...(q && { q }), ...(sort !== "updated" && { sort }) };
}

/** What is asked of the server. `every`: without the choice of a status, which a board and the counts show one beside the other. */
export function listOf({ view, status, filter, q, sort }: Chosen, every = false): TicketKey {
  const own = filter ? readFilter(filter) : undefined;
  const states: FilterNode | undefined = every || status === "any" ? undefined : status === "active" ? { field: "status", op: "in", value: [...openStatuses] } : { field: "status", op: "is", value: status };
  const undone: FilterNode | undefined = view === "overdue" ? { field: "status", op: "in", value: [...openStatuses] } : undefined;
  const parts = [nodes[view], undone, states, own].filter((node) => node !== undefined);
  const node = parts.length > 1 ? { and: parts } : parts[0];
  return { ...(node && { filter: JSON.stringify(node) }), ...(q && { q }), sort };
}

/** Which tickets the address shows, and changing that. */
export function useTicketRoute() {
  const route = useRoute();
  const router = useRouter();
  const chosen = computed(() => chosenOf(route.query));
  return {
    chosen,
    list: computed(() => listOf(chosen.value)),
    /** Of every status. */
    wide: computed(() => listOf(chosen.value, true)),
    board: computed(() => route.name === "ticket-board"),
    choose: (change: Partial<Chosen>) => void router.replace({ name: route.name ?? "tickets", query: queryOf({ ...chosen.value, ...change }) }),
    show: (board: boolean) => void router.push({ name: board ? "ticket-board" : "tickets", query: queryOf(chosen.value) }),
  };
}
