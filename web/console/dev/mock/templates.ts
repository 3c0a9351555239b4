import type { Template, TemplateChange } from "@patchbay/client/api";
import { refused, type Route } from "./answers.ts";

const both = (english: string, chinese: string) => ({ en: english, "zh-CN": chinese });

const retail: Template = {
  plugin: "patchbay/template-retail",
  name: "retail",
  version: "0.2.0",
  title: both("Online shop", "网店"),
  summary: both("Presales, aftersales and logistics; refunds, returns, invoices and complaints as ticket types.", "售前、售后、物流三个团队，退款、退换货、发票、投诉等工单类型。"),
  locales: ["en", "zh-CN"],
  questions: {
    type: "object",
    properties: {
      shop: { type: "string", title: "Name of the shop", minLength: 1, default: "our shop", "x-i18n": { "zh-CN": { title: "店铺名称" } } },
      return_days: { type: "integer", title: "Days to return", minimum: 0, maximum: 365, default: 7, "x-i18n": { "zh-CN": { title: "无理由退货天数" } } },
    },
  },
  applied: { version: "0.1.0", locale: "zh-CN", answers: { shop: "茶铺" }, state: "applied", applied_at: "2026-11-20T09:12:00Z" },
};
const clinic: Template = {
  plugin: "acme/clinics", name: "clinic", version: "1.0.0", title: both("Clinic", "诊所"), summary: both("Appointments, reports and billing.", "预约、报告和账单。"), locales: ["en"],
};

const changes: TemplateChange[] = [
  { kind: "team", key: "presales", id: "tea_1", op: "keep", reason: "unchanged", before: { name: "售前" }, after: { name: "售前" } },
  { kind: "label", key: "return", id: "lab_1", op: "keep", reason: "exists_already", before: { name: "退货", color: "#000000" }, after: { name: "退货", color: "#000000" } },
  { kind: "label", key: "gift", op: "create", reason: "new", after: { name: "赠品", color: "#0f766e", description: "随单赠送。" } },
  {
    kind: "canned_reply", key: "return", id: "can_1", op: "update", reason: "template_changed", fields: [{ name: "text" }, { name: "title", kept: true }],
    before: { shortcut: "return", title: "退货说明", text: "签收后 7 天内可退货。" }, after: { shortcut: "return", title: "退货说明", text: "签收后 30 天内，商品完好即可退货。" },
  },
  { kind: "canned_reply", key: "bye", id: "can_2", op: "keep", reason: "changed_by_person", fields: [{ name: "text", kept: true }], before: { title: "结束语", text: "再见" }, after: { title: "结束语", text: "再见" } },
  { kind: "ticket_type", key: "invoice", op: "keep", reason: "deleted_by_person" },
  { kind: "view", key: "old", id: "vie_1", op: "delete", reason: "gone_from_template", before: { name: "待发货" } },
];

/** Paths below /workspaces/{workspace}. */
export const templateRoutes: Record<string, Route> = {
  "GET templates": () => [200, { items: [retail, clinic] }],
  "POST templates/:p/:n/:t/plan": (_w, _p, _q, body) => {
    const answers = (body["answers"] ?? {}) as Record<string, unknown>;
    if (answers["shop"] === "x") return refused(422, "template.invalid", [{ pointer: "/answers/shop", code: "invalid", detail: "is too short" }]);
    return [200, { version: "0.2.0", from: "0.1.0", hash: "h1", changes }];
  },
  "POST templates/:p/:n/:t/apply": () => [200, { state: "incomplete", failed: [{ kind: "label", key: "gift", code: "label.too_many", detail: "The workspace has as many labels as it can have." }] }],
  "GET templates/:p/:n/:t/removal": () => [200, { from: "0.1.0", hash: "h2", changes: changes.filter((one) => one.before).map((one) => ({ ...one, op: one.reason === "unchanged" ? "delete" : "keep", reason: one.reason === "unchanged" ? "removed" : one.reason })) }],
  "POST templates/:p/:n/:t/removal": () => [200, { state: "applied", failed: [] }],
};
