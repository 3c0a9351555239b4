import type { ChannelType, Conversation } from "@patchbay/client/types";
import { seedDesk } from "./desk.ts";
import { seedPlugins } from "./extensions.ts";
import { seedPrepared } from "./prepared.ts";
import { seedTickets } from "./tickets.ts";
import { World } from "./world.ts";

const MINUTE = 60_000;

const people: [string, string][] = [
  ["林晓雨", "请问龙井还有货吗？想买两罐送人，周五之前能到杭州吗"],
  ["Sofia Almeida", "Hi! My order #2041 says delivered, but nothing arrived. Could you check with the courier?"],
  ["王建国", "发票抬头填错了，可以重新开吗？税号我发给您"],
  ["Jonas Weber", "Perfect, thank you so much for the quick help 🙌"],
  ["", "你好，有人在吗"],
  ["Emma Thompson", "Is the Iron Goddess roasted this year? The last batch tasted lighter."],
  ["陈思琪", "茶饼收到了，包装很漂亮，但是有一角碎了，我拍了照片"],
  ["Priya Natarajan", "Can I change the delivery address before it ships? https://shop.example/orders/2077"],
  ["张伟", "好的，那我等您消息"],
  ["Liam O'Connor", "Do you ship to Ireland, and how much is it?"],
  ["李娜", "请问可以开增值税专用发票吗？"],
  ["Marta Kowalska", "The discount code SPRING26 is not accepted at checkout."],
];

const channels: Omit<ChannelType, "capabilities">[] = [
  {
    plugin: "patchbay/webchat",
    version: "0.1.0",
    name: { en: "Web chat", "zh-CN": "网页客服" },
    summary: { en: "A chat window for your website. Visitors talk to you without signing in.", "zh-CN": "嵌入网站的聊天窗口，访客无需登录即可咨询。" },
    live: true,
    available: true,
    config_schema: {
      type: "object",
      properties: {
        title: { type: "string", title: "Title", description: "Stands at the top of the chat window.", maxLength: 60, default: "", "x-i18n": { "zh-CN": { title: "标题", description: "显示在聊天窗口顶部。" } } },
        greeting: { type: "string", title: "Greeting", description: "What visitors read before they write.", maxLength: 300, default: "", "x-i18n": { "zh-CN": { title: "欢迎语", description: "访客开口之前看到的话。" } } },
        color: { type: "string", format: "color", title: "Colour", description: "Of the launcher.", default: "#2563eb", "x-i18n": { "zh-CN": { title: "主题色", description: "用于浮动按钮。" } } },
        position: { type: "string", title: "Launcher", enum: ["right", "left"], default: "right", "x-i18n": { "zh-CN": { title: "按钮位置", enum: ["右下角", "左下角"] }, en: { enum: ["Bottom right", "Bottom left"] } } },
        allowed_origins: { type: "array", title: "Allowed websites", description: "Empty allows any.", items: { type: "string" }, default: [], "x-i18n": { "zh-CN": { title: "允许的网站", description: "留空表示不限制。" } } },
      },
    },
  },
  {
    plugin: "patchbay/echo",
    version: "0.1.0",
    name: { en: "Echo", "zh-CN": "回声" },
    summary: { en: "The smallest channel: says back what it hears.", "zh-CN": "最小的渠道：原样返回收到的内容。" },
    live: false,
    available: true,
    config_schema: {
      type: "object",
      required: ["far_side"],
      properties: {
        far_side: { type: "string", format: "uri", title: "Far side", description: "Where answers are sent.", "x-i18n": { "zh-CN": { title: "对端地址", description: "回复发往的地址。" } } },
        delay: { type: "integer", title: "Delay", description: "Seconds.", minimum: 0, maximum: 60, default: 0, "x-i18n": { "zh-CN": { title: "延迟", description: "秒。" } } },
        loud: { type: "boolean", title: "Loud", description: "Answers in capitals.", default: false, "x-i18n": { "zh-CN": { title: "大声", description: "用大写回复。" } } },
      },
    },
  },
];

export const channelTypes: ChannelType[] = channels.map((channel) => ({ ...channel, capabilities: { can: [], content: ["text"], text_limit: 4000 } }));

/** A tea shop on a working morning. `rows` more conversations, to see a long list. */
export function seed(rows = 0): World {
  const world = new World();
  const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();

  const team: [string, string, "owner" | "agent" | "supervisor"][] = [["mem_1", "Lin Wei 林薇", "owner"], ["mem_2", "Marco Rossi", "agent"], ["mem_3", "赵敏", "supervisor"], ["mem_4", "Ada Okafor", "agent"]];
  for (const [id, name, role] of team) {
    world.members.push({ id, account_id: id.replace("mem", "acc"), email: `${id}@tea.example`, name, role, capacity: 5, limits: { chat: 0, message: 0, mail: 0, ticket: 0 }, suspended: id === "mem_4", created_at: ago(90_000) });
    world.presence.set(id, { member_id: id, status: id === "mem_2" ? "away" : id === "mem_4" ? "offline" : "available", open: 2, capacity: 5 });
  }
  world.invitations.push({ id: "inv_1", email: "yuki@tea.example", role: "agent", invited_by: "mem_1", state: "pending", created_at: ago(60), expires_at: ago(-10_000) });
  const text = { can: [], content: ["text"], text_limit: 4000 };
  world.inboxes.push(
    { id: "inb_1", name: "Shop 商店", plugin: "patchbay/webchat", enabled: true, live: true, config: { title: "Cloud Ridge Tea", color: "#0b6e64", position: "right" }, config_revision: 3, capabilities: text, created_at: ago(9000), status: { state: "ok" }, condition: { state: "ok" }, embed_snippet: '<script async src="http://localhost:8080/w/inb_1/loader.js"></script>' },
    { id: "inb_2", name: "Echo", plugin: "patchbay/echo", enabled: true, live: false, config: { far_side: "http://localhost:9000/", delay: 0, loud: false }, config_revision: 1, capabilities: { ...text, text_limit: 200 }, created_at: ago(900), status: { state: "degraded", code: "rate_limited", detail: "The far side asked to slow down." }, condition: { state: "degraded", code: "rate_limited", detail: "The far side asked to slow down.", since: ago(30), good_at: ago(30) } },
  );
  people.forEach(([name, message], index) => converse(world, index, name, message, ago));
  for (let index = 0; index < rows; index++) converse(world, index + people.length, `${people[index % people.length]![0] || "Visitor"} ${index}`, people[index % people.length]![1], ago);
  seedDesk(world, ago);
  seedTickets(world, ago);
  seedPrepared(world, ago);
  seedPlugins(world);
  world.feed = [];
  return world;
}

function converse(world: World, index: number, name: string, text: string, ago: (minutes: number) => string): void {
  const contact = world.id("con");
  const id = `cnv_${index}`;
  const start = 4 + index * (index < 8 ? 7 : 90);
  const customer = { kind: "contact" as const, id: contact, name: name || undefined };
  const agent = { kind: "agent" as const, id: "mem_1", name: "Lin Wei 林薇" };
  const inbox = index % 5 === 2 ? "inb_2" : "inb_1";
  world.contacts.set(contact, {
    id: contact, name, email: index % 2 ? `${name.split(" ")[0]!.toLowerCase()}@mail.example` : "", phone: index % 3 ? "" : "+86 138 0000 1234", note: index === 0 ? "老客户，喜欢明前龙井。" : "",
    verified: false, attributes: {}, identities: [{ inbox_id: inbox, plugin: inbox === "inb_2" ? "patchbay/echo" : "patchbay/webchat", external_id: `vis_01JD8Q${index}K4S7`, kind: inbox === "inb_2" ? "account" : "visitor", verified: false }], created_at: ago(start + 3000), updated_at: ago(start),
  });
  const base: Conversation = { id, inbox_id: inbox, contact: { id: contact, name }, state: "open", last_seq: 0, last_public_seq: 0, last_inbound_seq: 0, contact_read_seq: 0, created_at: ago(start + 30), updated_at: ago(start), number: index + 1, queue_id: index % 2 ? "que_1" : "que_2", labels: [], attributes: {}, participants: [] };
  world.conversations.set(id, base);
  world.changes.set(id, []);
  world.record(id, "conversation.created", customer, { at: ago(start + 30) });
  if (index === 0) longTalk(world, id, customer, ago);
  world.post(id, customer, "text", text, `c-${index}`, ago(start + 20));
  world.record(id, "conversation.queued", { kind: "system" }, { data: { reason: "new" }, at: ago(start + 19), row: { responder: "queue" } });
  if (index % 3 !== 1) world.record(id, "conversation.assigned", { kind: "system" }, { data: { assignee_id: "mem_1", assignee_name: agent.name, by: "dispatch" }, at: ago(start + 18), row: { responder: "agent", assignee_id: "mem_1", assignee_name: agent.name } });
  if ((index % 4 === 0 && index > 0) || index === 2) {
    const { message } = world.post(id, agent, "text", "您好，请稍等，我马上为您查询。\nOne moment, please.", `a-${index}`, ago(start + 10));
    if (index === 4) world.post(id, agent, "note", "Checked with the warehouse: 库存充足，明天可以发货。", `n-${index}`, ago(start + 9));
    if (inbox === "inb_2") world.deliver(message, "failed", "the far side refuses the token");
    world.post(id, customer, "text", text, `d-${index}`, ago(start));
  }
  if (index === 4) {
    const [slip, secret] = [world.post(id, customer, "text", "地址：云岭路 12 号", `e-${index}`, ago(start)), world.post(id, customer, "text", "我的银行卡号是 6222…", `f-${index}`, ago(start))];
    world.revise(slip.message, "地址：云岭路 21 号，三楼", ago(start));
    world.revise(secret.message, undefined, ago(start));
  }
  if (index === 2) world.record(id, "conversation.event", customer, { data: { text: "Scanned a code 扫描了二维码: table 5", trigger: "scanned" }, at: ago(start) });
  if (index === 3) world.record(id, "conversation.resolved", agent, { row: { state: "resolved", waiting_since: undefined }, at: ago(start) });
  if (index === 8) world.record(id, "conversation.snoozed", agent, { data: { until: ago(-600) }, row: { state: "snoozed", snoozed_until: ago(-600) }, at: ago(start) });
  if (index % 3 === 0 && index > 0) world.read.set(id, world.conversations.get(id)!.last_seq);
}

function longTalk(world: World, id: string, customer: { kind: "contact"; id: string; name?: string }, ago: (minutes: number) => string): void {
  const agent = { kind: "agent" as const, id: "mem_1", name: "Lin Wei 林薇" };
  const other = { kind: "agent" as const, id: "mem_3", name: "赵敏" };
  const day = 60 * 24;
  for (let i = 0; i < 70; i++) world.post(id, i % 3 ? customer : agent, "text", i % 3 ? `想了解一下第 ${i} 款茶的产地和年份` : `这款来自云岭 ${1200 + i * 10} 米的茶园，今年三月采摘。`, `l-${i}`, ago(day * 2 + 700 - i * 9));
  world.post(id, customer, "text", "你好！去年买的明前龙井特别好喝，今年的新茶上市了吗？", "k-1", ago(day + 40));
  world.post(id, agent, "text", "您好林女士，今年的明前龙井 3 月 28 日上市，已经开放预订了。\n预订链接：https://shop.example/teas/dragon-well", "k-2", ago(day + 36));
  world.post(id, other, "note", "这位是三年老客户，可以给 9 折。", "k-3", ago(day + 35));
  world.post(id, agent, "text", "作为老客户，可以为您申请九折优惠 🍵", "k-4", ago(day + 33));
  world.record(id, "conversation.resolved", agent, { at: ago(day + 20) });
  world.record(id, "conversation.reopened", customer, { at: ago(30), data: { by: "contact" } });
}
