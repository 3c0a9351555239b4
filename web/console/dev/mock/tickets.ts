import type { Ticket, TicketChange, TicketComment, TicketLinkKind, TicketStatus, TicketType } from "@patchbay/client/types";
import { absent, agent, refused, type Answer, type Body, type Route } from "./answers.ts";
import type { World } from "./world.ts";

const statuses = ["new", "open", "pending", "solved", "closed"] as const;
const weight = { low: 0, normal: 1, high: 2, urgent: 3 };
const mirror: Record<TicketLinkKind, TicketLinkKind> = { relates: "relates", blocks: "blocked_by", blocked_by: "blocks", duplicates: "duplicated_by", duplicated_by: "duplicates", parent: "child", child: "parent" };

/** The tickets of a workspace with their histories. Filters are not read: a list shows everything of its view. */
export class Tickets {
  types: TicketType[] = [];
  readonly rows = new Map<string, Ticket>();
  readonly changes = new Map<string, TicketChange[]>();

  constructor(private readonly world: World) {}

  make(body: Partial<Ticket>, at = new Date().toISOString()): Ticket {
    const id = `tkt_${this.rows.size + 1}`;
    const contact = this.world.contacts.get(body.contact_id ?? "");
    const ticket: Ticket = {
      id, number: this.rows.size + 1, type_id: this.types[0]!.id, title: "", description: "", status: "new", priority: "normal", contact_name: contact?.name ?? "", follower_ids: [], fields: {}, links: [], labels: [],
      created_by: agent(this.world), created_at: at, updated_at: at, last_seq: 0, comments: 0, ...body,
    };
    this.rows.set(id, ticket);
    this.changes.set(id, []);
    this.record(ticket, "ticket.created", { public: true }, at);
    return ticket;
  }

  /** Records a change of a ticket, which has been made, and tells everybody. */
  record(ticket: Ticket, type: TicketChange["type"], more: { data?: Body; comment?: TicketComment; public?: boolean } = {}, at = new Date().toISOString()): TicketChange {
    ticket.last_seq++;
    ticket.updated_at = at;
    const change: TicketChange = { id: this.world.id("chg"), ticket_id: ticket.id, seq: ticket.last_seq, type, at, actor: agent(this.world), public: more.public ?? false, data: more.data, comment: more.comment };
    this.changes.get(ticket.id)!.push(change);
    this.world.publish({ type, at, ticket: structuredClone(ticket), ticket_change: change });
    return change;
  }

  status(ticket: Ticket, status: TicketStatus): void {
    const from = ticket.status;
    if (from === status) return;
    Object.assign(ticket, { status, solved_at: status === "solved" ? new Date().toISOString() : ticket.solved_at });
    this.record(ticket, "ticket.status", { data: { status, from }, public: true });
  }

  comment(ticket: Ticket, body: Body, at?: string): TicketChange {
    const open = Boolean(body["public"]);
    const comment: TicketComment = { id: this.world.id("tcm"), ticket_id: ticket.id, client_id: String(body["client_id"]), public: open, author: agent(this.world), text: String(body["text"]), created_at: at ?? new Date().toISOString() };
    ticket.comments++;
    return this.record(ticket, "ticket.commented", { comment, public: open }, at);
  }

  assign(ticket: Ticket, body: Body): void {
    const member = this.world.members.find((one) => one.id === body["assignee_id"]);
    const from = { from_id: ticket.assignee_id, from_team_id: ticket.team_id };
    if (body["assignee_id"] !== undefined) Object.assign(ticket, { assignee_id: member?.id, assignee_name: member?.name });
    if (body["team_id"] !== undefined) ticket.team_id = (body["team_id"] as string) || undefined;
    if (ticket.status === "new" && member) ticket.status = "open";
    this.record(ticket, "ticket.assigned", { data: { assignee_id: ticket.assignee_id, assignee_name: ticket.assignee_name, team_id: ticket.team_id, ...from } });
    if (body["note"]) this.comment(ticket, { client_id: this.world.id("c"), text: body["note"], public: false });
  }

  link(ticket: Ticket, other: Ticket, kind: TicketLinkKind): void {
    const id = this.world.id("tlk");
    for (const [from, to, how] of [[ticket, other, kind], [other, ticket, mirror[kind]]] as const) {
      const link = { id, kind: how, ticket_id: to.id, number: to.number, title: to.title, status: to.status };
      from.links.push(link);
      this.record(from, "ticket.linked", { data: link });
    }
  }

  found(query: URLSearchParams): Ticket[] {
    const text = (query.get("q") ?? "").toLowerCase().replace(/^(t-|#)/, "");
    const filter = query.get("filter") ?? "";
    const named = statuses.filter((status) => filter.includes(`"${status}"`));
    const by: Record<string, (a: Ticket, b: Ticket) => number> = {
      created: (a, b) => b.number - a.number,
      due: (a, b) => (a.due_at ?? "9").localeCompare(b.due_at ?? "9"),
      priority: (a, b) => weight[b.priority] - weight[a.priority],
      updated: (a, b) => b.updated_at.localeCompare(a.updated_at),
    };
    return [...this.rows.values()]
      .filter((row) => !row.merged_into && (!text || row.title.toLowerCase().includes(text) || String(row.number) === text))
      .filter((row) => named.length === 0 || named.includes(row.status))
      .filter((row) => !filter.includes('"me"') || row.assignee_id === this.world.self)
      .sort(by[query.get("sort") ?? "updated"]);
  }
}

const titles = ["水壶不加热 The kettle does not heat", "Where is my parcel?", "Paid twice for order 2041, please give one back as soon as you can", "茶饼受潮了，想退货", "Invoice with a tax number", "更换收货地址", "Lid cracked on arrival", "Subscription: skip December"];

export function seedTickets(world: World, ago: (minutes: number) => string): void {
  const { tickets } = world;
  tickets.types.push(
    { id: "tty_1", name: "General", description: "", fields: [], default: true, archived: false, created_at: ago(9000) },
    { id: "tty_2", name: "Return 退货", description: "Goods that come back", default: false, archived: false, created_at: ago(8000), fields: [{ key: "order", name: "Order number 订单号", type: "text", required: true, public: true }, { key: "reason", name: "Reason 原因", type: "list", options: ["Broken", "Wrong size"] }] },
  );
  const contacts = [...world.contacts.keys()];
  titles.forEach((title, index) => {
    const member = index % 3 === 1 ? undefined : world.members[index % 2]!;
    tickets.make({
      title, status: statuses[index % 5]!, priority: (["normal", "high", "low", "urgent"] as const)[index % 4]!, contact_id: contacts[index], conversation_id: index < 2 ? `cnv_${index}` : undefined, inbox_id: "inb_1",
      description: index ? "" : "It came on Tuesday and stays cold.\nhttps://shop.example/orders/2041", assignee_id: member?.id, assignee_name: member?.name, labels: index % 2 ? [] : world.desk.labels.slice(0, 1).map((label) => label.id),
      type_id: index % 4 ? "tty_1" : "tty_2", fields: index % 4 ? {} : { order: "2041" }, due_at: index % 3 ? undefined : ago(index === 0 ? 300 : -900),
    }, ago(900 - index * 60));
  });
  const [first, second] = tickets.rows.values();
  tickets.comment(first!, { client_id: "t-1", text: "We send you a new kettle today.", public: true }, ago(60));
  tickets.comment(first!, { client_id: "t-2", text: "第三台了，请通知仓库检查这一批。", public: false }, ago(50));
  tickets.link(first!, second!, "blocked_by");
}

/** A change of one ticket that answers the ticket after it. */
function of(change: (world: World, ticket: Ticket, body: Body, parts: string[]) => Answer | void): Route {
  return (world, parts, _q, body) => {
    const ticket = world.tickets.rows.get(parts[0]!);
    if (!ticket) return absent;
    return change(world, ticket, body, parts) ?? [200, structuredClone(ticket)];
  };
}

const follow = (on: boolean): Route => of((world, ticket, _b, [, who]) => {
  const member = who === "me" || !who ? world.self : who;
  ticket.follower_ids = on ? [...new Set([...ticket.follower_ids, member])] : ticket.follower_ids.filter((one) => one !== member);
  world.tickets.record(ticket, "ticket.followers", { data: { member_ids: ticket.follower_ids, added: on ? [member] : [], removed: on ? [] : [member] } });
});

function counts(world: World, query: URLSearchParams): Record<TicketStatus, number> {
  const found = world.tickets.found(query);
  return Object.fromEntries(statuses.map((status) => [status, found.filter((row) => row.status === status).length])) as Record<TicketStatus, number>;
}

/** Paths below /workspaces/{workspace}. */
export const ticketRoutes: Record<string, Route> = {
  "GET tickets": (world, _p, query) => [200, { items: world.tickets.found(query) }],
  "GET tickets/counts": (world, _p, query) => [200, { by_status: counts(world, query), overdue: world.tickets.found(query).filter((row) => row.due_at && Date.parse(row.due_at) < Date.now() && !row.solved_at).length }],
  "GET tickets/board": (world, _p, query) => [200, { columns: statuses.map((status) => ({ status, count: counts(world, query)[status], items: world.tickets.found(query).filter((row) => row.status === status) })) }],
  "POST tickets": (world, _p, _q, body) => (String(body["title"] ?? "").trim() ? [201, world.tickets.make(body as Partial<Ticket>)] : refused(422, "request.invalid", [{ pointer: "/title", code: "required", detail: "" }])),
  "POST tickets/bulk": (world, _p, _q, body) => [200, {
    items: (body["ids"] as string[]).map((id) => {
      const ticket = world.tickets.rows.get(id)!;
      if (ticket.status === "closed") return { id, ok: false, code: "ticket.closed", detail: "Closed." };
      if (body["action"] === "status") world.tickets.status(ticket, body["status"] as TicketStatus);
      else if (body["action"] === "assign") world.tickets.assign(ticket, body);
      else if (body["action"] === "priority") world.tickets.record(Object.assign(ticket, { priority: body["priority"] }), "ticket.edited", { data: { changes: [{ field: "priority", to: body["priority"] }] } });
      return { id, ok: true };
    }),
  }],
  "GET tickets/:t": of(() => undefined),
  "PATCH tickets/:t": of((world, ticket, body) => {
    const { status, fields, ...rest } = body;
    const changes = Object.entries(rest).map(([field, to]) => ({ field, from: ticket[field as keyof Ticket], to }));
    Object.assign(ticket, rest, { fields: { ...ticket.fields, ...(fields as object) } });
    if (changes.length > 0) world.tickets.record(ticket, "ticket.edited", { data: { changes } });
    if (status) world.tickets.status(ticket, status as TicketStatus);
  }),
  "GET tickets/:t/changes": (world, [id]) => {
    const items = world.tickets.changes.get(id!);
    return items ? [200, { items, last_seq: items.length, has_more: false }] : absent;
  },
  "POST tickets/:t/comments": of((world, ticket, body) => {
    const change = world.tickets.comment(ticket, body);
    if (body["status"]) world.tickets.status(ticket, body["status"] as TicketStatus);
    return [201, { change, ticket }];
  }),
  "POST tickets/:t/assign": of((world, ticket, body) => world.tickets.assign(ticket, body)),
  "PUT tickets/:t/followers/:m": follow(true),
  "DELETE tickets/:t/followers/:m": follow(false),
  "PUT tickets/:t/labels": of((world, ticket, body) => {
    ticket.labels = body["label_ids"] as string[];
    world.tickets.record(ticket, "ticket.labeled", { data: { label_ids: ticket.labels } });
  }),
  "POST tickets/:t/links": of((world, ticket, body) => {
    const other = world.tickets.rows.get(String(body["ticket_id"]));
    if (!other) return absent;
    world.tickets.link(ticket, other, body["kind"] as TicketLinkKind);
  }),
  "DELETE tickets/:t/links/:l": of((world, ticket, _b, [, link]) => {
    for (const one of world.tickets.rows.values()) {
      const gone = one.links.find((held) => held.id === link);
      one.links = one.links.filter((held) => held.id !== link);
      if (gone) world.tickets.record(one, "ticket.unlinked", { data: gone });
    }
    return [200, ticket];
  }),
  "POST tickets/:t/merge": of((world, ticket, body) => {
    const target = world.tickets.rows.get(String(body["into"]))!;
    Object.assign(ticket, { merged_into: target.id, status: "closed" });
    world.tickets.record(ticket, "ticket.merged", { data: { into: target.id, number: target.number } });
    world.tickets.record(target, "ticket.absorbed", { data: { from_id: ticket.id, number: ticket.number, title: ticket.title } });
  }),
  "POST tickets/:t/link": of((_w, ticket) => [201, { url: `http://localhost:8080/t/${ticket.id}.demo`, expires_at: new Date(Date.now() + 180 * 86_400_000).toISOString() }]),
  "DELETE tickets/:t/link": of(() => [204]),
  "GET ticket-types": (world) => [200, { items: world.tickets.types }],
  "GET conversations/:c/tickets": (world, [id]) => [200, { items: [...world.tickets.rows.values()].filter((row) => row.conversation_id === id) }],
  "GET contacts/:c/tickets": (world, [id]) => [200, { items: [...world.tickets.rows.values()].filter((row) => row.contact_id === id) }],
  "GET conversations/:c/ticket-draft": (world, [id]) => {
    const row = world.conversations.get(id!);
    return row ? [200, { title: row.last_message?.text ?? "", description: row.last_message?.text ?? "", contact_id: row.contact.id, contact_name: row.contact.name, inbox_id: row.inbox_id, conversation_id: id, priority: "normal" }] : absent;
  },
};
