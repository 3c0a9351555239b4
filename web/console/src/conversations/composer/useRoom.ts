import { computed, onScopeDispose, ref, watch, type Ref } from "vue";
import type { Capabilities, Conversation } from "@patchbay/client/types";
import { useNow } from "@/ui/now";
import { nextClose, roomIn } from "./windows";

/** Browsers wait no longer than this at once. */
const LONGEST_MS = 2_000_000_000;

/** How much may still be written to a customer, as time goes; undefined where the channel always takes messages. */
export function useRoom(conversation: () => Conversation, capabilities: Ref<Capabilities | undefined>) {
  const coarse = useNow();
  const struck = ref(0);
  const now = computed(() => Math.max(coarse.value, struck.value));
  let timer: ReturnType<typeof setTimeout> | undefined;

  // On the instant, not with the next tick of the clock: who writes then is refused.
  watch(
    () => nextClose(conversation(), now.value),
    (at) => {
      clearTimeout(timer);
      if (at !== undefined) timer = setTimeout(() => (struck.value = Date.now()), Math.min(Math.max(at - Date.now(), 0) + 5, LONGEST_MS));
    },
    { immediate: true },
  );
  onScopeDispose(() => clearTimeout(timer));

  return computed(() => roomIn(conversation(), capabilities.value, now.value));
}
