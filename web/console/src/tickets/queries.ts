import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/vue-query";
import { applyToHistory, ticketGap, type TicketHistory } from "@patchbay/client/member";
import type { Ticket, TicketBoard } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import type { TicketPages } from "@/live/tickets";
import { keys, type TicketKey } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

const PAGE = 50;
const COLUMN = 30;
/** What comes and goes with time alone is asked for again so often, in milliseconds. */
const RESTLESS_MS = 60_000;

export function useTickets(list: MaybeRefOrGetter<TicketKey>, enabled: MaybeRefOrGetter<boolean> = true) {
  const { api, id } = useWorkspace();
  const { tickets } = useLive();
  return useInfiniteQuery({
    queryKey: computed(() => keys.tickets(id, toValue(list))),
    queryFn: ({ queryKey, pageParam }) => api.tickets.list({ ...queryKey[2], cursor: pageParam, limit: PAGE }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    enabled: computed(() => toValue(enabled)),
    refetchInterval: ({ queryKey }) => (tickets.restless(queryKey[2]) ? RESTLESS_MS : false),
  });
}

export function useBoard(list: MaybeRefOrGetter<TicketKey>) {
  const { api, id } = useWorkspace();
  const { tickets } = useLive();
  return useQuery({
    queryKey: computed(() => keys.ticketBoard(id, toValue(list))),
    queryFn: ({ queryKey }): Promise<TicketBoard> => api.tickets.board({ ...queryKey[2], limit: COLUMN }),
    refetchInterval: ({ queryKey }) => (tickets.restless(queryKey[2] as TicketKey) ? RESTLESS_MS : false),
  });
}

export function useTicketCounts(list: MaybeRefOrGetter<TicketKey>) {
  const { api, id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => keys.ticketCounts(id, toValue(list))),
    queryFn: ({ queryKey }) => api.tickets.counts(queryKey[2]),
    placeholderData: (held) => held,
    refetchInterval: 2 * RESTLESS_MS,
  });
}

/** A ticket that a list holds is shown at once, while the answer is on its way. */
export function useTicket(ticket: MaybeRefOrGetter<string>) {
  const { api, id } = useWorkspace();
  const client = useQueryClient();
  const listed = (): Ticket | undefined => {
    const pages = client.getQueriesData<TicketPages>({ queryKey: keys.ticketLists(id) }).flatMap(([, data]) => data?.pages ?? []);
    const columns = client.getQueriesData<TicketBoard>({ queryKey: keys.ticketBoards(id) }).flatMap(([, data]) => data?.columns ?? []);
    return [...pages, ...columns].flatMap((part) => part.items).find((row) => row.id === toValue(ticket));
  };
  return useQuery({
    queryKey: computed(() => keys.ticket(id, toValue(ticket))),
    queryFn: ({ queryKey }) => api.tickets.one(queryKey[2]),
    enabled: computed(() => toValue(ticket) !== ""),
    placeholderData: listed,
  });
}

/** The newest part of a history; `older` adds the page before what is held. */
export function useHistory(ticket: MaybeRefOrGetter<string>) {
  const { api, id } = useWorkspace();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: computed(() => keys.ticketHistory(id, toValue(ticket))),
    queryFn: async ({ queryKey }): Promise<TicketHistory> => {
      const page = await api.tickets.changes(queryKey[2], { limit: PAGE });
      const fresh: TicketHistory = { changes: page.items, hasOlder: page.has_more };
      const held = client.getQueryData<TicketHistory>(queryKey);
      const merged = held && applyToHistory(held, page.items);
      return merged && ticketGap(merged) === undefined ? merged : fresh;
    },
    structuralSharing: false,
  });

  async function older(): Promise<void> {
    const key = keys.ticketHistory(id, toValue(ticket));
    const first = client.getQueryData<TicketHistory>(key)?.changes[0]?.seq;
    if (first === undefined) return;
    const page = await api.tickets.changes(key[2], { before: first, limit: PAGE });
    client.setQueryData<TicketHistory>(key, (held) => held && { changes: applyToHistory(held, page.items).changes, hasOlder: page.has_more });
  }

  /** Takes the newest changes anew in place of those held: the addresses of files expire. */
  async function renew(): Promise<void> {
    const key = keys.ticketHistory(id, toValue(ticket));
    const page = await api.tickets.changes(key[2], { limit: 200 });
    const fresh = new Map(page.items.map((change) => [change.seq, change]));
    client.setQueryData<TicketHistory>(key, (held) => held && { ...held, changes: held.changes.map((change) => fresh.get(change.seq) ?? change) });
  }

  return { ...query, older, renew };
}

/** The tickets of a conversation or of a contact, the newest first. */
export function useTicketsOf(owner: MaybeRefOrGetter<string>) {
  const { api, id, may } = useWorkspace();
  return useQuery({
    queryKey: computed(() => keys.ticketsOf(id, toValue(owner))),
    queryFn: ({ queryKey }) => (queryKey[2].startsWith("cnv_") ? api.tickets.ofConversation(queryKey[2]) : api.tickets.ofContact(queryKey[2])),
    enabled: computed(() => toValue(owner) !== "" && may("ticket.read")),
  });
}

/** Every type, archived ones too. */
export function useTicketTypes() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.ticketTypes(id), queryFn: () => api.tickets.types(), enabled: may("ticket.read") });
}
