import { MutationCache, QueryCache, QueryClient, type QueryKey } from "@tanstack/vue-query";
import { ApiError } from "@patchbay/client/api";

/**
 * Server state. What is fetched stays fresh, because the live connection patches it; a lost feed
 * invalidates everything. `onError` hears of every failure.
 */
export function createQueryClient(onError: (error: unknown) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: Infinity,
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: "always",
        retry: (failures, error) => failures < 2 && error instanceof ApiError && error.transient,
        retryDelay: (attempt) => 500 * 2 ** attempt,
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}

/**
 * Asks for everything under a key again. What is on its way for the first time is given up and asked
 * for anew too: its answer may be older than the position from which events are followed, and what
 * happened in between would be missing until the next change. An invalidation alone would wait for it.
 */
export async function askAgain(client: QueryClient, queryKey: QueryKey): Promise<void> {
  await client.cancelQueries({ queryKey, type: "active", predicate: ({ state }) => state.data === undefined });
  await client.invalidateQueries({ queryKey });
}
