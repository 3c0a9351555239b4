import type { InfiniteData } from "@tanstack/vue-query";
import type { AppNotification, ListPage } from "@patchbay/client/types";
import { dayKey } from "@/i18n/format";

export type NotificationPage = ListPage<AppNotification> & { unread: number };
export type NotificationPages = InfiniteData<NotificationPage, string | undefined>;

/** Of these an unread one gives way to the next of the same conversation or ticket: ten messages are one thing to look at. */
const collapsing = new Set<AppNotification["kind"]>(["reply", "participant_reply", "ticket_comment"]);

/** What the screen tells it apart by: of the same conversation or ticket it shows the last one alone. */
export function tagOf(notification: AppNotification): string {
  return collapses(notification) ? `${notification.kind}.${subjectOf(notification)}` : notification.id;
}

/** The conversation or the ticket it is about; undefined: neither. */
export function subjectOf({ conversation_id, ticket }: AppNotification): string | undefined {
  return conversation_id ?? ticket?.id;
}

export function collapses({ kind }: AppNotification): boolean {
  return collapsing.has(kind);
}

/** The pages with a new notification on top, as the server would list them. */
export function withNew(data: NotificationPages, fresh: AppNotification): NotificationPages {
  const givesWay = (held: AppNotification) =>
    held.id === fresh.id || (collapses(fresh) && !held.read_at && held.kind === fresh.kind && subjectOf(held) === subjectOf(fresh));
  const pages = data.pages.map((page, index) => {
    const items = page.items.filter((held) => !givesWay(held));
    return { ...page, items: index === 0 ? [fresh, ...items] : items };
  });
  return { ...data, pages };
}

/** The pages with some read, or all. What was read before keeps its time; none leaves its place. */
export function withRead(data: NotificationPages, which: readonly string[] | "all", at: string): NotificationPages {
  const read = (held: AppNotification) => (held.read_at || (which !== "all" && !which.includes(held.id)) ? held : { ...held, read_at: at });
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(read) })) };
}

/** Whether more is unread than a list of the unread that is there to its end knows of. */
export function lacks(data: NotificationPages, unread: number): boolean {
  const known = data.pages.flatMap((page) => page.items).filter((held) => !held.read_at).length;
  return !data.pages.at(-1)?.next_cursor && unread > known;
}

/** The pages with what is unread alone. */
export function onlyUnread(data: NotificationPages): NotificationPages {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.filter((held) => !held.read_at) })) };
}

/** The notifications day by day where the reader is, in their order. */
export function byDay(items: readonly AppNotification[]): { key: string; at: string; items: AppNotification[] }[] {
  const days: { key: string; at: string; items: AppNotification[] }[] = [];
  for (const item of items) {
    const key = dayKey(item.at);
    const last = days.at(-1);
    if (last?.key === key) last.items.push(item);
    else days.push({ key, at: item.at, items: [item] });
  }
  return days;
}

/** As the badge shows it: three letters at most. */
export function badge(unread: number): string {
  return unread > 99 ? "99+" : String(unread);
}
