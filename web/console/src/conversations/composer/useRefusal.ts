import { onScopeDispose, shallowRef, watch } from "vue";
import type { MemberMessage } from "@patchbay/client/member";
import { sentenceOf } from "@/api/errors";
import { useLive } from "@/live/live";

/** What plugins that are asked before a message is sent did not let go: their own sentence says why. */
const DENIED = ["plugin.denied", "plugin.undecided"];
/** What the channel does not take now, or not like this. */
const UNFIT = ["message.window_closed", "message.window_quota", "message.envelope", "message.unsupported", "message.text_too_long"];

/**
 * Gives a message that was not let go back to whoever wrote it, with the reason,
 * as long as they write nothing else. Otherwise it stays where it is shown as failed, with the same sentence.
 */
export function useRefusal(conversation: string, free: () => boolean, back: (message: MemberMessage) => void) {
  const live = useLive();
  const refusal = shallowRef<string>();
  const stop = watch(
    live.outbox,
    (entries) => {
      const entry = entries.find((one) => one.item.conversation_id === conversation && one.state === "failed" && [...DENIED, ...UNFIT].includes(one.code ?? ""));
      if (!entry || !free()) return;
      refusal.value = DENIED.includes(entry.code ?? "") ? (entry.detail ?? "") : sentenceOf(entry.code ?? "", entry.detail);
      back(entry.item);
      live.discard(entry.item.client_msg_id);
    },
    { immediate: true },
  );
  onScopeDispose(stop);
  return refusal;
}
