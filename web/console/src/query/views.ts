import { computed, onScopeDispose, toValue, type MaybeRefOrGetter } from "vue";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/vue-query";
import type { BuiltinView } from "@patchbay/client/member";
import type { Conversation } from "@patchbay/client/types";
import { Counting } from "@/live/counts";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { keys, type SearchKey } from "./keys";

/** The views that are always there, in the order they are shown. */
export const builtinViews: readonly BuiltinView[] = ["mine", "unassigned", "mentions", "team", "participating", "all"];

/** Counts are asked for at most this often, in milliseconds, and once soon after a quiet time. */
const COUNT_MS = 10_000;
const SOON_MS = 700;
/** What time alone changes is counted again so often, in milliseconds. */
const RECOUNT_MS = 120_000;
/** How long to wait for an index that is behind, in milliseconds. */
const BEHIND_MS = 3_000;
/** Where the server stops counting. */
const MOST = 1_000;

/** The saved views that the member sees. */
export function useViews() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.views(id), queryFn: () => api.views.list(), enabled: may("conversation.read") });
}

/**
 * How much is in each view. Events move the counts; only what they do not tell is asked of the
 * server, some views at a time and not often.
 */
export function useCounts(more: MaybeRefOrGetter<readonly string[]>) {
  const { api, id } = useWorkspace();
  const { onEvent, cache } = useLive();
  const client = useQueryClient();
  const { data: views, isFetched } = useViews();
  const names = computed(() => [...new Set([...builtinViews, ...(views.value ?? []).map((view) => view.id), ...toValue(more)])]);
  const key = computed(() => keys.counts(id, names.value));
  const counting = new Counting();
  const unsure = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let askedAt = 0;

  function ask(): void {
    timer ??= setTimeout(() => void count(), Math.max(SOON_MS, askedAt + COUNT_MS - Date.now()));
  }

  async function count(): Promise<void> {
    const due = [...unsure].filter((name) => names.value.includes(name));
    unsure.clear();
    askedAt = Date.now();
    const fresh = due.length > 0 ? await api.views.counts(due).catch(() => undefined) : undefined;
    timer = undefined;
    if (fresh) client.setQueryData<Record<string, number>>(key.value, (held) => held && { ...held, ...fresh });
    if (unsure.size > 0) ask();
  }

  onEvent((event) => {
    const { moves, ask: open } = counting.step(event, names.value, cache.lists.world);
    // While an answer is on its way nobody knows whether it has the event in it.
    const floating = client.isFetching({ queryKey: key.value }) > 0 || timer !== undefined;
    for (const name of [...open, ...(floating ? Object.keys(moves) : [])]) unsure.add(name);
    client.setQueryData<Record<string, number>>(key.value, (held) => held && moved(held, moves));
    if (unsure.size > 0) ask();
  });
  onScopeDispose(() => clearTimeout(timer));

  const query = useQuery({
    queryKey: key,
    queryFn: ({ queryKey }) => api.views.counts(queryKey[2]),
    enabled: isFetched,
    placeholderData: (held) => held,
    refetchInterval: RECOUNT_MS,
  });
  /** Takes rows that are shown, so that what changes in them next is known. */
  const seen = (rows: readonly Conversation[]) => counting.seen(rows, names.value, cache.lists.world);
  return { ...query, seen };
}

/** Counts after a step; one that stands for "or more" stays. */
function moved(held: Record<string, number>, moves: Record<string, number>): Record<string, number> {
  const changed = Object.entries(moves).filter(([name]) => (held[name] ?? MOST) < MOST);
  if (changed.length === 0) return held;
  return { ...held, ...Object.fromEntries(changed.map(([name, by]) => [name, Math.max(0, held[name]! + by)])) };
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
    staleTime: 30_000,
    placeholderData: (held, before) => (before && (before.queryKey[2] as SearchKey).type === toValue(query).type ? held : undefined),
    // What was written a moment ago is not in the index yet.
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 && state.data.pages[0]?.behind ? BEHIND_MS : false),
  });
}
