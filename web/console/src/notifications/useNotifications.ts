import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useInfiniteQuery, useQueryClient } from "@tanstack/vue-query";
import { useLive } from "@/live/live";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";
import { lacks, withNew, withRead, type NotificationPages } from "./list";

const PAGE = 30;

/** One's notifications, the newest first; all, or what is unread. */
export function useNotifications(unread: MaybeRefOrGetter<boolean>) {
  const { api, id } = useWorkspace();
  return useInfiniteQuery({
    queryKey: computed(() => keys.notificationList(id, toValue(unread))),
    queryFn: ({ queryKey, pageParam }) => api.people.notifications({ unread: queryKey[2], cursor: pageParam, limit: PAGE }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** Keeps the lists as the server has them, for as long as the calling component lives. */
export function followNotifications(): void {
  const { id } = useWorkspace();
  const client = useQueryClient();
  const { unreadNotifications, onNotified } = useLive();
  onNotified((fresh) => {
    for (const [queryKey, held] of client.getQueriesData<NotificationPages>({ queryKey: keys.notifications(id) })) {
      // An answer on its way may lack the new one, and would overwrite it.
      const asking = client.getQueryState(queryKey)?.fetchStatus === "fetching";
      if (fresh && held && !asking) client.setQueryData<NotificationPages>(queryKey, withNew(held, fresh));
      // What was read stays where it is in a list of the unread, until that is opened anew.
      else if (queryKey[2] === true && held && !asking && !lacks(held, unreadNotifications.value)) void client.invalidateQueries({ queryKey, refetchType: "none" });
      else void client.invalidateQueries({ queryKey });
    }
  });
}

/** Marks some or all as read: here at once, and at the server. */
export function useMarkRead(): (which: string[] | "all") => Promise<void> {
  const { api, id } = useWorkspace();
  const client = useQueryClient();
  const { unreadNotifications } = useLive();
  const queryKey = keys.notifications(id);
  return async (which) => {
    client.setQueriesData<NotificationPages>({ queryKey }, (held) => held && withRead(held, which, new Date().toISOString()));
    try {
      unreadNotifications.value = await api.people.markNotificationsRead(which === "all" ? { all: true } : { ids: which });
    } catch (error) {
      void client.invalidateQueries({ queryKey });
      throw error;
    }
  };
}
