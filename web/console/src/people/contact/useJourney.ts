import { computed, onScopeDispose, ref, watch, type Ref } from "vue";
import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/vue-query";
import type { FeedEvent, JourneyItem, ListPage } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { peopleKeys, useContactsApi } from "../queries";
import { layOn, renew, shows, type Show } from "./journey";

type Pages = InfiniteData<ListPage<JourneyItem>, string | undefined>;

const PAGE = 50;
/** Events come in bursts: what they brought is asked for once. */
const SETTLE_MS = 400;

/**
 * A contact's journey, and what comes meanwhile. News are laid on top when `still` says that the
 * beginning is in view; else they wait until `show` is called, so that nothing moves under the reader.
 */
export function useJourney(contact: Ref<string>, show: Ref<Show | undefined>, still: () => boolean) {
  const contacts = useContactsApi();
  const { id } = useWorkspace();
  const client = useQueryClient();
  const { onEvent } = useLive();

  const key = computed(() => [...peopleKeys.about(id, contact.value), "journey", show.value] as const);
  const kindsOf = (shown: Show | undefined) => shown && shows[shown];
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ queryKey, pageParam }) => contacts.journey(queryKey[2], { before: pageParam, limit: PAGE, kinds: kindsOf(queryKey[4]) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    // Another part of the journey is at hand already: it may have moved on since.
    staleTime: 0,
  });

  const waiting = ref(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let disposed = false;
  watch(key, () => (waiting.value = 0));

  async function look(laying: boolean): Promise<void> {
    const of = key.value;
    const held = client.getQueryData<Pages>(of);
    if (!held) return;
    const page = await contacts.journey(of[2], { limit: PAGE, kinds: kindsOf(of[4]) }).catch(() => undefined);
    if (!page || disposed || of !== key.value) return;
    const items = held.pages.flatMap((one) => one.items);
    const next = renew(items, page);
    if (next.fresh > 0 && !laying && !still()) {
      waiting.value = next.fresh;
      return;
    }
    waiting.value = 0;
    client.setQueryData<Pages>(of, next.gap ? { pages: [page], pageParams: [undefined] } : { ...held, pages: layOn(held.pages, next.items) });
  }

  function concerns(event: FeedEvent): boolean {
    return event.conversation?.contact.id === contact.value || (event.type === "contact.changed" && event.data?.["id"] === contact.value);
  }

  onEvent((event) => {
    if (timer !== undefined || !concerns(event)) return;
    timer = setTimeout(() => {
      timer = undefined;
      void look(false);
    }, SETTLE_MS);
  });
  onScopeDispose(() => {
    disposed = true;
    clearTimeout(timer);
  });

  return { ...query, waiting, show: () => look(true) };
}
