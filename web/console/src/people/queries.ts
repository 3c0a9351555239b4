import { computed, onScopeDispose, toValue, type MaybeRefOrGetter } from "vue";
import { useInfiniteQuery, useQuery, useQueryClient, type QueryClient } from "@tanstack/vue-query";
import { ContactsApi, type ContactSort } from "@patchbay/client/api";
import type { FeedEvent } from "@patchbay/client/types";
import { api } from "@/api";
import { useLive } from "@/live/live";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

const PAGE = 50;
/** Notes stand beside a journey, which is not to be far below them on a phone. */
const NOTES = 10;
/** Events come in bursts, an import's by the thousand: what they make stale is asked for once in a while. */
const SETTLE_MS = 1_500;

export interface ContactFilter {
  q: string;
  organisation: string;
  sort: ContactSort;
}

/** Query keys of customers. */
export const peopleKeys = {
  lists: keys.people,
  list: (workspace: string, filter: ContactFilter) => [...keys.people(workspace), filter] as const,
  /** What hangs on one contact: journey, notes, duplicates, merges. */
  about: keys.aboutContact,
  allOrganisations: keys.organisations,
  organisation: keys.organisation,
  organisations: (workspace: string, q: string) => [...keys.organisations(workspace), q] as const,
  imports: (workspace: string) => [workspace, "imports"] as const,
  import: (workspace: string, id: string) => [workspace, "import", id] as const,
  allRatings: (workspace: string) => [workspace, "ratings"] as const,
  ratings: (workspace: string, filter: object) => [workspace, "ratings", filter] as const,
};

export function useContactsApi(): ContactsApi {
  return new ContactsApi(api, useWorkspace().id);
}

export function useContactList(filter: MaybeRefOrGetter<ContactFilter>, enabled: MaybeRefOrGetter<boolean> = true) {
  const contacts = useContactsApi();
  const { id } = useWorkspace();
  return useInfiniteQuery({
    queryKey: computed(() => peopleKeys.list(id, toValue(filter))),
    queryFn: ({ queryKey, pageParam }) => {
      const { q, organisation, sort } = queryKey[2] as ContactFilter;
      return contacts.list({ q: q || undefined, organisation: organisation || undefined, sort, cursor: pageParam, limit: PAGE });
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (held) => held,
    enabled: computed(() => toValue(enabled)),
  });
}

export function useOrganisationList(q: MaybeRefOrGetter<string>, enabled: MaybeRefOrGetter<boolean> = true) {
  const contacts = useContactsApi();
  const { id } = useWorkspace();
  return useInfiniteQuery({
    queryKey: computed(() => peopleKeys.organisations(id, toValue(q))),
    queryFn: ({ queryKey, pageParam }) => contacts.organisations({ q: queryKey[2] || undefined, cursor: pageParam, limit: PAGE }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (held) => held,
    enabled: computed(() => toValue(enabled)),
  });
}

export function useNotes(contact: MaybeRefOrGetter<string>) {
  const contacts = useContactsApi();
  const { id } = useWorkspace();
  return useInfiniteQuery({
    queryKey: computed(() => [...peopleKeys.about(id, toValue(contact)), "notes"] as const),
    queryFn: ({ queryKey, pageParam }) => contacts.notes(queryKey[2], { cursor: pageParam, limit: NOTES }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function useDuplicates(contact: MaybeRefOrGetter<string>) {
  const contacts = useContactsApi();
  const { id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => [...peopleKeys.about(id, toValue(contact)), "duplicates"] as const),
    queryFn: ({ queryKey }) => contacts.duplicates(queryKey[2]),
  });
}

export function useMerges(contact: MaybeRefOrGetter<string>) {
  const contacts = useContactsApi();
  const { id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => [...peopleKeys.about(id, toValue(contact)), "merges"] as const),
    queryFn: ({ queryKey }) => contacts.merges(queryKey[2]),
  });
}

/** Asks again for all that a merge, or its undoing, changed about the contacts. */
export async function forgetMerged(client: QueryClient, workspace: string, contacts: string[]): Promise<void> {
  const stale = [peopleKeys.lists(workspace), keys.conversationLists(workspace), ...contacts.flatMap((id) => [keys.contact(workspace, id), peopleKeys.about(workspace, id)])];
  await Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey })));
}

/** Asks again for what the given events make stale, at most once in a while, until the scope ends. */
export function useFresh(concerns: (event: FeedEvent) => boolean, key: () => readonly unknown[]): void {
  const client = useQueryClient();
  const { onEvent } = useLive();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onEvent((event) => {
    if (timer !== undefined || !concerns(event)) return;
    timer = setTimeout(() => {
      timer = undefined;
      void client.invalidateQueries({ queryKey: key() });
    }, SETTLE_MS);
  });
  onScopeDispose(() => clearTimeout(timer));
}
