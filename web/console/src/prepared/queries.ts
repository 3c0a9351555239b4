import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/vue-query";
import { MessageTemplatesApi } from "@patchbay/client/api";
import { api } from "@/api";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

const PAGE = 50;
/** An agent who has a conversation open need not ask more often whether there are any, in milliseconds. */
const FRESH_MS = 60_000;

const apiOf = (workspace: string, inbox: string) => new MessageTemplatesApi(api, workspace, inbox);

/** How many templates an inbox has, and how the last look at them went. */
export function useTemplateHead(inbox: MaybeRefOrGetter<string>) {
  const { id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => keys.messageTemplateHead(id, toValue(inbox))),
    queryFn: ({ queryKey }) => apiOf(id, queryKey[2]).list({ limit: 1 }),
    staleTime: FRESH_MS,
  });
}

/** The templates of an inbox that fit a search, page by page. */
export function useMessageTemplates(inbox: MaybeRefOrGetter<string>, search: MaybeRefOrGetter<string>) {
  const { id } = useWorkspace();
  return useInfiniteQuery({
    queryKey: computed(() => keys.messageTemplates(id, toValue(inbox), toValue(search))),
    queryFn: ({ queryKey, pageParam }) => apiOf(id, queryKey[2]).list({ ...(queryKey[3] && { q: queryKey[3] }), ...(pageParam && { cursor: pageParam }), limit: PAGE }),
    initialPageParam: "" as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

/** Asks the far side now; what is on screen follows. */
export function useTemplateRefresh(inbox: () => string): () => Promise<void> {
  const { id } = useWorkspace();
  const client = useQueryClient();
  return async () => {
    await apiOf(id, inbox()).refresh();
    await client.invalidateQueries({ queryKey: keys.messageTemplateHead(id, inbox()) });
  };
}
