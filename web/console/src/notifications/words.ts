import { ticketText } from "@patchbay/client/ticket";
import type { AppNotification, NotificationKind } from "@patchbay/client/types";
import { contactName } from "@/conversations/names";
import { localized } from "@/i18n/format";
import type { Locale } from "@/i18n/locale";
import { spanText } from "@/ui/span";

export interface Words {
  title: string;
  text: string;
}

/** The texts of a language. */
export interface Tongue {
  t: (key: string, values?: Record<string, unknown>) => string;
  has: (key: string) => boolean;
  locale: Locale;
}

/** Where nothing was written the title of the ticket says what it is about. */
function aboutTicket({ t, has }: Tongue, kind: NotificationKind, { number, title }: NonNullable<AppNotification["ticket"]>, name = "", text = ""): Words {
  const key = `notices.ticket.${kind}${name ? "" : "_system"}`;
  const named = has(key) ? t(key, { name, number: ticketText(number) }) : "";
  return { title: named || t("notices.ticket.any", { number: ticketText(number) }), text: text || title };
}

/** What is wrong where; the wall says how it is now. */
function aboutAlert({ t, locale }: Tongue, { rule, name, limit }: NonNullable<AppNotification["alert"]>): Words {
  const span = rule === "wait" || rule === "away" ? spanText(limit, locale) : String(limit);
  return { title: t(`notices.alert.${rule}`, { name: name || t("notices.alert.none") }), text: t(`notices.alert.${rule}Text`, { limit: span }) };
}

/** What happened, in a sentence with the name of who did it, and what was said: in the console, and by the service worker. */
export function wordsOf({ kind, actor, text, import: imported, ticket, plugin, account, alert }: AppNotification, tongue: Tongue): Words {
  const { t, locale } = tongue;
  if (alert) return aboutAlert(tongue, alert);
  if (account) return { title: t(`notices.account.${account.state}`, { name: account.name }), text: t(`notices.account.${account.state}Text`) };
  if (plugin) return { title: t(`notices.plugin.${plugin.state}`, { name: localized(plugin.name, locale), version: plugin.version }), text: t(`notices.plugin.${plugin.state}Text`) };
  const name = actor?.kind === "contact" && actor.id ? contactName({ id: actor.id, name: actor.name }, t) : actor?.name;
  if (imported) return { title: t(`notices.imports.${imported.state}`), text: t("notices.imports.rows", { created: imported.created, updated: imported.updated, skipped: imported.skipped, refused: imported.refused }) };
  if (ticket) return aboutTicket(tongue, kind, ticket, name, text);
  return { title: name ? t(`notices.by.${kind}`, { name }) : t(`notices.kinds.${kind}`), text };
}
