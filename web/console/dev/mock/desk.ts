import type { Attachment, Attribute, Canned, Conversation, DeliveryStep, Label, Message, Quote, Scheduled, ServerDraft, Team } from "@patchbay/client/types";
import { absent, agent, refused, type Answer, type Route } from "./answers.ts";
import { seedViews } from "./lists.ts";
import { hills, Media, tone } from "./media.ts";
import type { World } from "./world.ts";

/** What the desk of an agent has beyond messages. */
export class Desk {
  readonly media: Media;
  labels: Label[] = [];
  attributes: Attribute[] = [];
  canned: Canned[] = [];
  teams: Team[] = [];
  drafts = new Map<string, ServerDraft>();
  scheduled: Scheduled[] = [];
  /** Rows as they were before a merge. */
  before = new Map<string, Conversation>();

  constructor(world: World) {
    this.media = new Media(world);
  }

  /** What a message carries besides its text. */
  extras(world: World, conversation: string, body: Record<string, unknown>): Partial<Message> {
    const attachments = this.media.taken(body["attachment_ids"]);
    const mentions = (Array.isArray(body["mentions"]) ? body["mentions"] : []).map((id) => ({ member_id: String(id), name: world.members.find((member) => member.id === id)?.name ?? "" }));
    return { ...(attachments.length > 0 && { attachments }), ...(mentions.length > 0 && { mentions }), ...(body["reply_to"] ? { reply_to: quote(world, conversation, String(body["reply_to"])) } : {}) };
  }
}

function quote(world: World, conversation: string, id: string): Quote | undefined {
  const change = world.changes.get(conversation)?.find((one) => one.message?.id === id);
  const message = change?.message;
  return message && { id, kind: message.kind, seq: change.seq, sender: message.sender, text: message.text.slice(0, 140), attachment_kind: message.attachments?.[0]?.kind };
}

const strings = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
const difference = (a: string[], b: string[]) => a.filter((one) => !b.includes(one));

/** Changes the row of a conversation and records why. */
function alter(world: World, id: string, type: Parameters<World["record"]>[1], data: Record<string, unknown>, row: Partial<Conversation>): Answer {
  if (!world.conversations.has(id)) return absent;
  world.record(id, type, agent(world), { data, row });
  return [200, world.row(world.conversations.get(id)!)];
}

function members(kind: "labels" | "participants", type: "conversation.labeled" | "conversation.participants", field: string): Route {
  return (world, [id], _q, body) => {
    const held = world.conversations.get(id!)?.[kind] ?? [];
    const next = strings(body[field]);
    return alter(world, id!, type, { [field]: next, added: difference(next, held), removed: difference(held, next) }, { [kind]: next });
  };
}

/** Changes a message, or takes it back; where its channel is not live, a moment later. */
function act(world: World, id: string, messageID: string, text?: string): Answer {
  const message = world.told(id).find((change) => change.message?.id === messageID)?.message;
  if (!message) return absent;
  if (message.recalled_at) return text === undefined ? [200, message] : refused(409, "message.recalled");
  if (message.kind === "note" || !message.delivery) {
    world.revise(message, text);
  } else {
    const changing: Message["changing"] = { act: text === undefined ? "recall" : "edit", text, by: agent(world), at: new Date().toISOString(), state: "pending" };
    world.record(id, "message.delivery", agent(world), { message: { ...message, changing }, data: { act: changing.act, asked: true } });
    setTimeout(() => world.revise({ ...message, changing: undefined }, text), 1_500);
  }
  return [200, world.told(id).find((change) => change.message?.id === messageID)!.message];
}

/** Paths below /workspaces/{workspace}. */
export const deskRoutes: Record<string, Route> = {
  "GET labels": (world) => [200, { items: world.desk.labels }],
  "GET attributes": (world) => [200, { items: world.desk.attributes }],
  "GET canned": (world) => [200, { items: world.desk.canned }],
  "GET teams": (world) => [200, { items: world.desk.teams }],
  "POST uploads": (world, _p, _q, body) => {
    const upload = world.desk.media.create(String(body["name"]), Number(body["size"]));
    return upload ? [201, upload] : refused(422, "upload.too_large");
  },
  "PATCH uploads/:u": (world, [id], query, _b, raw) => {
    const done = world.desk.media.write(id!, Number(query.get("offset")), raw);
    if (done === undefined) return absent;
    return typeof done === "number" ? refused(409, "upload.offset", [{ pointer: "/offset", code: "offset", detail: String(done) }]) : [200, done];
  },
  "GET uploads/:u": (world, [id]) => {
    const state = world.desk.media.state(id!);
    return state ? [200, state] : absent;
  },
  "DELETE uploads/:u": (world, [id]) => {
    world.desk.media.drop(id!);
    return [204];
  },
  "PUT conversations/:c/labels": members("labels", "conversation.labeled", "label_ids"),
  "PUT conversations/:c/participants": members("participants", "conversation.participants", "member_ids"),
  "PUT conversations/:c/priority": (world, [id], _q, body) => alter(world, id!, "conversation.priority", body, { priority: body["priority"] as "high" }),
  "PATCH conversations/:c/attributes": (world, [id], _q, body) => {
    const set = body["set"] as Record<string, unknown>;
    const held = { ...world.conversations.get(id!)?.attributes, ...set };
    return alter(world, id!, "conversation.attributes", { set }, { attributes: Object.fromEntries(Object.entries(held).filter(([, value]) => value !== null)) });
  },
  "GET conversations/:c/messages/:m/delivery": (world, [id, message]) => {
    const changes = (world.changes.get(id!) ?? []).filter((change) => change.message?.id === message);
    if (changes.length === 0) return absent;
    const plugin = "patchbay/echo 0.1.0";
    return [200, { items: changes.flatMap((change, index): DeliveryStep[] => (index === 0 ? [{ at: change.at, state: "queued" as const }, ...(change.message!.delivery ? [{ at: change.at, state: "attempt" as const, attempt: 1, plugin }] : [])] : [{ at: change.at, state: (change.message!.delivery ?? "unknown") as DeliveryStep["state"], attempt: 1, plugin, detail: change.message!.delivery_error }])) }];
  },
  "GET conversations/:c/messages/:m/versions": (world, [, message]) => [200, { items: world.versions.get(message!) ?? [] }],
  "PATCH conversations/:c/messages/:m": (world, [id, message], _q, body) => act(world, id!, message!, String(body["text"] ?? "")),
  "POST conversations/:c/messages/:m/recall": (world, [id, message]) => act(world, id!, message!),
  "POST conversations/:c/messages/:m/attachments/:a/fetch": (world, [id, messageID, file]) => {
    const message = (world.changes.get(id!) ?? []).find((change) => change.message?.id === messageID)?.message;
    const tell = (state: Attachment["state"]) => {
      const attachments = message!.attachments!.map((one): Attachment => (one.id === file ? { ...one, state, error: undefined, error_code: undefined } : one));
      Object.assign(message!, { attachments });
      world.record(id!, "message.file", { kind: "plugin" }, { message: { ...message! }, data: { attachment_id: file, state } });
    };
    if (!message?.attachments?.some((one) => one.id === file)) return absent;
    tell("fetching");
    setTimeout(() => tell("ready"), 1_500);
    return [200, message];
  },
  "GET conversations/:c/draft": (world, [id]) => (world.desk.drafts.has(id!) ? [200, world.desk.drafts.get(id!)] : [204]),
  "PUT conversations/:c/draft": (world, [id], _q, body) => {
    const held = world.desk.drafts.get(id!);
    if (held && Number(body["rev"]) < held.rev) return refused(409, "draft.stale", [{ pointer: "/rev", code: "stale", detail: JSON.stringify(held) }]);
    const rev = Number(body["rev"]) + 1;
    const attachments = world.desk.media.taken(body["attachment_ids"]);
    const updated_at = new Date().toISOString();
    world.desk.drafts.set(id!, { conversation_id: id!, text: String(body["text"]), kind: body["kind"] as "text", rev, updated_at, attachments, reply_to: body["reply_to"] ? quote(world, id!, String(body["reply_to"])) : undefined });
    return [200, { rev, updated_at }];
  },
  "GET conversations/:c/scheduled": (world, [id]) => [200, { items: world.desk.scheduled.filter((one) => one.conversation_id === id && (one.state === "waiting" || one.state === "failed")) }],
  "POST conversations/:c/scheduled": (world, [id], _q, body) => {
    const one: Scheduled = { id: world.id("sch"), client_msg_id: String(body["client_msg_id"]), conversation_id: id!, text: String(body["text"]), attachments: world.desk.media.taken(body["attachment_ids"]), send_at: String(body["send_at"]), unless_reply: body["unless_reply"] === true, created_by: agent(world), created_at: new Date().toISOString(), state: "waiting" };
    world.desk.scheduled.push(one);
    world.record(id!, "scheduled.created", agent(world), { data: { scheduled_id: one.id, send_at: one.send_at } });
    return [201, one];
  },
  "PATCH conversations/:c/scheduled/:s": (world, [id, scheduled], _q, body) => {
    const one = world.desk.scheduled.find((held) => held.id === scheduled);
    if (!one) return absent;
    Object.assign(one, body);
    world.record(id!, "scheduled.changed", agent(world), { data: { scheduled_id: one.id, send_at: one.send_at } });
    return [200, one];
  },
  "DELETE conversations/:c/scheduled/:s": (world, [id, scheduled]) => {
    const one = world.desk.scheduled.find((held) => held.id === scheduled);
    if (!one) return absent;
    one.state = "cancelled";
    world.record(id!, "scheduled.cancelled", agent(world), { data: { scheduled_id: one.id, send_at: one.send_at } });
    return [204];
  },
  "POST conversations/:c/merge": (world, [id], _q, body) => {
    const source = world.conversations.get(id!);
    const target = world.conversations.get(String(body["into"]));
    if (!source || !target || source === target) return absent;
    world.desk.before.set(source.id, source);
    world.record(source.id, "conversation.merged", agent(world), { data: { into: target.id, number: target.number }, row: { merged_into: target.id, state: "resolved", waiting_since: undefined } });
    world.record(target.id, "conversation.absorbed", agent(world), { data: { from_id: source.id, number: source.number, inbox_id: source.inbox_id, contact_id: source.contact.id, contact_name: source.contact.name, messages: world.changes.get(source.id)!.filter((change) => change.message && !["message.delivery", "message.file"].includes(change.type)).length } });
    return [200, world.row(world.conversations.get(target.id)!)];
  },
  "POST conversations/:c/unmerge": (world, [id]) => {
    const source = world.conversations.get(id!);
    const before = world.desk.before.get(id!);
    if (!source?.merged_into || !before) return refused(409, "conversation.not_merged");
    const into = source.merged_into;
    world.record(id!, "conversation.unmerged", agent(world), { data: { into, by: "member" }, row: { merged_into: undefined, state: before.state, waiting_since: before.waiting_since } });
    world.record(into, "conversation.unmerged", agent(world), { data: { from_id: id, by: "member" } });
    return [200, world.row(world.conversations.get(id!)!)];
  },
};

/** What the tea shop wrote down before today. */
export function seedDesk(world: World, ago: (minutes: number) => string): void {
  const { desk } = world;
  const label = (id: string, name: string, color: string, description = ""): Label => ({ id, name, color, description, created_at: ago(9_000) });
  desk.labels = [label("lab_1", "退换货", "#b3261e"), label("lab_2", "VIP", "#8a5300", "Three years or more"), label("lab_3", "Shipping 物流", "#1f5fa8"), label("lab_4", "发票", "#6b4fa0"), label("lab_5", "Wholesale", "#1b6e41")];
  const attribute = (key: string, name: string, type: Attribute["type"], target: Attribute["target"], options?: string[]): Attribute => ({ id: `cat_${key}`, target, key, name, type, options, required: false, created_at: ago(9_000) });
  desk.attributes = [attribute("order", "订单号 Order", "text", "conversation"), attribute("refund", "Refund 退款金额", "number", "conversation"), attribute("gift", "Gift 礼盒", "boolean", "conversation"), attribute("due", "Due 最晚送达", "date", "conversation"), attribute("stage", "Stage 阶段", "list", "conversation", ["询价 Asking", "已付款 Paid", "已发货 Shipped"]), attribute("crm", "CRM", "link", "contact"), attribute("tier", "Tier 等级", "list", "contact", ["Silver", "Gold"])];
  const canned = (id: string, shortcut: string, title: string, text: string, scope: Canned["scope"] = "workspace"): Canned => ({ id, shortcut, title, text, scope, uses: 3, updated_at: ago(500) });
  desk.canned = [
    canned("can_1", "hi", "问候 Greeting", "{{contact.name}}，您好！我是{{workspace.name}}的{{agent.name}}，很高兴为您服务。"),
    canned("can_2", "ship", "Shipping times", "Hello {{contact.first_name}},\n\norders leave our house within one working day; within Europe they arrive after three to five days."),
    canned("can_3", "fapiao", "开发票", "请提供发票抬头和税号，发票会在一个工作日内发送到您的邮箱。订单 {{contact.attributes.order}}"),
    canned("can_4", "bye", "Goodbye", "Thank you, {{contact.first_name}}. Your conversation number is #{{conversation.number}}.", "personal"),
  ];
  desk.teams = [{ id: "tea_1", name: "售后 After-sales", description: "退换货", member_ids: ["mem_1", "mem_3"], inbox_ids: [], created_at: ago(9_000) }, { id: "tea_2", name: "Wholesale", description: "", member_ids: ["mem_2"], inbox_ids: [], created_at: ago(9_000) }];
  [...world.conversations.keys()].forEach((id, index) => Object.assign(world.conversations.get(id)!, { number: 100 + index }));
  for (const inbox of world.inboxes) if (inbox.live) inbox.capabilities = { ...inbox.capabilities, content: ["text", "image", "audio", "file", "reply"], attachment_limit: 25 * 1024 * 1024 };
  seedViews(world, ago);
  richTalk(world, ago);
}

/** The first conversation has something of everything. */
function richTalk(world: World, ago: (minutes: number) => string): void {
  const { media } = world.desk;
  const customer = { kind: "contact" as const, id: world.conversations.get("cnv_0")!.contact.id, name: "林晓雨" };
  const lin = { kind: "agent" as const, id: "mem_1", name: "Lin Wei 林薇" };
  const zhao = { kind: "agent" as const, id: "mem_3", name: "赵敏" };
  const picture = (name: string, hue: number, width: number, height: number) => media.keep(name, hills(hue, width, height), undefined, { width, height });
  const post = (actor: typeof lin | typeof customer, kind: "text" | "note", text: string, minutes: number, more: Partial<Message> = {}) => world.post("cnv_0", actor, kind, text, `x-${minutes}`, ago(minutes), more);
  const asked = post(customer, "text", "茶罐寄到的时候有一个凹进去了，照片在这里", 29, { attachments: [picture("茶罐-1.svg", 70, 1600, 1000), picture("茶罐-2.svg", 140, 900, 1200)] });
  post(customer, "text", "", 28, { attachments: [media.keep("voice.wav", tone(), undefined, { duration_ms: 3_000 })] });
  post(lin, "note", "@赵敏 可以直接补发吗？库存还有 12 罐。", 27, { mentions: [{ member_id: "mem_3", name: "赵敏" }] });
  world.record("cnv_0", "conversation.labeled", zhao, { data: { label_ids: ["lab_1", "lab_2"], added: ["lab_1", "lab_2"], removed: [] }, row: { labels: ["lab_1", "lab_2"] }, at: ago(26) });
  world.record("cnv_0", "conversation.priority", zhao, { data: { priority: "high" }, row: { priority: "high", participants: ["mem_3"], attributes: { order: "2041", gift: true, stage: "已付款 Paid" } }, at: ago(26) });
  post(lin, "text", "非常抱歉！我们马上为您补发一罐，补发单在附件里。", 25, { reply_to: quote(world, "cnv_0", asked.message.id), attachments: [media.keep("补发单-2041.pdf", Buffer.alloc(48_213))] });
  world.record("cnv_0", "conversation.read_by_contact", customer, { data: { seq: world.conversations.get("cnv_0")!.last_seq }, row: { contact_read_seq: world.conversations.get("cnv_0")!.last_seq }, at: ago(24) });
  post(customer, "text", "太好了，谢谢你们！", 23, {});
  const named = (name: string, more: Partial<Attachment>) => ({ ...media.keep(name, Buffer.alloc(1)), preview_url: undefined, ...more });
  post(customer, "text", "", 22, {
    attachments: [
      named("茶罐-3.jpg", { kind: "image", size: 184_320, state: "fetching" }),
      named("发票.pdf", { kind: "file", size: 52_000, state: "failed", error_code: "plugin.no_answer", error: "The plugin did not answer." }),
      named("去年的订单.xlsx", { kind: "file", size: 9_120, state: "gone", error_code: "file.gone" }),
    ],
  });
  Object.assign(world.conversations.get("cnv_3")!, { rating: { score: 5, comment: "Fast and friendly!", at: ago(20) } });
  world.desk.scheduled.push({ id: "sch_1", client_msg_id: "later", conversation_id: "cnv_0", text: "补发的茶罐收到了吗？", send_at: ago(-60 * 26), unless_reply: true, created_by: lin, created_at: ago(20), state: "waiting" });
}
