import type { MessageTemplate, TemplateUse } from "@patchbay/client/api";
import { agent, refused, type Answer, type Body, type Route } from "./answers.ts";
import type { World } from "./world.ts";

/** What an SMS gateway in two languages has prepared. */
const templates: MessageTemplate[] = [
  {
    id: "parcel_shipped", language: "en", name: "Parcel shipped", category: "Utility", header: "Your order {{order}}", text: "Hello {{name}}, your parcel is on its way with {{courier}} and should arrive on {{day}}.", footer: "Cloud Ridge Tea", buttons: ["Track the parcel", "Talk to us"],
    fields: [{ name: "name", label: "Customer’s name", example: "Sofia" }, { name: "order", label: "Order number", example: "2041", max_length: 12 }, { name: "courier", label: "Courier", example: "DHL", max_length: 30 }, { name: "day", label: "Day", example: "Monday" }],
  },
  {
    id: "parcel_shipped", language: "zh-CN", name: "发货通知", category: "通知", text: "{{name}}，您好！订单 {{order}} 已由 {{courier}} 揽收，预计 {{day}} 送达。", footer: "回T退订",
    fields: [{ name: "name", label: "客户姓名", example: "林晓雨" }, { name: "order", label: "订单号", example: "2041", max_length: 12 }, { name: "courier", label: "快递公司", example: "顺丰", max_length: 10 }, { name: "day", label: "送达日期", example: "周五" }],
  },
  { id: "open_hours", language: "en", name: "Opening hours", category: "Utility", text: "We are here again on Monday at nine. Write to us any time.", fields: [] },
  { id: "picture", language: "en", name: "Picture of the parcel", category: "Utility", text: "{{1}}, this is how your parcel left us.", file: "image", fields: [{ name: "1", label: "1" }, { name: "track", label: "End of the tracking link", optional: true }] },
  { id: "spring_sale", language: "en", name: "Spring sale", category: "Marketing", text: "Fresh Dragon Well, {{discount}} off until Sunday.", fields: [{ name: "discount", label: "Discount" }], unusable: "In review since yesterday" },
  ...Array.from({ length: 60 }, (_, index): MessageTemplate => ({ id: `code_${index}`, language: "en", name: `One-time code ${index + 1}`, category: "Authentication", text: "{{code}} is your code.", fields: [{ name: "code", label: "Code", max_length: 8 }] })),
];

function answer(query: URLSearchParams): Answer {
  const wanted = (query.get("q") ?? "").toLowerCase();
  const found = templates.filter((one) => `${one.name} ${one.id} ${one.text}`.toLowerCase().includes(wanted));
  const from = Number(query.get("cursor") ?? 0);
  const until = from + Number(query.get("limit") ?? 50);
  return [200, {
    items: found.slice(from, until), ...(until < found.length && { next_cursor: String(until) }), total: found.length, listed_at: new Date(Date.now() - 4 * 60_000).toISOString(),
    refused: [{ id: "birthday", reason: "undeclared" }],
    error: { code: "far_side.unavailable", detail: "The connected system answers with 503." },
  }];
}

/** Sends a message that was prepared, if what fills it fits. */
export function sendTemplate(world: World, conversation: string, body: Body): Answer {
  const use = body["template"] as TemplateUse;
  const values = use.values ?? {};
  const one = templates.find((held) => held.id === use.id && held.language === use.language);
  if (!one) return refused(422, "message.template_unknown");
  const missing = one.fields.filter((field) => !field.optional && !values[field.name]?.trim());
  if (missing.length > 0) return refused(422, "message.template_values", missing.map(({ name }) => ({ pointer: `/template/values/${name}`, code: "required", detail: "is needed" })));
  if (values["discount"] === "all" || values["courier"] === "Owl") return refused(422, "message.template_values", [{ pointer: "/template/values/courier", code: "unknown", detail: "is no courier" }]);
  const text = [one.header, one.text, one.footer].filter(Boolean).join("\n\n").replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? "");
  const stored = world.post(conversation, agent(world), "text", text, String(body["client_msg_id"]), undefined, { ...world.desk.extras(world, conversation, body), template: { ...use, values, name: one.name } });
  setTimeout(() => world.deliver(stored.message, "sent"), 900);
  return [201, stored];
}

/** Paths below /workspaces/{workspace}. */
export const preparedRoutes: Record<string, Route> = {
  "GET inboxes/:i/templates": (_w, _p, query) => answer(query),
  "POST inboxes/:i/templates/refresh": (_w, _p, query) => answer(query),
};

/** The second inbox is a gateway that takes little beside what it has prepared. */
export function seedPrepared(world: World, ago: (minutes: number) => string): void {
  const inbox = world.inboxes[1]!;
  inbox.capabilities = { ...inbox.capabilities, can: ["templates"], content: ["text", "image"], windows: [{ on: "message", seconds: 172_800, quota: 5 }] };
  for (const [id, used] of [["cnv_2", 0], ["cnv_12", 4]] as const) {
    const row = world.conversations.get(id);
    if (row) row.windows = [{ on: "message", opened_at: ago(60), expires_at: ago(-2_820), quota: 5, used }];
  }
}
