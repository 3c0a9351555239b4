import { computed, ref, toValue, watch, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import type { Conversation } from "@patchbay/client/types";
import { useWorkspace } from "@/session/workspace";
import type { Mode } from "@/writing/ModeTabs.vue";

/** Whether something can be whispered in a conversation: a colleague has it, and this member supervises. */
export function useWhispering(conversation: MaybeRefOrGetter<Conversation>) {
  const { t } = useI18n();
  const { may, memberID } = useWorkspace();
  /** Whether one is about to whisper. */
  const mode = ref(false);
  const able = computed(() => {
    const { assignee_id, merged_into } = toValue(conversation);
    return may("conversation.supervise") && !merged_into && Boolean(assignee_id) && assignee_id !== memberID;
  });
  watch([() => toValue(conversation).id, able], () => (mode.value = false));
  const modes = computed<Mode[]>(() => [
    { key: "text", icon: "reply", label: t("composer.reply"), test: "reply-toggle" },
    { key: "note", icon: "note", label: t("composer.note"), test: "note-toggle" },
    ...(able.value ? [{ key: "whisper", icon: "whisper", label: t("whisper.mode"), test: "whisper-toggle" } as const] : []),
  ]);
  return { mode, able, modes };
}
