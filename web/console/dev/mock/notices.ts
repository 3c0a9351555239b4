import type { AppNotification, NotificationPreferences } from "@patchbay/client/types";
import type { Route } from "./answers.ts";

const HOUR = 3_600_000;
const at = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString();

/** What the member in memory was told, the newest first. */
export const told: AppNotification[] = [
  { id: "ntf_4", kind: "mention", text: "@Li can you look at the delivery?", actor: { kind: "agent", id: "mem_2", name: "Emma" }, at: at(0.2) },
  { id: "ntf_6", kind: "ticket_comment", text: "The customer called again.", seq: 4, ticket: { id: "tkt_1", number: 1, title: "Kettle arrived broken" }, actor: { kind: "agent", id: "mem_2", name: "Emma" }, at: at(0.5) },
  { id: "ntf_5", kind: "ticket_overdue", text: "Kettle arrived broken", ticket: { id: "tkt_1", number: 1, title: "Kettle arrived broken" }, at: at(1) },
  { id: "ntf_3", kind: "import_done", text: "", import: { id: "imp_1", state: "done", created: 120, updated: 31, skipped: 2, refused: 1 }, at: at(3) },
  { id: "ntf_2", kind: "rating", text: "4/5 很好", actor: { kind: "contact", id: "con_1", name: "王芳" }, at: at(26), read_at: at(25) },
  { id: "ntf_1", kind: "unattended", text: "", at: at(74), read_at: at(73) },
];

let preferences: NotificationPreferences = { rules: { mention: { in_app: true, browser: true, sound: true }, assigned: { in_app: true, browser: true, sound: true } } };

export const unread = () => told.filter((one) => !one.read_at).length;

export const noticeRoutes: Record<string, Route> = {
  "GET notifications": (_w, _p, query) => [200, { items: told.filter((one) => query.get("unread") !== "true" || !one.read_at), unread: unread() }],
  "POST notifications/read": (world, _p, _q, body) => {
    for (const one of told) if (body["all"] || (body["ids"] as string[]).includes(one.id)) one.read_at ??= at(0);
    world.broadcast({ op: "notification", unread: unread() });
    return [200, { unread: unread() }];
  },
  "GET notification-preferences": () => [200, preferences],
  "PUT notification-preferences": (_w, _p, _q, body) => [200, (preferences = body as unknown as NotificationPreferences)],
  "PUT presence/me": (world, _p, _q, body) => {
    const entry = { ...world.presence.get(world.self)!, status: body["status"] as "away", reason: body["reason"] as string | undefined, since: at(0) };
    world.presence.set(world.self, entry);
    world.broadcast({ op: "presence", members: [entry] });
    return [204];
  },
  "POST presence/me/ready": () => [204],
};
