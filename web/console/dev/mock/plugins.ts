import type { FarRecord, Panel, PanelCard, RecordLookup, RecordObject, ToolUse } from "@patchbay/client/api";
import { absent, refused, type Route } from "./answers.ts";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const text = (words: string, more: object = {}) => ({ type: "TextBlock", text: words, wrap: true, ...more });
const adaptive = (body: unknown[], actions: unknown[] = []) => ({ type: "AdaptiveCard", version: "1.5", body, actions });

/** What the order desk of the tea shop shows. `paid` changes by the press of a button. */
function orders(chinese: boolean, refunded: boolean): object {
  return adaptive(
    [
      { type: "ColumnSet", columns: [
        { type: "Column", width: "stretch", items: [text(chinese ? "订单 #2041" : "Order #2041", { weight: "bolder", size: "medium" }), text(chinese ? "明前龙井 ×2" : "Dragon Well ×2", { isSubtle: true })] },
        { type: "Column", width: "auto", items: [text(refunded ? (chinese ? "已退款" : "Refunded") : (chinese ? "运输中" : "In transit"), { color: refunded ? "good" : "warning", weight: "bolder" })] },
      ] },
      { type: "FactSet", facts: [{ title: chinese ? "金额" : "Total", value: "¥ 396.00" }, { title: chinese ? "承运" : "Courier", value: "SF 1392 0041 7781" }, { title: chinese ? "预计" : "Expected", value: "2026-04-03" }] },
      { type: "Table", columns: [{ width: 2 }, { width: 1 }, { width: 1 }], rows: [[chinese ? "商品" : "Item", chinese ? "数量" : "Qty", chinese ? "价格" : "Price"], ["Dragon Well 龙井", "2", "¥ 336"], [chinese ? "礼盒" : "Gift box", "1", "¥ 60"]].map((row) => ({ type: "TableRow", cells: row.map((cell) => ({ type: "TableCell", items: [text(cell)] })) })) },
      { type: "Container", style: "warning", items: [text(chinese ? "客户两周内第二次询问此订单。" : "The customer asks for this order the second time in two weeks.")] },
    ],
    [
      { type: "Action.ShowCard", title: chinese ? "退款" : "Refund", card: adaptive([
        { type: "Input.Number", id: "amount", label: chinese ? "金额" : "Amount", min: 1, max: 396, isRequired: true, value: 396 },
        { type: "Input.ChoiceSet", id: "reason", label: chinese ? "原因" : "Reason", isRequired: true, choices: [{ title: chinese ? "未收到" : "Not delivered", value: "lost" }, { title: chinese ? "破损" : "Damaged", value: "broken" }] },
        { type: "Input.Toggle", id: "tell", title: chinese ? "通知客户" : "Tell the customer", value: "true" },
      ], [{ type: "Action.Submit", title: chinese ? "确认退款" : "Refund now", style: "destructive", data: { action: "refund", order: "2041" } }]) },
      { type: "Action.Submit", title: chinese ? "插入物流单号" : "Insert tracking number", patchbay: { insertText: "SF 1392 0041 7781" } },
      { type: "Action.OpenUrl", title: chinese ? "在商城中打开" : "Open in the shop", url: "https://shop.example/orders/2041" },
    ],
  );
}

const panels: Panel[] = [
  { connection: "pin_1", connection_name: "Shop 商城", plugin: "acme/orders", panel: "orders", slot: "conversation.sidebar", title: { en: "Orders", "zh-CN": "订单" }, kind: "card" },
  { connection: "pin_1", connection_name: "Shop 商城", plugin: "acme/orders", panel: "map", slot: "conversation.sidebar", title: { en: "Parcel", "zh-CN": "包裹" }, kind: "page" },
  { connection: "pin_2", connection_name: "ERP", plugin: "acme/erp", panel: "stock", slot: "ticket.sidebar", title: { en: "Stock", "zh-CN": "库存" }, kind: "card" },
  { connection: "pin_1", connection_name: "Shop 商城", plugin: "acme/orders", panel: "coupon", slot: "composer.action", title: { en: "Give a coupon", "zh-CN": "发放优惠券" }, kind: "card" },
  { connection: "pin_1", connection_name: "Shop 商城", plugin: "acme/orders", panel: "board", slot: "navigation", title: { en: "Parcels", "zh-CN": "包裹看板" }, kind: "page" },
  { connection: "pin_1", connection_name: "Shop 商城", plugin: "acme/orders", panel: "returns", slot: "report.page", title: { en: "Returns", "zh-CN": "退货统计" }, kind: "card" },
  { connection: "pin_1", connection_name: "Shop 商城", plugin: "acme/orders", panel: "mapping", slot: "settings.page", title: { en: "Field mapping", "zh-CN": "字段映射" }, kind: "card" },
];

function cardOf(panel: string, chinese: boolean, refunded: boolean): PanelCard {
  switch (panel) {
    case "orders":
      return { state: "ok", fresh: 30, card: orders(chinese, refunded) };
    case "stock":
      return { state: "unavailable", fresh: 0, code: "plugin.backoff", detail: chinese ? "插件正在重启。" : "The plugin is being restarted.", retry_after: 600 };
    case "coupon":
      return { state: "ok", fresh: 0, card: adaptive([{ type: "Input.ChoiceSet", id: "value", label: chinese ? "面额" : "Value", style: "expanded", isRequired: true, choices: [{ title: "¥ 10", value: "10" }, { title: "¥ 30", value: "30" }] }], [{ type: "Action.Submit", style: "positive", title: chinese ? "生成并插入" : "Make and insert", data: { action: "coupon" } }]) };
    case "mapping":
      return { state: "ok", fresh: 0, card: adaptive([text(chinese ? "尚未映射字段。" : "No field is mapped yet.")]) };
    case "returns":
      return { state: "ok", fresh: 60, card: adaptive([text(chinese ? "本月退货 12 件" : "12 returns this month", { size: "large", weight: "bolder" }), { type: "FactSet", facts: [{ title: chinese ? "破损" : "Damaged", value: "5" }, { title: chinese ? "错发" : "Wrong item", value: "4" }, { title: chinese ? "其他" : "Other", value: "3" }] }]) };
    default:
      return { state: "empty", fresh: 60 };
  }
}

const objects: RecordObject[] = [
  { name: "party", label: "Customer 客户", lookup: true, search: true, upsert: true, activities: true, pull: true, fields: [
    { name: "name", label: "Name 名称", type: "text", writable: true, required: true }, { name: "email", label: "E-mail 邮箱", type: "email", writable: true, required: false },
    { name: "credit", label: "Credit 额度", type: "money", writable: false, required: false }, { name: "vip", label: "VIP", type: "boolean", writable: false, required: false }, { name: "since", label: "Since 建档", type: "time", writable: false, required: false }] },
  { name: "lead", label: "Lead 线索", lookup: false, search: true, upsert: true, activities: true, pull: false, fields: [{ name: "title", label: "Title 标题", type: "text", writable: true, required: true }, { name: "value", label: "Value 金额", type: "number", writable: true, required: false }] },
];
const party: FarRecord = { object: "party", id: "P-311", title: "林晓雨 Lin Xiaoyu", url: "https://erp.example/party/311", fields: { name: "林晓雨", email: "lin@mail.example", credit: "2000.00 CNY", vip: true, since: "2023-05-01T00:00:00Z" }, updated_at: minutesAgo(200) };
const lookups: RecordLookup[] = [
  { connection: "pin_3", connection_name: "Tryton", plugin: "patchbay/rest-connector", state: "ok", stale: false, seen_at: minutesAgo(0), records: [party] },
  { connection: "pin_4", connection_name: "Old CRM 旧系统", plugin: "patchbay/rest-connector", state: "late", detail: "The far side did not answer in time.", stale: true, seen_at: minutesAgo(1500), records: [{ ...party, id: "77", url: undefined, fields: { name: "Lin X.", email: "lin@mail.example" } }] },
  { connection: "pin_5", connection_name: "Loyalty", plugin: "acme/loyalty", state: "unavailable", detail: "The plugin waits to restart.", retry_after: 30, stale: false, records: [] },
];

/** What plugins put beside the work. */
export class PluginDesk {
  refunded = false;
  approvals: ToolUse[] = [
    { id: "tci_1", tool: "acme/orders:refund", connection: "pin_1", args: { order: "2041", amount: 396, reason: "lost" }, conversation_id: "cnv_0", caller_kind: "bot", caller_id: "pin_6", caller_name: "Tea bot 茶小二", state: "pending", attempts: 0, created_at: minutesAgo(3), expires_at: minutesAgo(-27) },
  ];
}

const isChinese = (body: Record<string, unknown>) => body["locale"] === "zh-CN";

/** Paths below /workspaces/{workspace}. */
export const pluginRoutes: Record<string, Route> = {
  "GET panels": (_w, _p, query) => [200, { items: panels.filter((one) => !query.get("slot") || one.slot === query.get("slot")) }],
  "POST connections/:c/panels/:p/render": (world, [, panel], _q, body) => [200, cardOf(panel!, isChinese(body), world.plugged.refunded)],
  "POST connections/:c/panels/:p/act": (world, [, panel], _q, body) => {
    const chinese = isChinese(body);
    if (body["action"] === "coupon") return [200, { failed: false, insert_text: `TEA-${String((body["data"] as Record<string, unknown>)["value"])}-7KQ2` }];
    if (body["action"] !== "refund") return refused(422, "panel.refused");
    world.plugged.refunded = true;
    return [200, { card: cardOf(panel!, chinese, true).card, failed: false, message: chinese ? "已退款 396.00 元。" : "396.00 was refunded." }];
  },
  "POST connections/:c/panels/:p/frame": (_w, [, panel]) => (panel === "map" || panel === "board" ? [200, { src: `/frames/acme/orders/v1/${panel}.html`, token: "frame", expires_at: minutesAgo(-10) }] : absent),
  "POST connections/:c/panels/:p/call": (_w, _p, _q, body) => [200, { value: { method: body["method"], parcels: 3 } }],
  "GET connections/:c/objects": () => [200, { items: objects }],
  "GET contacts/:c/records": () => [200, { items: lookups }],
  "GET connections/:c/records": (_w, _p, query) => [200, { items: (query.get("q") ?? "") === "nobody" ? [] : [party, { ...party, id: "P-312", title: "Lin & Sons" }] }],
  "POST connections/:c/records": (_w, _p, _q, body) => {
    const fields = body["fields"] as Record<string, unknown>;
    return fields["title"] || fields["name"] ? [201, { ...party, id: "L-9", object: body["object"], title: String(fields["title"] ?? fields["name"]), fields }] : refused(422, "record.refused", [{ pointer: "/fields/title", code: "required", detail: "" }]);
  },
  "POST conversations/:c/summary": () => [201, { id: "act_1" }],
  "GET tools": () => [200, { items: [{ name: "acme/orders:refund", title: { en: "Refund an order", "zh-CN": "订单退款" }, description: { en: "Pays back." }, args_schema: { type: "object", properties: { order: { type: "string", title: "Order", "x-i18n": { "zh-CN": { title: "订单" } } }, amount: { type: "number", title: "Amount", "x-i18n": { "zh-CN": { title: "金额" } } }, reason: { type: "string", title: "Reason", "x-i18n": { "zh-CN": { title: "原因" } } } } }, writes: true, needs_approval: true, connections: [{ id: "pin_1", name: "Shop 商城" }] }] }],
  "GET approvals": (world) => [200, { items: world.plugged.approvals }],
  "POST approvals/:a": (world, [id], _q, body) => {
    const held = world.plugged.approvals.find((one) => one.id === id);
    if (!held) return absent;
    world.plugged.approvals = world.plugged.approvals.filter((one) => one !== held);
    return [200, { ...held, state: body["approve"] ? "done" : "denied" }];
  },
};

/** A page of the plugin's: it says where it stands and follows the theme. */
export function framePage(path: string, client: string): { type: string; body: string } {
  if (path.endsWith(".js")) return { type: "text/javascript", body: path.endsWith("patchbay-frame.js") ? client : 'patchbay.context().then((context) => { document.querySelector("p").textContent = context.locale.startsWith("zh") ? "包裹已到杭州转运中心" : "The parcel is at the Hangzhou hub"; }); document.querySelector("button").onclick = () => patchbay.toast("3").catch((error) => (document.title = error.code));' };
  return { type: "text/html", body: '<!doctype html><html lang="en"><meta charset="utf-8"><title>Parcel</title><style>html{font:14px/20px var(--font);color:var(--text);background:var(--sunken)}body{margin:0;padding:4px}button{color:inherit;font:inherit;background:var(--surface);border:1px solid var(--edge);border-radius:6px;padding:4px 12px}</style><main><h1 style="font-size:14px">SF 1392 0041 7781</h1><p>…</p><button>OK</button></main><script src="patchbay-frame.js"></script><script src="page.js"></script>' };
}
