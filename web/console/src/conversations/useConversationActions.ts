import { toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import type { Conversation, Priority } from "@patchbay/client/types";
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
    transfer: (to: { member_id?: string; team_id?: string; queue_id?: string }, name: string) => act((id) => api.desk.transfer(id, to), t("transfer.done", { name })),
    join: () => act((id) => api.desk.join(id)),
    leave: () => act((id) => api.desk.leave(id)),
    label: (labels: string[]) => act((id) => api.desk.setLabels(id, labels)),
    prioritise: (priority: Priority) => act((id) => api.desk.setPriority(id, priority)),
    participants: (members: string[]) => act((id) => api.desk.setParticipants(id, members)),
    setAttributes: (set: Record<string, unknown>) => act((id) => api.desk.setAttributes(id, set)),
    unmerge: () => act((id) => api.desk.unmerge(id), t("merge.undone")),
    /** Puts this conversation into another one; the notice has the way back. */
    merge: async (into: Pick<Conversation, "id" | "number">): Promise<boolean> => {
      const source = toValue(conversation);
      const merged = await act(() => api.desk.merge(source, into.id));
      if (merged) notifyDone(t("merge.done", { number: into.number ?? "" }), { label: t("merge.undo"), run: () => void act(() => api.desk.unmerge(source), t("merge.undone")) });
      return merged;
    },
  };
}
