import { useI18n } from "vue-i18n";
import type { AppNotification, NotificationKind } from "@patchbay/client/types";
import { contactName } from "@/conversations/names";
import type { IconName } from "@/ui/icons";

/** All kinds, in the order of the settings. */
export const kinds = ["mention", "assigned", "reply", "participant_reply", "unattended", "scheduled_failed", "rating", "import_done", "webhook_disabled"] as const satisfies NotificationKind[];

export const kindIcons: Record<NotificationKind, IconName> = {
  mention: "note",
  assigned: "user",
  reply: "chats",
  participant_reply: "eye",
  unattended: "alert",
  scheduled_failed: "clock",
  rating: "star",
  import_done: "file",
  webhook_disabled: "alert",
};

export interface Words {
  title: string;
  text: string;
}

/** What happened, in a sentence with the name of who did it, and what was said. */
export function useWords(): (notification: AppNotification) => Words {
  const { t } = useI18n();
  return ({ kind, actor, text, import: imported }) => {
    const name = actor?.kind === "contact" && actor.id ? contactName({ id: actor.id, name: actor.name }, t) : actor?.name;
    if (imported) return { title: t(`notices.imports.${imported.state}`), text: t("notices.imports.rows", { created: imported.created, updated: imported.updated, skipped: imported.skipped, refused: imported.refused }) };
    return { title: name ? t(`notices.by.${kind}`, { name }) : t(`notices.kinds.${kind}`), text };
  };
}
