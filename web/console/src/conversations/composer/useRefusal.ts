import { onScopeDispose, shallowRef, watch } from "vue";
import type { MemberMessage } from "@patchbay/client/member";
import { useLive } from "@/live/live";

/** What plugins that are asked before a message is sent did not let go. */
const REFUSED = ["plugin.denied", "plugin.undecided"];

/**
 * Gives a message that a plugin did not let go back to whoever wrote it, with the plugin's sentence,
 * as long as they write nothing else. Otherwise it stays where it is shown as failed, with the same sentence.
 */
export function useRefusal(conversation: string, free: () => boolean, back: (message: MemberMessage) => void) {
  const live = useLive();
  const refusal = shallowRef<string>();
  const stop = watch(
    live.outbox,
    (entries) => {
      const entry = entries.find((one) => one.item.conversation_id === conversation && one.state === "failed" && REFUSED.includes(one.code ?? ""));
      if (!entry || !free()) return;
      refusal.value = entry.detail ?? "";
      back(entry.item);
      live.discard(entry.item.client_msg_id);
    },
    { immediate: true },
  );
  onScopeDispose(stop);
  return refusal;
}
