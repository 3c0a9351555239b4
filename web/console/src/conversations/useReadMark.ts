import { onScopeDispose, ref, toValue, watch, type MaybeRefOrGetter } from "vue";
import type { Conversation } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";

/**
 * Marks a conversation as read once its end is on a screen that somebody looks at. A mark that does
 * not get through is tried again with the next message or look.
 */
export function useReadMark(conversation: MaybeRefOrGetter<Conversation>, atEnd: () => boolean): void {
  const { api } = useWorkspace();
  const { cache } = useLive();
  const looking = ref(document.visibilityState === "visible");
  const look = () => (looking.value = document.visibilityState === "visible");
  document.addEventListener("visibilitychange", look);
  onScopeDispose(() => document.removeEventListener("visibilitychange", look));

  watch(
    () => looking.value && atEnd() && toValue(conversation).unread && toValue(conversation).last_seq,
    async (seq) => {
      if (!seq) return;
      const { id } = toValue(conversation);
      try {
        await api.markRead(id, seq);
        cache.read(id, seq);
      } catch {
        // Stays unread, which is true.
      }
    },
    { immediate: true },
  );
}
