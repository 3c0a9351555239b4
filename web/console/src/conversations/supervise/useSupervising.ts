import { computed, onUnmounted, ref, watch } from "vue";
import { useI18n } from "vue-i18n";
import { useRoute, useRouter } from "vue-router";
import type { Conversation } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { notifyFailed, notifyNews } from "@/ui/notices";
import { useConversationActions } from "../useConversationActions";
import { joined } from "./joined";

export type Supervising = ReturnType<typeof useSupervising>;

/**
 * What a supervisor does in a colleague's conversation. Whether it is watched unseen is in the address, so
 * that nothing is told between opening it and knowing; a watched one is neither looked at nor read.
 */
export function useSupervising(id: string, conversation: () => Conversation | undefined, leave: () => void) {
  const route = useRoute();
  const router = useRouter();
  const live = useLive();
  const { t } = useI18n();
  const { api, may, memberID } = useWorkspace();
  const actions = useConversationActions(id);
  const supervises = may("conversation.supervise");
  const taking = ref(false);

  const mine = computed(() => conversation()?.assignee_id === memberID);
  const going = computed(() => conversation() !== undefined && !conversation()?.merged_into && conversation()?.state !== "resolved");
  const watching = computed(() => supervises && route.query["watch"] === "1" && !mine.value);
  const joinable = computed(() => supervises && going.value && !mine.value && Boolean(conversation()?.assignee_id));
  const takable = computed(() => supervises && going.value && !mine.value);
  const taken = computed(() => joinable.value && joined.has(id) && Boolean(conversation()?.participants?.includes(memberID)));

  watch(watching, (now) => now && void api.desk.watch(id).catch(notifyFailed), { immediate: true });

  // Colleagues see that this one looks, as long as the page is in sight.
  const looks = () => live.look(document.visibilityState === "visible" && !watching.value ? id : "");
  watch(watching, looks, { immediate: true });
  document.addEventListener("visibilitychange", looks);
  onUnmounted(() => {
    document.removeEventListener("visibilitychange", looks);
    live.look("");
  });

  // Whoever looks at what is taken from them is told why.
  live.onEvent(({ change }) => {
    if (change?.conversation_id !== id || change.type !== "conversation.assigned" || change.data?.["reason"] !== "taken_over" || change.data["from_id"] !== memberID) return;
    notifyNews(t("events.takenFromYou", { name: change.actor.name ?? "", text: String(change.data["text"] ?? "") }));
  });

  const seen = (unseen: boolean) => router.replace({ query: { ...route.query, watch: unseen ? "1" : undefined } });

  return {
    watching,
    joinable,
    takable,
    taking,
    joined: taken,
    /** Whether it can be watched: whoever has it, and whatever became of it. */
    watchable: computed(() => supervises && !mine.value && conversation() !== undefined),
    watch: () => void (watching.value ? leave() : seen(true)),
    takeOver: () => void (taking.value = takable.value),
    async join(): Promise<boolean> {
      if (!joinable.value || !(await actions.join())) return false;
      joined.add(id);
      await seen(false);
      return true;
    },
    async leave(): Promise<void> {
      if (await actions.leave()) joined.delete(id);
    },
    /** It is one's own now: there is nothing to hide. */
    took: () => seen(false),
  };
}
