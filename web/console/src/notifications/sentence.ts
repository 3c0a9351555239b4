import { useI18n } from "vue-i18n";
import type { AppNotification, NotificationKind } from "@patchbay/client/types";
import type { Locale } from "@/i18n";
import type { IconName } from "@/ui/icons";
import { wordsOf, type Words } from "./words";

/** All kinds, in the order of the settings. */
export const kinds = ["mention", "assigned", "taken_over", "reply", "participant_reply", "unattended", "scheduled_failed", "rating", "ticket_assigned", "ticket_mention", "ticket_comment", "ticket_overdue", "risk_found", "approval_asked", "import_done", "webhook_disabled", "plugin_state", "account_health", "alert_raised"] as const satisfies NotificationKind[];

export const kindIcons: Record<NotificationKind, IconName> = {
  mention: "note",
  assigned: "user",
  taken_over: "swap",
  reply: "chats",
  participant_reply: "eye",
  unattended: "alert",
  scheduled_failed: "clock",
  rating: "star",
  import_done: "file",
  webhook_disabled: "alert",
  plugin_state: "plug",
  account_health: "alert",
  alert_raised: "wall",
  risk_found: "alert",
  approval_asked: "bolt",
  ticket_assigned: "ticket",
  ticket_mention: "note",
  ticket_comment: "ticket",
  ticket_overdue: "clock",
};

export type { Words };

/** What happened, in a sentence with the name of who did it, and what was said. */
export function useWords(): (notification: AppNotification) => Words {
  const { t, te, locale } = useI18n();
  return (notification) => wordsOf(notification, { t, has: (key) => te(key, "en"), locale: locale.value as Locale });
}
