import type { Conversation, Inbox } from "@patchbay/client/types";
import { absent, agent, refused, type Answer, type Body, type Route } from "./answers.ts";
import { deskRoutes } from "./desk.ts";
import { listRoutes } from "./lists.ts";
import { noticeRoutes } from "./notices.ts";
import { alertRoutes } from "./alerts.ts";
import { figureRoutes } from "./figures.ts";
import { extensionRoutes } from "./extensions.ts";
import { preparedRoutes, sendTemplate } from "./prepared.ts";
import { templateRoutes } from "./templates.ts";
import { pluginRoutes } from "./plugins.ts";
import { queueRoutes } from "./queues.ts";
import { channelTypes } from "./seed.ts";
import { ruleRoutes } from "./rules.ts";
import { accountRoutes, settingsRoutes } from "./settings.ts";
import { ticketRoutes } from "./tickets.ts";
import type { World } from "./world.ts";

const PAGE = 50;

function page<T>(items: T[], query: URLSearchParams): Answer {
  const from = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? PAGE);
  const next = from + limit < items.length ? String(from + limit) : undefined;
  return [200, { items: items.slice(from, from + limit), next_cursor: next }];
}

const session: Record<string, Route> = {
  "GET setup": (world) => (world.setUp ? absent : [200, { needed: true }]),
  "POST setup": (world, _p, _q, body) => {
    const short = String(body["password"]).length < 10;
    if (short) return refused(422, "request.invalid", [{ pointer: "/password", code: "too_short", detail: "" }]);
    world.setUp = world.signedIn = true;
    return [201, world.me()];
  },
  "GET session": (world) => (world.signedIn ? [200, world.me()] : refused(401, "session.ended")),
  "POST session": (world, _p, _q, body) => {
    if (body["password"] !== "patchbay-demo") return refused(401, "session.wrong_credentials");
    world.signedIn = true;
    return [200, world.me()];
  },
  "POST session/link": (world, _p, _q, body) => {
    if (body["token"] !== "good") return refused(401, "link.not_valid");
    world.signedIn = true;
    return [200, world.me()];
  },
  "PATCH session": (world, _p, _q, body) => {
    if (body["locale"]) world.locale = body["locale"] as World["locale"];
    if (body["name"]) world.members[0]!.name = String(body["name"]);
    return [200, world.me()];
  },
  "DELETE session": (world) => {
    world.signedIn = false;
    return [204];
  },
  "POST session/password": (_w, _p, _q, body) => (body["current"] === "patchbay-demo" ? [204] : refused(422, "request.invalid", [{ pointer: "/current", code: "wrong", detail: "" }])),
  "POST invitations/lookup": (world, _p, _q, body) => (body["token"] === "good" ? [200, { workspace_name: world.workspace.name, email: "yuki@tea.example", role: "agent", account_exists: false }] : refused(404, "invitation.not_valid")),
  "POST invitations/accept": (world) => {
    world.signedIn = true;
    return [200, world.me()];
  },
};

/** Paths below /workspaces/{workspace}; `:x` takes one part. */
const inside: Record<string, Route> = {
  "GET checklist": (world) => [200, { items: [{ key: "inbox", done: true }, { key: "conversation", done: world.conversations.size > 0 }, { key: "reply", done: [...world.conversations.values()].some((row) => row.last_message?.sender_kind === "agent") }, { key: "team", done: false }] }],
  "GET members": (world, _p, query) => page(world.members, query),
  "PATCH members/:m": (world, [id], _q, body) => {
    const member = world.members.find((one) => one.id === id);
    if (!member) return absent;
    Object.assign(member, body);
    world.publish({ type: "member.changed", at: new Date().toISOString(), data: { id } });
    return [200, member];
  },
  "GET invitations": (world, _p, query) => page(world.invitations, query),
  "POST invitations": (world, _p, _q, body) => {
    if (!String(body["email"]).includes("@")) return refused(422, "request.invalid", [{ pointer: "/email", code: "invalid_email", detail: "" }]);
    const invitation = { id: world.id("inv"), email: String(body["email"]), role: body["role"] as "agent", invited_by: world.self, state: "pending" as const, created_at: new Date().toISOString(), expires_at: new Date(Date.now() + 7 * 86_400_000).toISOString() };
    world.invitations.push(invitation);
    return [201, { ...invitation, link: `http://localhost:8080/invite?token=${world.id("tok")}9fK2mQ` }];
  },
  "DELETE invitations/:i": (world, [id]) => {
    world.invitations = world.invitations.filter((one) => one.id !== id);
    return [204];
  },
  "GET presence": (world) => [200, { members: [...world.presence.values()] }],
  "GET channels": () => [200, { items: channelTypes }],
  "GET inboxes": (world) => [200, { items: world.inboxes }],
  "POST inboxes": (world, _p, _q, body) => {
    const type = channelTypes.find((one) => one.plugin === body["plugin"])!;
    const config = (body["config"] ?? {}) as Body;
    if (!type.live && !config["far_side"]) return refused(422, "inbox.config_invalid", [{ pointer: "/config/far_side", code: "required", detail: "" }]);
    const inbox: Inbox = { id: world.id("inb"), name: String(body["name"]), plugin: type.plugin, enabled: true, live: type.live, config, config_revision: 1, capabilities: type.capabilities, created_at: new Date().toISOString(), status: { state: "unknown" }, condition: { state: "unknown" } };
    if (type.live) inbox.embed_snippet = `<script async src="http://localhost:8080/w/${inbox.id}/loader.js"></script>`;
    world.inboxes.push(inbox);
    return [201, type.live ? inbox : { ...inbox, hook_url: `http://localhost:8080/hooks/${world.id("hk")}x7Qp/` }];
  },
  "PATCH inboxes/:i": (world, [id], _q, body) => {
    const inbox = world.inboxes.find((one) => one.id === id);
    if (!inbox) return absent;
    Object.assign(inbox, body);
    return [200, inbox];
  },
  ...ruleRoutes,
  ...queueRoutes,
  ...figureRoutes,
  ...alertRoutes,
  "POST inboxes/:i/rotate-hook": (world, [id]) => [200, { ...world.inboxes.find((one) => one.id === id)!, hook_url: `http://localhost:8080/hooks/${world.id("hk")}Zz81/` }],
  "GET contacts": (world, _p, query) => {
    const wanted = (query.get("q") ?? "").toLowerCase();
    return page([...world.contacts.values()].filter((contact) => `${contact.name} ${contact.email} ${contact.phone}`.toLowerCase().includes(wanted)), query);
  },
  "GET contacts/:c": (world, [id]) => (world.contacts.has(id!) ? [200, world.contacts.get(id!)] : absent),
  "PATCH contacts/:c": (world, [id], _q, body) => {
    const held = world.contacts.get(id!)!;
    const attributes = Object.fromEntries(Object.entries({ ...held.attributes, ...(body["attributes"] as Body) }).filter(([, value]) => value !== null));
    const contact = { ...held, ...body, attributes };
    world.contacts.set(id!, contact);
    for (const row of world.conversations.values()) if (row.contact.id === id) row.contact = { id, name: contact.name };
    world.publish({ type: "contact.changed", at: new Date().toISOString(), data: { id } });
    return [200, contact];
  },
  "GET conversations": (world, _p, query) => page(world.list(query), query),
  "GET conversations/:c": (world, [id]) => (world.conversations.has(id!) ? [200, world.row(world.conversations.get(id!)!)] : absent),
  "GET conversations/:c/timeline": (world, [id], query) => {
    const all = world.told(id!);
    const limit = Number(query.get("limit") ?? PAGE);
    const [before, after] = [query.get("before"), query.get("after")];
    const part = after ? all.filter((change) => change.seq > Number(after)) : before ? all.filter((change) => change.seq < Number(before)) : all;
    const items = after ? part.slice(0, limit) : part.slice(-limit);
    return [200, { items, last_seq: all.length, has_more: part.length > limit }];
  },
  "POST conversations/:c/messages": (world, [id], _q, body) => body["template"] ? sendTemplate(world, id!, body) : [201, world.post(id!, agent(world), body["kind"] as "text", String(body["text"]), String(body["client_msg_id"]), undefined, world.desk.extras(world, id!, body))],
  "POST conversations/:c/assign": (world, [id], _q, body) => {
    const member = world.members.find((one) => one.id === body["member_id"]);
    const team = body["team_id"] as string | undefined;
    const from = world.conversations.get(id!)?.team_id;
    const queue = body["queue_id"] as string | undefined;
    const stood = world.conversations.get(id!)?.queue_id;
    if (queue !== undefined && queue !== (stood ?? "")) world.record(id!, "conversation.team", agent(world), { data: { queue_id: queue, from_queue_id: stood ?? "", team_id: from ?? "", from_team_id: from ?? "" }, row: { queue_id: queue || undefined } });
    if (team && team !== from) world.record(id!, "conversation.team", agent(world), { data: { team_id: team, from_team_id: from }, row: { team_id: team } });
    if (member) world.record(id!, "conversation.assigned", agent(world), { data: { assignee_id: member.id, assignee_name: member.name, by: "member" }, row: { responder: "agent", assignee_id: member.id, assignee_name: member.name } });
    else world.record(id!, "conversation.queued", agent(world), { data: { reason: "released" }, row: { responder: "queue", assignee_id: undefined, assignee_name: undefined } });
    return [200, world.row(world.conversations.get(id!)!)];
  },
  "POST conversations/:c/state": (world, [id], _q, body) => {
    const state = body["state"] as Conversation["state"];
    const type = ({ resolved: "conversation.resolved", snoozed: "conversation.snoozed", open: "conversation.reopened" } as const)[state];
    world.record(id!, type, agent(world), { data: { until: body["snoozed_until"] }, row: { state, snoozed_until: body["snoozed_until"] as string, ...(state === "resolved" && { waiting_since: undefined }) } });
    return [200, world.row(world.conversations.get(id!)!)];
  },
  "PUT conversations/:c/read": (world, [id], _q, body) => {
    world.read.set(id!, Number(body["seq"]));
    return [204];
  },
  "GET events": (world, _p, query) => [200, { epoch: world.epoch, items: world.feed.filter((event) => event.feed > Number(query.get("after"))), feed: world.feed.length, has_more: false }],
};

const below: Record<string, Route> = { ...listRoutes, ...noticeRoutes, ...inside, ...deskRoutes, ...ticketRoutes, ...settingsRoutes, ...pluginRoutes, ...extensionRoutes, ...templateRoutes, ...preparedRoutes };

/** The route of a path among those of a table, and what `:x` took. */
function routeOf(table: Record<string, Route>, method: string, parts: string[]): { route: Route; taken: string[] } | undefined {
  for (const [pattern, route] of Object.entries(table)) {
    const [verb, shape = ""] = pattern.split(" ");
    const wanted = shape.split("/");
    if (verb !== method || wanted.length !== parts.length || !wanted.every((part, index) => part.startsWith(":") || part === parts[index])) continue;
    return { route, taken: parts.filter((_, index) => wanted[index]!.startsWith(":")) };
  }
  return undefined;
}

/** Finds the route of a request below /api/v1 and runs it. */
export function answer(world: World, method: string, path: string, query: URLSearchParams, body: Body, raw: Buffer): Answer {
  const parts = path.split("/").filter(Boolean);
  const within = parts[0] === "workspaces";
  if (within && !world.signedIn) return refused(401, "session.ended");
  const found = within ? routeOf(below, method, parts.slice(2)) : routeOf({ ...session, ...accountRoutes }, method, parts);
  return found ? found.route(world, found.taken, query, body, raw) : absent;
}
