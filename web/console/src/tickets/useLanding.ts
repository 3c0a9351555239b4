import { nextTick, watch, type Ref } from "vue";
import { useRoute } from "vue-router";
import type { TicketHistory } from "@patchbay/client/member";
import { pointAt } from "@/ui/point";

/** How many pages before the first one are fetched to find a comment. */
const PAGES = 20;

/** The address may name a comment by its change (`at`): it is shown once the history is there. */
export function useLanding(history: Ref<TicketHistory | undefined>, older: () => Promise<void>, root: Ref<HTMLElement | undefined>): void {
  const route = useRoute();
  const ready = () => history.value !== undefined;

  watch(
    [() => Number(route.query["at"]), ready],
    async ([seq, there]) => {
      if (!seq || !there) return;
      const first = () => history.value?.changes[0]?.seq ?? 0;
      for (let page = 0; page < PAGES && first() > seq && history.value?.hasOlder; page++) await older().catch(() => (page = PAGES));
      const id = history.value?.changes.find((change) => change.seq === seq)?.comment?.id;
      await nextTick();
      await nextTick();
      const found = id && root.value?.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`);
      if (found) pointAt(found);
    },
    { immediate: true },
  );
}
