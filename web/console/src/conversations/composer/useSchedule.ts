import { useI18n } from "vue-i18n";
import { useQueryClient } from "@tanstack/vue-query";
import { uuidv7 } from "@patchbay/client/member";
import type { Addressed } from "@patchbay/client/types";
import { locale } from "@/i18n";
import { fullTime } from "@/i18n/format";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";
import { notifyDone, notifyFailed } from "@/ui/notices";

interface Content {
  text: string;
  attachment_ids?: string[];
  reply_to?: string;
  envelope?: Addressed;
}

/** Puts what is written on the list of what is sent later. The text stays until that is done. */
export function useSchedule(conversation: () => string, content: () => Content, done: () => void) {
  const { api, id } = useWorkspace();
  const { t } = useI18n();
  const client = useQueryClient();
  /** The same while one tries again, so that a lost answer does not make two. */
  let attempt = { key: "", id: "" };

  return async function schedule(send_at: string, unless_reply: boolean): Promise<void> {
    const { text, attachment_ids, reply_to, envelope } = content();
    const key = JSON.stringify([conversation(), text, attachment_ids, reply_to, envelope, send_at, unless_reply]);
    if (attempt.key !== key) attempt = { key, id: uuidv7() };
    try {
      await api.desk.schedule(conversation(), { client_msg_id: attempt.id, text, attachment_ids, reply_to, envelope, send_at, unless_reply });
      done();
      notifyDone(t("schedule.done", { at: fullTime(send_at, locale.value) }));
      await client.invalidateQueries({ queryKey: keys.scheduled(id, conversation()) });
    } catch (error) {
      notifyFailed(error);
    }
  };
}
