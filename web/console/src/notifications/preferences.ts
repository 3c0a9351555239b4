import type { NotificationKind, NotificationPreferences } from "@patchbay/client/types";
import { keys } from "@/query/keys";
import type { WorkspaceContext } from "@/session/workspace";
import { kinds } from "./sentence";

export const channels = ["in_app", "browser", "sound"] as const;
export type Channel = (typeof channels)[number];
export type QuietHours = NonNullable<NotificationPreferences["quiet_hours"]>;

export function preferencesQuery({ api, id }: WorkspaceContext) {
  return { queryKey: keys.notificationPreferences(id), queryFn: () => api.people.notificationPreferences() };
}

type Rules = Record<NotificationKind, Record<Channel, boolean>>;

/** What the member chose, as a table without gaps. */
export function rulesOf(preferences: NotificationPreferences): Rules {
  return Object.fromEntries(kinds.map((kind) => [kind, { in_app: true, browser: false, sound: false, ...preferences.rules[kind] }])) as Rules;
}

/** The quiet hours that are proposed: the night, where the person is. */
export function night(): QuietHours {
  return { from: "22:00", to: "08:00", timezone: ownZone() };
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** The time zones the browser knows, the person's own first; one that was chosen elsewhere stays in the list. */
export function zones(chosen: string): string[] {
  const known = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
  return [...new Set([ownZone(), chosen, "UTC", ...known])];
}
