import { computed, onScopeDispose, ref, toValue, type MaybeRefOrGetter } from "vue";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/vue-query";
import type { BuiltinView } from "@patchbay/client/member";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { keys, type SearchKey } from "./keys";

/** The views that are always there, in the order they are shown. */
export const builtinViews: readonly BuiltinView[] = ["mine", "unassigned", "mentions", "team", "participating", "all"];

/** Counts are asked for again at most this often, in milliseconds. */
const COUNT_MS = 5_000;

/** The saved views that the member sees. */
export function useViews() {
  const { api, id } = useWorkspace();
  return useQuery({ queryKey: keys.views(id), queryFn: () => api.views.list() });
}

/** How much is in each view. Conversations that change make it ask again, not often, and only while somebody looks. */
export function useCounts() {
  const { api, id } = useWorkspace();
  const { onEvent } = useLive();
  const client = useQueryClient();
  const { data: views } = useViews();
  const names = computed(() => [...builtinViews, ...(views.value ?? []).map((view) => view.id)]);
  const due = ref<ReturnType<typeof setTimeout>>();

  onEvent((event) => {
    if (!event.conversation || due.value !== undefined) return;
    due.value = setTimeout(() => {
      due.value = undefined;
      void client.invalidateQueries({ queryKey: keys.everyCount(id) }, { cancelRefetch: false });
    }, COUNT_MS);
  });
  onScopeDispose(() => clearTimeout(due.value));

  return useQuery({
    queryKey: computed(() => keys.counts(id, names.value)),
    queryFn: ({ queryKey }) => api.views.counts(queryKey[2]),
    placeholderData: (held) => held,
  });
}

/** What was found, page after page. */
export function useSearch(query: MaybeRefOrGetter<SearchKey>) {
  const { api, id } = useWorkspace();
  return useInfiniteQuery({
    queryKey: computed(() => keys.search(id, toValue(query))),
    queryFn: ({ queryKey, pageParam }) => api.views.search({ ...queryKey[2], cursor: pageParam, limit: 30 }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    enabled: computed(() => /[\p{L}\p{N}]/u.test(toValue(query).q)),
    retry: false,
    staleTime: 0,
  });
}
