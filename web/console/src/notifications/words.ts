import { ticketText } from "@patchbay/client/ticket";
import type { AppNotification, NotificationKind } from "@patchbay/client/types";
import { contactName } from "@/conversations/names";
import { localized } from "@/i18n/format";
import type { Locale } from "@/i18n/locale";

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

/** What happened, in a sentence with the name of who did it, and what was said: in the console, and by the service worker. */
export function wordsOf({ kind, actor, text, import: imported, ticket, plugin, account }: AppNotification, tongue: Tongue): Words {
  const { t, locale } = tongue;
  if (account) return { title: t(`notices.account.${account.state}`, { name: account.name }), text: t(`notices.account.${account.state}Text`) };
  if (plugin) return { title: t(`notices.plugin.${plugin.state}`, { name: localized(plugin.name, locale), version: plugin.version }), text: t(`notices.plugin.${plugin.state}Text`) };
  const name = actor?.kind === "contact" && actor.id ? contactName({ id: actor.id, name: actor.name }, t) : actor?.name;
  if (imported) return { title: t(`notices.imports.${imported.state}`), text: t("notices.imports.rows", { created: imported.created, updated: imported.updated, skipped: imported.skipped, refused: imported.refused }) };
  if (ticket) return aboutTicket(tongue, kind, ticket, name, text);
  return { title: name ? t(`notices.by.${kind}`, { name }) : t(`notices.kinds.${kind}`), text };
}
