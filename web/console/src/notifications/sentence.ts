import { useI18n } from "vue-i18n";
import { ticketText } from "@patchbay/client/member";
import type { AppNotification, NotificationKind } from "@patchbay/client/types";
import { contactName } from "@/conversations/names";
import type { Locale } from "@/i18n";
import { localized } from "@/i18n/format";
import type { IconName } from "@/ui/icons";

/** All kinds, in the order of the settings. */
export const kinds = ["mention", "assigned", "reply", "participant_reply", "unattended", "scheduled_failed", "rating", "ticket_assigned", "ticket_mention", "ticket_comment", "ticket_overdue", "risk_found", "approval_asked", "import_done", "webhook_disabled", "plugin_state", "account_health"] as const satisfies NotificationKind[];

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
  plugin_state: "plug",
  account_health: "alert",
  risk_found: "alert",
  approval_asked: "bolt",
  ticket_assigned: "ticket",
  ticket_mention: "note",
  ticket_comment: "ticket",
  ticket_overdue: "clock",
};

export interface Words {
  title: string;
  text: string;
}

/** What happened, in a sentence with the name of who did it, and what was said. */
export function useWords(): (notification: AppNotification) => Words {
  const { t, te, locale } = useI18n();
  /** Where nothing was written the title of the ticket says what it is about. */
  const aboutTicket = (kind: NotificationKind, { number, title }: NonNullable<AppNotification["ticket"]>, name = "", text = ""): Words => {
    const key = `notices.ticket.${kind}${name ? "" : "_system"}`;
    return { title: t(te(key, "en") ? key : "notices.ticket.any", { name, number: ticketText(number) }), text: text || title };
  };
  return ({ kind, actor, text, import: imported, ticket, plugin, account }) => {
    if (account) return { title: t(`notices.account.${account.state}`, { name: account.name }), text: t(`notices.account.${account.state}Text`) };
    if (plugin) return { title: t(`notices.plugin.${plugin.state}`, { name: localized(plugin.name, locale.value as Locale), version: plugin.version }), text: t(`notices.plugin.${plugin.state}Text`) };
    const name = actor?.kind === "contact" && actor.id ? contactName({ id: actor.id, name: actor.name }, t) : actor?.name;
    if (imported) return { title: t(`notices.imports.${imported.state}`), text: t("notices.imports.rows", { created: imported.created, updated: imported.updated, skipped: imported.skipped, refused: imported.refused }) };
    if (ticket) return aboutTicket(kind, ticket, name, text);
    return { title: name ? t(`notices.by.${kind}`, { name }) : t(`notices.kinds.${kind}`), text };
  };
}
