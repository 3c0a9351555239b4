import { toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import type { Conversation } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { notifyDone, notifyFailed } from "@/ui/notices";

/** What can be done with a conversation. The answer is shown at once; its event changes nothing more. */
export function useConversationActions(conversation: MaybeRefOrGetter<string>) {
  const { api, memberID } = useWorkspace();
  const { cache } = useLive();
  const { t } = useI18n();

  async function act(doing: (id: string) => Promise<Conversation>, done?: string): Promise<boolean> {
    try {
      cache.takeConversation(await doing(toValue(conversation)));
      if (done) notifyDone(done);
      return true;
    } catch (error) {
      notifyFailed(error);
      return false;
    }
  }

  return {
    resolve: () => act((id) => api.setState(id, "resolved"), t("conversation.wasResolved")),
    reopen: () => act((id) => api.setState(id, "open")),
    snooze: (until: string) => act((id) => api.setState(id, "snoozed", until), t("conversation.wasSnoozed")),
    assign: (member: string) => act((id) => api.assign(id, member)),
    take: () => act((id) => api.assign(id, memberID)),
  };
}
