import type { JourneyItem, ListPage } from "@patchbay/client/types";
import { dayKey } from "@/i18n/format";

/** What of a journey is shown, by the name in the address. */
export const shows = {
  messages: ["message"],
  notes: ["note", "contact_note"],
  pages: ["page_view"],
  events: ["conversation", "change"],
  ratings: ["rating"],
  identities: ["identity", "merge"],
} as const satisfies Record<string, readonly JourneyItem["kind"][]>;
export type Show = keyof typeof shows;

export const isShow = (value: unknown): value is Show => typeof value === "string" && Object.hasOwn(shows, value);

/** What tells one item from all others; a change of an item keeps it. */
export function keyOf(item: JourneyItem): string {
  switch (item.kind) {
    case "page_view":
      return `page ${item.at} ${item.page_view?.url}`;
    case "contact_note":
      return `note ${item.note?.id}`;
    case "identity":
      return `identity ${item.identity?.inbox_id} ${item.identity?.external_id}`;
    case "merge":
      return `merge ${item.merge?.id}`;
    default:
      return `change ${item.change?.id}`;
  }
}

export interface Renewed {
  items: JourneyItem[];
  /** How many of them were not held before. */
  fresh: number;
  /** The held pages do not follow on what came: they are to be let go. */
  gap: boolean;
}

/**
 * The newest page laid over what is held, both the newest first: items take their new content, and one
 * that the page should hold and does not is gone.
 */
export function renew(held: readonly JourneyItem[], page: ListPage<JourneyItem>): Renewed {
  const known = new Set(held.map(keyOf));
  const newest = new Set(page.items.map(keyOf));
  const fresh = page.items.filter((item) => !known.has(keyOf(item))).length;
  if (!page.next_cursor) return { items: page.items, fresh, gap: held.length > 0 && fresh === page.items.length };
  if (fresh === page.items.length) return { items: page.items, fresh, gap: true };
  // What stands after the last item of the page, wherever the held list has that item.
  const last = keyOf(page.items[page.items.length - 1]!);
  const from = held.findIndex((item) => keyOf(item) === last);
  const older = from < 0 ? [] : held.slice(from + 1).filter((item) => !newest.has(keyOf(item)));
  return { items: [...page.items, ...older], fresh, gap: from < 0 };
}

/** The held pages with the items as they are now: what is new stands on the first. */
export function layOn(pages: readonly ListPage<JourneyItem>[], items: readonly JourneyItem[]): ListPage<JourneyItem>[] {
  const now = new Map(items.map((item) => [keyOf(item), item]));
  const later = pages.slice(1).map((page) => ({ ...page, items: page.items.flatMap((item) => now.get(keyOf(item)) ?? []) }));
  const standing = new Set(later.flatMap((page) => page.items).map(keyOf));
  return [{ ...pages[0], items: items.filter((item) => !standing.has(keyOf(item))) }, ...later];
}

/** What stands in a journey, top to bottom. */
export type JourneyLine =
  | { kind: "day"; key: string; at: string }
  /** From here on, until another one, items are of one conversation. */
  | { kind: "conversation"; key: string; conversation: string; inbox: string }
  | { kind: "item"; key: string; item: JourneyItem };

/** Days told apart, and runs of one conversation named once. */
export function linesOf(items: readonly JourneyItem[]): JourneyLine[] {
  const lines: JourneyLine[] = [];
  let day = "";
  let conversation = "";
  for (const item of items) {
    const key = keyOf(item);
    if (dayKey(item.at) !== day) {
      day = dayKey(item.at);
      conversation = "";
      lines.push({ kind: "day", key: `day ${day} ${key}`, at: item.at });
    }
    if ((item.conversation_id ?? "") !== conversation) {
      conversation = item.conversation_id ?? "";
      if (conversation) lines.push({ kind: "conversation", key: `in ${key}`, conversation, inbox: item.inbox_id ?? "" });
    }
    lines.push({ kind: "item", key, item });
  }
  return lines;
}

/** A web address without what everybody knows of it: host and path. */
export function shortAddress(address: string): string {
  try {
    const { host, pathname } = new URL(address);
    return host + (pathname === "/" ? "" : pathname);
  } catch {
    return address;
  }
}

/** An address that may be opened; nothing else is made a link. */
export function openable(address: string): string | undefined {
  return /^https?:\/\//i.test(address) ? address : undefined;
}
