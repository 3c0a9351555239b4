import type { RoleDefinition } from "@patchbay/client/api";
import type { SignInProvider, Webhook, WebhookDelivery } from "@patchbay/client/types";
import { absent, refused, type Body, type Route } from "./answers.ts";
import type { World } from "./world.ts";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

/** What the four built-in roles that talk to customers may do, and the three that watch each other. */
const agentRights = ["workspace.read", "member.read", "role.read", "inbox.read", "contact.read", "contact.write", "conversation.read", "conversation.reply", "conversation.assign", "conversation.merge", "contact.merge", "team.read", "catalog.read", "rating.read", "apikey.own", "ticket.read", "ticket.write", "ticket.assign", "ticket.merge"];
const supervisorRights = [...agentRights, "plugin.read", "team.manage", "catalog.manage", "contact.import", "rating.read_all", "ticket.export", "ticket.manage", "conversation.supervise"];
const administratorRights = [...supervisorRights, "plugin.manage", "inbox.manage", "member.manage", "workspace.manage", "role.manage", "apikey.manage", "signin.manage", "webhook.read", "webhook.manage", "retention.manage", "workspace.export", "contact.erase", "system.read"];
export const rights: Record<string, string[]> = {
  owner: [...administratorRights, "audit.read", "audit.export"],
  administrator: administratorRights,
  supervisor: supervisorRights,
  agent: agentRights,
  system_administrator: ["workspace.read", "workspace.manage", "member.read", "role.read", "team.read", "inbox.read", "inbox.manage", "plugin.read", "plugin.manage", "catalog.read", "catalog.manage", "webhook.read", "retention.manage", "system.read"],
  security_administrator: ["workspace.read", "member.read", "member.manage", "role.read", "role.manage", "team.read", "apikey.own", "apikey.manage", "signin.manage"],
  auditor: ["member.read", "role.read", "audit.read", "audit.export"],
};

/** What administrators set: roles, ways to sign in, keys, webhooks, what is kept. */
export class Administration {
  roles: RoleDefinition[] = [
    ...Object.entries(rights).map(([id, permissions]) => ({ id, name: "", description: "", permissions, reach: "all" as const, built_in: true, members: 0, may_give: true })),
    { id: "rol_1", name: "Tier 1 一线", description: "Answers what belongs to its team.", permissions: ["member.read", "role.read", "conversation.read", "conversation.reply", "ticket.read"], reach: "team", built_in: false, members: 0, may_give: true, created_at: minutesAgo(4000) },
  ];
  policy = { two_factor: "optional", password: "allowed", idle_seconds: 2_592_000, life_seconds: 7_776_000 };
  providers: SignInProvider[] = [
    { id: "idp_1", name: "Cloud Ridge SSO", issuer: "https://login.tea.example", client_id: "patchbay", email_domains: ["tea.example"], default_role: "", second_factor: false, listed: true, enabled: true, callback_url: "http://localhost:8080/api/v1/oidc/idp_1/callback", start_url: "http://localhost:8080/api/v1/oidc/idp_1/start", created_at: minutesAgo(3000) },
  ];
  keys = [{ id: "key_1", name: "Warehouse 仓库", prefix: "pbk_01JD8Q4K", scopes: ["ticket.read", "contact.read"], created_by: "mem_1", created_at: minutesAgo(2000), last_used_at: minutesAgo(12), last_address: "203.0.113.9" }];
  webhooks: Webhook[] = [
    { id: "whk_1", url: "https://warehouse.example/patchbay", description: "Warehouse 仓库", events: ["*"], inbox_ids: [], active: true, dead: 1, pending: 2, state: "failing", failing_since: minutesAgo(90), secrets: [{ kid: "5f2c9a71", created_at: minutesAgo(5000) }], created_at: minutesAgo(5000), updated_at: minutesAgo(90) },
    { id: "whk_2", url: "https://crm.example/hook", description: "", events: ["ticket.created", "ticket.status"], inbox_ids: [], active: true, dead: 0, pending: 0, state: "healthy", last_success_at: minutesAgo(3), secrets: [{ kid: "91be0c22", created_at: minutesAgo(800) }], created_at: minutesAgo(800), updated_at: minutesAgo(800) },
  ];
  days: Record<string, number> = { page_views: 90, webhook_deliveries: 30, notifications: 90, exports: 7 };
}

const deliveries: WebhookDelivery[] = (["pending", "delivered", "dead"] as const).map((state, index) => ({
  id: `whd_${index}`, event_id: `chg_${index}`, webhook_id: "whk_1", type: ["ticket.created", "message.created", "conversation.resolved"][index]!, subject: `cnv_${index}`, state, attempts: index + 1, at: minutesAgo(90 - index), ...(state === "delivered" ? { status: 200, settled_at: minutesAgo(80) } : { code: "timeout", next_at: state === "pending" ? minutesAgo(-20) : undefined }),
}));

const audit = (["role.created", "member.updated", "webhook.created", "api_key.created", "session.started"] as const).map((action, index) => ({
  id: `aud_${5 - index}`, seq: 5 - index, action, actor: { kind: "member", id: "mem_1", name: "Lin Wei 林薇" }, target: { kind: action.split(".")[0], id: "x", name: ["Tier 1 一线", "赵敏", "Warehouse 仓库", "Warehouse 仓库", "Lin Wei 林薇"][index] }, at: minutesAgo(index * 40), address: "203.0.113.7", hash: "a".repeat(64), previous: "b".repeat(64), detail: index === 1 ? { role: { from: "agent", to: "rol_1" } } : undefined,
}));

const kinds = { conversations: 30, files: 30, contacts: 30, page_views: 1, webhook_deliveries: 7, notifications: 7, exports: 1 };
const rules = (world: World) => Object.entries(kinds).map(([kind, least]) => ({ kind, days: world.administration.days[kind], min_days: least, max_days: 3650 }));

/** One of a list by its id, changed as asked. */
function changed<T extends { id: string }>(list: (world: World) => T[]): Route {
  return (world, [id], _q, body) => {
    const one = list(world).find((held) => held.id === id);
    return one ? [200, Object.assign(one, body)] : absent;
  };
}

const without = (key: "roles" | "providers" | "keys" | "webhooks"): Route => (world, [id]) => {
  const held = world.administration[key] as { id: string }[];
  held.splice(held.findIndex((one) => one.id === id), 1);
  return [204];
};

/** Paths below /workspaces/{workspace}. */
export const settingsRoutes: Record<string, Route> = {
  "GET roles": (world) => [200, { items: world.administration.roles.map((role) => ({ ...role, members: world.members.filter((one) => one.role === role.id).length })) }],
  "POST roles": (world, _p, _q, body) => {
    if (!body["name"]) return refused(422, "request.invalid", [{ pointer: "/name", code: "required", detail: "" }]);
    const role = { id: world.id("rol"), description: "", permissions: [], reach: "all", built_in: false, members: 0, may_give: true, created_at: new Date().toISOString(), ...body } as unknown as RoleDefinition;
    world.administration.roles.push(role);
    return [201, role];
  },
  "PATCH roles/:r": changed((world) => world.administration.roles),
  "DELETE roles/:r": without("roles"),
  "GET permissions": () => [200, { items: rights["owner"]!.map((name) => ({ name, group: groupOf(name), needs: [], may_give: true })) }],
  "GET sign-in/policy": (world) => [200, world.administration.policy],
  "PATCH sign-in/policy": (world, _p, _q, body) => [200, Object.assign(world.administration.policy, body)],
  "GET sign-in/providers": (world) => [200, { items: world.administration.providers }],
  "POST sign-in/providers": (world, _p, _q, body) => {
    if (!String(body["issuer"]).startsWith("https://")) return refused(422, "request.invalid", [{ pointer: "/issuer", code: "discovery", detail: "" }]);
    const made = { ...world.administration.providers[0]!, email_domains: [], default_role: "", ...(body as Partial<SignInProvider>), id: world.id("idp"), created_at: new Date().toISOString() };
    world.administration.providers.push(made);
    return [201, made];
  },
  "GET sign-in/providers/:p/check": (_w, [id]) => (id === "idp_1" ? [200, { ok: true, authorization_endpoint: "https://login.tea.example/authorize", token_endpoint: "https://login.tea.example/token", keys: 2, algorithms: ["RS256"] }] : [200, { ok: false, trouble: "name_not_found", detail: "Its host name has no address.", keys: 0, algorithms: [] }]),
  "PATCH sign-in/providers/:p": changed((world) => world.administration.providers),
  "DELETE sign-in/providers/:p": without("providers"),
  "GET api-keys": (world) => [200, { items: world.administration.keys }],
  "POST api-keys": (world, _p, _q, body) => {
    const key = { ...world.administration.keys[0]!, id: world.id("key"), last_used_at: "", created_at: new Date().toISOString(), ...body };
    world.administration.keys.push(key);
    return [201, { ...key, secret: `${key.prefix}_mock` }];
  },
  "DELETE api-keys/:k": without("keys"),
  "GET webhooks": (world) => [200, { items: world.administration.webhooks }],
  "GET webhooks/events": () => [200, { items: ["conversation.created", "conversation.resolved", "message.created", "contact.changed", "ticket.created", "ticket.status"] }],
  "GET webhooks/:w": (world, [id]) => {
    const hook = world.administration.webhooks.find((one) => one.id === id);
    return hook ? [200, hook] : absent;
  },
  "PATCH webhooks/:w": changed((world) => world.administration.webhooks),
  "DELETE webhooks/:w": without("webhooks"),
  "GET webhooks/:w/deliveries": (_w, [id], query) => [200, { items: deliveries.filter((one) => one.webhook_id === id && (!query.get("state") || one.state === query.get("state"))) }],
  "GET audit": (_w, _p, query) => [200, { items: audit.filter((row) => row.action.startsWith(query.get("action") ?? "")) }],
  "GET audit/verification": () => [200, { whole: true, rows: audit.length, removed: 0, seq: audit.length, hash: "a".repeat(64) }],
  "GET audit/retention": () => [200, { months: 0 }],
  "GET retention": (world) => [200, { rules: rules(world) }],
  "PATCH retention": (world, _p, _q, body) => {
    world.administration.days = Object.fromEntries(Object.entries({ ...world.administration.days, ...(body as Body) }).filter(([, days]) => days)) as Record<string, number>;
    return [200, { rules: rules(world) }];
  },
  "GET retention/preview": () => [200, { items: [] }],
  "GET exports": () => [200, { items: [{ id: "exp_1", state: "done", by: "mem_1", created_at: minutesAgo(300), finished_at: minutesAgo(298), expires_at: minutesAgo(-9000), done: 12, total: 12, size: 1_482_240, with_files: true }] }],
  "GET erasures": () => [200, { items: [{ id: "era_1", at: minutesAgo(700), finished_at: minutesAgo(699), by: { kind: "member", id: "mem_1", name: "Lin Wei 林薇" }, contact_id: "con_gone", proof: "c".repeat(64), reason: "request", counts: { contacts: 1, conversations: 2, files: 1, identities: 1, messages: 14, notes: 1, page_views: 9, sessions: 1, tickets: 0 } }] }],
};

function groupOf(permission: string): string {
  const noun = permission.split(".")[0]!;
  const groups: Record<string, string> = { conversation: "conversations", rating: "conversations", ticket: "tickets", contact: "contacts", member: "people", team: "people", role: "security", apikey: "security", signin: "security", audit: "security" };
  return groups[noun] ?? "settings";
}

/** What an account has of its own, below /api/v1/account. */
export const accountRoutes: Record<string, Route> = {
  "GET account/sessions": () => [200, { items: [{ id: "ses_1", browser: "Firefox 140", system: "Linux", address: "203.0.113.7", current: true, created_at: minutesAgo(600), last_seen_at: minutesAgo(0), expires_at: minutesAgo(-90_000), provider: false, second_factor: false }, { id: "ses_2", browser: "Safari 19", system: "iOS", address: "203.0.113.80", current: false, created_at: minutesAgo(6000), last_seen_at: minutesAgo(400), expires_at: minutesAgo(-90_000), provider: false, second_factor: false }] }],
  "DELETE account/sessions/:s": () => [204],
  "GET account/totp": () => [200, { enabled: false, recovery_codes: 0 }],
  "GET account/providers": () => [200, { items: [] }],
  "GET sign-in/providers": (world) => [200, { items: world.administration.providers.filter((one) => one.listed && one.enabled).map(({ id, name, start_url }) => ({ id, name, url: start_url })) }],
};
