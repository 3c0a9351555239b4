import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/vue-query";
import { applyOlder, type ConversationFilter, type Timeline } from "@patchbay/client/member";
import { mergeNewest, type ConversationPages } from "@/live/cache";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { keys } from "./keys";

const PAGE = 50;

/** What comes and goes with time alone is fetched again so often, in milliseconds, while it is looked at. */
const RESTLESS_MS = 60_000;

export function useConversations(filter: MaybeRefOrGetter<ConversationFilter>) {
  const { api, id } = useWorkspace();
  const { cache } = useLive();
  return useInfiniteQuery({
    queryKey: computed(() => keys.conversations(id, toValue(filter))),
    queryFn: ({ queryKey, pageParam }) => api.conversations({ ...(queryKey[2] as ConversationFilter), cursor: pageParam, limit: PAGE }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ queryKey }) => (cache.lists.restless(queryKey[2] as ConversationFilter) ? RESTLESS_MS : false),
  });
}

/** A conversation that a list holds is shown at once, while the answer is on its way. */
export function useConversation(conversation: MaybeRefOrGetter<string>) {
  const { api, id } = useWorkspace();
  const client = useQueryClient();
  const listed = () =>
    client
      .getQueriesData<ConversationPages>({ queryKey: keys.conversationLists(id) })
      .flatMap(([, data]) => data?.pages ?? [])
      .flatMap((page) => page.items)
      .find((row) => row.id === toValue(conversation));
  return useQuery({
    queryKey: computed(() => keys.conversation(id, toValue(conversation))),
    queryFn: ({ queryKey }) => api.conversation(queryKey[2]),
    enabled: computed(() => toValue(conversation) !== ""),
    placeholderData: listed,
  });
}

/** The newest part of a history; loadOlder adds the page before what is held. */
export function useTimeline(conversation: MaybeRefOrGetter<string>) {
  const { api, id } = useWorkspace();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: computed(() => keys.timeline(id, toValue(conversation))),
    queryFn: async ({ queryKey }): Promise<Timeline> => {
      const page = await api.timeline(queryKey[2], { limit: PAGE });
      return mergeNewest(client.getQueryData<Timeline>(queryKey), page);
    },
    structuralSharing: false,
  });

  async function loadOlder(): Promise<void> {
    const key = keys.timeline(id, toValue(conversation));
    const first = client.getQueryData<Timeline>(key)?.changes[0]?.seq;
    if (first === undefined) return;
    const page = await api.timeline(key[2], { before: first, limit: PAGE });
    client.setQueryData<Timeline>(key, (held) => held && applyOlder(held, page));
  }

  /** Takes the newest page anew, in place of what is held of it: the addresses of files expire. */
  async function renew(): Promise<void> {
    const key = keys.timeline(id, toValue(conversation));
    const page = await api.timeline(key[2], { limit: 200 });
    const fresh = new Map(page.items.map((change) => [change.seq, change]));
    client.setQueryData<Timeline>(key, (held) => held && { ...held, changes: held.changes.map((change) => fresh.get(change.seq) ?? change) });
  }

  return { ...query, loadOlder, renew };
}

export function useMembers() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.members(id), queryFn: () => api.members(), enabled: may("member.read") });
}

export function useInvitations() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.invitations(id), queryFn: () => api.invitations(), enabled: may("member.manage") });
}

export function useInboxes() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.inboxes(id), queryFn: () => api.inboxes(), enabled: may("inbox.read") });
}

export function useChannels() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.channels(id), queryFn: () => api.channels(), enabled: may("inbox.manage") });
}

export function useContact(contact: MaybeRefOrGetter<string>) {
  const { api, id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => keys.contact(id, toValue(contact))),
    queryFn: ({ queryKey }) => api.contact(queryKey[2]),
    enabled: computed(() => toValue(contact) !== ""),
  });
}

export function useChecklist() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.checklist(id), queryFn: () => api.checklist(), enabled: may("workspace.manage") });
}
