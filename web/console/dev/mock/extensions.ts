import type { Connection, Extension, PluginStep, PluginVersion } from "@patchbay/client/api";
import { absent, refused, type Body, type Route } from "./answers.ts";
import type { World } from "./world.ts";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const both = (english: string, chinese: string) => ({ en: english, "zh-CN": chinese });
const texts = (title: string, description = "", more: object = {}) => ({ "x-i18n": { "zh-CN": { title, ...(description && { description }), ...more } } });

/** A form that has something of everything. */
const crmSchema = {
  type: "object",
  required: ["base_url", "auth", "token", "objects"],
  properties: {
    base_url: { type: "string", format: "uri", title: "Address", description: "Of the system's interface.", "x-placeholder": "https://crm.example/api", "x-section": "Connection", ...texts("地址", "对方系统的接口地址。", { section: "连接" }) },
    auth: { type: "string", enum: ["token", "basic"], default: "token", title: "Signs in with", "x-section": "Connection", "x-i18n": { en: { enum: ["A token", "Name and password"] }, "zh-CN": { title: "登录方式", section: "连接", enum: ["令牌", "用户名和密码"] } } },
    user: { type: "string", title: "User", "x-depends": { field: "/auth", equals: "basic" }, "x-section": "Connection", ...texts("用户名", "", { section: "连接" }) },
    token: { type: "string", "x-secret": true, title: "Token or password", "x-section": "Connection", ...texts("令牌或密码", "", { section: "连接" }) },
    calendar: { type: "string", "x-oauth": { authorize_url: "https://login.example" }, title: "Calendar", description: "To write appointments.", "x-section": "Connection", ...texts("日历", "用于写入预约。", { section: "连接" }) },
    timeout: { type: "integer", minimum: 1, maximum: 30, default: 5, title: "Patience", description: "Seconds.", ...texts("等待时间", "单位为秒。") },
    days: { type: "array", title: "Pull on", items: { type: "string", enum: ["mon", "wed", "fri"], "x-i18n": { en: { enum: ["Mondays", "Wednesdays", "Fridays"] }, "zh-CN": { enum: ["周一", "周三", "周五"] } } }, ...texts("同步日") },
    objects: {
      type: "array", title: "Records", minItems: 1, maxItems: 5, default: [{ name: "party", path: "/parties" }], ...texts("记录类型"),
      items: { type: "object", required: ["name", "path"], properties: { name: { type: "string", title: "Name", ...texts("名称") }, path: { type: "string", pattern: "^/", title: "Path", ...texts("路径") }, pull: { type: "boolean", default: false, title: "Pull what changed", ...texts("同步变更") } } },
    },
  },
};

const plugin = (id: string, name: Extension["name"], more: Partial<Extension>): Extension => ({
  id, name, summary: {}, version: "0.1.0", kinds: ["channel"], state: "ready", since: minutesAgo(143), pid: 48_213, restarts: 0, isolation: ["own_process_group", "empty_environment", "no_new_privileges", "files"], isolation_level: "confined", isolation_lacking: [{ measure: "memory_limit", why: "the server may not make control groups" }],
  enabled: true, process: true, active_version: "0.1.0", permissions: [], missing: [], inboxes: false, connects: false, connections: 0, config_schema: {}, offered_asks: [], network: [], panels: [], tools: [], templates: [], asked_before: [], told_of: [], skipped: [], ...more,
});

/** What is installed and connected. */
export class Installed {
  plugins: Extension[] = [
    plugin("patchbay/webchat", both("Web chat", "网页客服"), { summary: both("A chat window for your website.", "嵌入网站的聊天窗口。"), inboxes: true }),
    plugin("patchbay/echo", both("Echo", "回声"), { state: "backoff", detail: "Exited with status 2: cannot reach http://localhost:9000/. It is started again in 8 s.", since: minutesAgo(1), pid: undefined, restarts: 3, next_retry_at: minutesAgo(-0.2), inboxes: true, permissions: [{ scope: "messages:ingest", reason: both("Brings the echo back into the conversation.", "把回声作为客户消息送回会话。"), optional: false, granted: true }] }),
    plugin("patchbay/rest-connector", both("REST connector", "REST 连接器"), {
      summary: both("Customers and orders of any system with an HTTP interface.", "接入任意具有 HTTP 接口的系统。"), kinds: ["connector", "tool"], connects: true, connections: 2, config_schema: crmSchema, offered_version: "0.2.0", offered_asks: ["tickets:read"], previous_version: "0.0.9", missing: ["schedule"],
      permissions: [{ scope: "contacts:read.pii", reason: both("Finds customers by address and number.", "按邮箱和电话查找客户。"), optional: false, granted: true }, { scope: "schedule", reason: both("Pulls what changed every hour.", "每小时同步变更。"), optional: false, granted: false }, { scope: "tickets:write", reason: both("Makes tickets out of complaints.", "根据投诉创建工单。"), optional: true, granted: false }],
      network: [{ host: "*.crm.example", reason: both("Your system", "您的系统") }], tools: [{ name: "refund", title: both("Refund an order", "订单退款"), description: both("Pays back what was paid.", "退还已付款项。"), writes: true, approval: true }],
    }),
    plugin("patchbay/outgoing-guard", both("Outgoing guard", "外发检查"), {
      summary: both("Looks at messages before they go to customers.", "消息发给客户之前先检查。"), kinds: ["hook"], connects: true, connections: 1,
      asked_before: [{ point: "message.send", budget_ms: 150, denies: false, priority: 0 }], told_of: [],
      skipped: [{ connection_id: "pin_5", name: "外发检查", point: "message.send", denies: false, since: minutesAgo(2), failures: 3, code: "plugin.too_slow", detail: "It did not answer within 150ms.", next_at: minutesAgo(-0.4) }],
    }),
    plugin("patchbay/template-retail", both("Retail template", "零售模板"), { kinds: ["template"], process: false, state: "stopped", pid: undefined, isolation: [], isolation_level: undefined, isolation_lacking: [] }),
  ];
  connections: Connection[] = [
    { id: "pin_3", plugin: "patchbay/rest-connector", name: "Tryton", enabled: true, config: { base_url: "https://erp.crm.example", auth: "token", timeout: 5, objects: [{ name: "party", path: "/parties", pull: true }] }, secrets: { "/token": true }, revision: 2, schema: crmSchema, condition: { state: "ok" }, health: { state: "ok" }, sign_ins: [{ pointer: "/calendar", state: "expired" }], created_at: minutesAgo(9000), updated_at: minutesAgo(100) },
    { id: "pin_4", plugin: "patchbay/rest-connector", name: "Old CRM 旧系统", enabled: true, config: { base_url: "https://old.crm.example", auth: "basic", user: "patchbay", objects: [{ name: "party", path: "/c" }] }, secrets: { "/token": true }, revision: 1, schema: crmSchema, condition: { state: "ok" }, health: { state: "down", code: "unauthorized", detail: "The far side refuses the password." }, sign_ins: [], created_at: minutesAgo(9000), updated_at: minutesAgo(100) },
  ];
}

const steps: PluginStep[] = [
  { number: 3, at: minutesAgo(1), node: "node-1", version: "0.1.0", state: "backoff", reason: "It ended by itself.", ending: "exit status 2", lines: ["connecting to http://localhost:9000/", "connection refused"], next_retry_at: minutesAgo(-0.2) },
  { number: 2, at: minutesAgo(4), node: "node-1", version: "0.1.0", state: "ready", lines: [] },
  { number: 1, at: minutesAgo(4), node: "node-1", version: "0.1.0", state: "starting", lines: [] },
];
const versions: PluginVersion[] = [
  { version: "0.2.0", digest: "c".repeat(64), at: minutesAgo(20), size: 13_100_000, active: false, previous: false, offered: true, asks: ["tickets:read"] },
  { version: "0.1.0", digest: "a".repeat(64), at: minutesAgo(9000), size: 12_900_000, active: true, previous: false, offered: false, asks: [] },
  { version: "0.0.9", digest: "b".repeat(64), at: minutesAgo(20_000), size: 12_800_000, active: false, previous: true, offered: false, asks: [] },
];

const held = (world: World, publisher = "", name = "") => world.installed.plugins.find((one) => one.id === `${publisher}/${name}`)!;
const changed = (change: (plugin: Extension, body: Body) => void): Route => (world, [publisher, name], _q, body) => {
  change(held(world, publisher, name), body);
  return [204];
};

/** What the far side says: "wrong" is no token of its. */
function problems(body: Body): { pointer: string; message: string }[] {
  const config = (body["config"] ?? {}) as Body;
  const secrets = (body["secrets"] ?? {}) as Body;
  if (secrets["/token"] === "wrong") return [{ pointer: "/token", message: "The far side refuses this token." }];
  return String(config["base_url"]).includes("nowhere") ? [{ pointer: "", message: "nowhere.example has no address." }] : [];
}

/** Secrets as the server keeps them: only which are set. */
const setOf = (before: Record<string, boolean>, body: Body): Record<string, boolean> => {
  const after = { ...before };
  for (const [pointer, value] of Object.entries((body["secrets"] ?? {}) as Body)) {
    if (value === null) delete after[pointer];
    else after[pointer] = true;
  }
  return after;
};

/** Paths below /workspaces/{workspace}. */
export const extensionRoutes: Record<string, Route> = {
  "GET plugins": (world) => [200, { items: world.installed.plugins }],
  "POST plugins/:p/:n/restart": changed((one) => Object.assign(one, { state: "ready", restarts: one.restarts + 1, detail: undefined, pid: 50_000 + one.restarts, since: new Date().toISOString(), next_retry_at: undefined })),
  "POST plugins/:p/:n/enable": changed((one) => Object.assign(one, { enabled: true, state: "ready" })),
  "POST plugins/:p/:n/disable": changed((one) => Object.assign(one, { enabled: false, state: "stopped" })),
  "POST plugins/:p/:n/rollback": changed((one) => Object.assign(one, { version: "0.0.9" })),
  "POST plugins/:p/:n/upgrade": changed((one) => Object.assign(one, { version: "0.2.0", offered_version: undefined })),
  "POST plugins/:p/:n/pin": changed((one, body) => Object.assign(one, { pinned_version: body["version"] || undefined })),
  "PUT plugins/:p/:n/grants": (world, [publisher, name], _q, body) => {
    const scopes = body["scopes"] as string[];
    const one = held(world, publisher, name);
    for (const permission of one.permissions) permission.granted = scopes.includes(permission.scope);
    one.missing = one.permissions.filter((permission) => !permission.optional && !permission.granted).map((permission) => permission.scope);
    return [200, { granted: [], missing: one.missing }];
  },
  "GET plugins/:p/:n/history": () => [200, { items: steps }],
  "GET plugins/:p/:n/versions": () => [200, { items: versions }],
  "GET plugins/:p/:n/logs": () => [200, { lines: ["listening", "a visitor connected", "the far side is slow", "cannot reach http://localhost:9000/"].map((text, index) => ({ at: minutesAgo(4 - index), level: ["info", "info", "warn", "error"][index], text })) }],
  "GET connections": (world) => [200, { items: world.installed.connections }],
  "GET connections/:c/skipped": () => [200, { items: [{ use: "analyzer", feed: 41, event_id: "chg_1", type: "message.created", code: "plugin.died", detail: "The process of the plugin ended.", at: minutesAgo(30) }] }],
  "POST connections/validate": (_w, _p, _q, body) => [200, { problems: problems(body) }],
  "POST inboxes/validate": (_w, _p, _q, body) => [200, { problems: problems(body) }],
  "POST connections": (world, _p, _q, body) => {
    const made: Connection = { ...world.installed.connections[0]!, id: world.id("pin"), name: String(body["name"]), plugin: String(body["plugin"]), config: body["config"] as Body, secrets: setOf({}, body), revision: 1, health: { state: "unknown" }, sign_ins: [{ pointer: "/calendar", state: "none" }] };
    world.installed.connections.push(made);
    return [201, made];
  },
  "PATCH connections/:c": (world, [id], _q, body) => {
    const one = world.installed.connections.find((held) => held.id === id);
    if (!one) return absent;
    if (problems(body).length > 0) return refused(422, "connection.invalid", problems(body).map((problem) => ({ pointer: `/config${problem.pointer}`, code: "refused", detail: problem.message })));
    const { secrets: _, ...rest } = body;
    return [200, Object.assign(one, rest, { secrets: setOf(one.secrets, body), revision: one.revision + 1 })];
  },
  "DELETE connections/:c": (world, [id]) => {
    world.installed.connections = world.installed.connections.filter((one) => one.id !== id);
    return [204];
  },
  "POST connections/:c/oauth": () => [200, { authorize_url: "/settings/plugins", redirect_url: "http://localhost:8080/api/v1/oauth/plugin/callback" }],
  "POST findings/:f/dismiss": (world, [id]) => {
    world.record("cnv_2", "finding.dismissed", { kind: "agent", id: world.self }, { data: { finding_id: id } });
    return [204];
  },
};

/** A conversation that a bot leads, and one in which something was noticed. */
export function seedPlugins(world: World): void {
  const bot = { kind: "bot" as const, id: "pin_6", name: "Tea bot 茶小二" };
  world.record("cnv_1", "conversation.bot", { kind: "system" }, { data: { bot_id: bot.id, bot_name: bot.name }, row: { responder: "bot" } });
  world.post("cnv_1", bot, "text", "Hello! I am the shop's assistant. Your order #2041 is at the Hangzhou hub. Is there anything else?", "bot-1");
  const row = world.changes.get("cnv_2")!.findLast((change) => change.message?.sender.kind === "contact")!;
  const raise = (id: string, level: string, title: object, advice: object, start: number, end: number) => world.record("cnv_2", "finding.created", { kind: "plugin", id: "pin_7", name: "Risk 风险" }, { data: { finding_id: id, message_id: row.message!.id, message_seq: row.seq, connection_id: "pin_7", code: "x", level, title, advice, start, end } });
  raise("fnd_1", "critical", both("Threatens a complaint to the authorities", "威胁向监管部门投诉"), both("Bring in a supervisor before you answer.", "回复前请先通知主管。"), 0, 4);
  raise("fnd_2", "notice", both("Asks for an invoice", "要求开具发票"), {}, 10, 15);
}
