import type { Conversation, FilterNode, SavedView, SearchHit } from "@patchbay/client/types";
import { absent, agent, refused, type Route } from "./answers.ts";
import type { World } from "./world.ts";

/** Enough of the filters for what the mock is asked. */
export function fits(world: World, row: Conversation, node: FilterNode | undefined): boolean {
  if (!node || Object.keys(node).length === 0) return true;
  if ("and" in node) return node.and.every((one) => fits(world, row, one));
  if ("or" in node) return node.or.some((one) => fits(world, row, one));
  if ("not" in node) return !fits(world, row, node.not);
  const value = (row as unknown as Record<string, unknown>)[({ assignee: "assignee_id", label: "labels", inbox: "inbox_id", team: "team_id", queue: "queue_id" } as Record<string, string>)[node.field] ?? node.field];
  const wanted = [node.value].flat().map((one) => (one === "me" ? world.self : one));
  const held = [value].flat();
  if (node.op === "is_set") return value !== undefined && value !== "";
  if (node.op === "is_not_set") return value === undefined || value === "";
  if (["is_not", "not_in", "has_not"].includes(node.op)) return !held.some((one) => wanted.includes(one));
  return ["is", "in", "has", "has_any"].includes(node.op) ? held.some((one) => wanted.includes(one)) : true;
}

/** Refuses conditions whose value is missing, as the server does. */
function wrong(node: FilterNode, at = ""): string | undefined {
  if ("and" in node) return node.and.map((one, index) => wrong(one, `${at}/and/${index}`)).find(Boolean);
  if ("or" in node) return node.or.map((one, index) => wrong(one, `${at}/or/${index}`)).find(Boolean);
  if ("not" in node) return wrong(node.not, `${at}/not`);
  return node.op.startsWith("is_") && node.op.endsWith("set") ? undefined : node.value === "" || (Array.isArray(node.value) && node.value.length === 0) ? `${at}/value` : undefined;
}

export function viewOf(world: World, row: Conversation, view: string | null): boolean {
  if (view === "mine") return row.assignee_id === world.self;
  if (view === "unassigned") return !row.assignee_id;
  if (view === "participating") return (row.participants ?? []).includes(world.self);
  if (view === "mentions" || view === "team") return row.number !== undefined && row.number % 4 === 0;
  return !view?.startsWith("vie_") || fits(world, row, world.views.find((one) => one.id === view)?.filter);
}

const refuse = (pointer: string) => refused(422, "filter.value", [{ pointer, code: "filter.value", detail: "is not one of the field's values" }]);

function parts(text: string, q: string): { text: string; hit: boolean }[] {
  const at = text.toLowerCase().indexOf(q.toLowerCase());
  if (at < 0) return [{ text, hit: false }];
  return [{ text: text.slice(0, at), hit: false }, { text: text.slice(at, at + q.length), hit: true }, { text: text.slice(at + q.length), hit: false }].filter((part) => part.text);
}

function search(world: World, q: string): SearchHit[] {
  const has = (text: string | undefined) => text?.toLowerCase().includes(q.toLowerCase());
  const rows = [...world.conversations.values()];
  const score = 1;
  const contacts = [...world.contacts.values()].filter((one) => has(one.name) || has(one.email)).map((one): SearchHit => ({ type: "contact", contact: { id: one.id, name: one.name, email: one.email, phone: one.phone }, highlights: [{ field: "name", parts: parts(one.name, q) }], score }));
  const conversations = rows.filter((row) => has(row.contact.name) || q === String(row.number)).map((row): SearchHit => ({ type: "conversation", conversation: world.row(row), highlights: [{ field: "contact.name", parts: parts(row.contact.name ?? "", q) }], score }));
  const messages = rows.flatMap((row) => (world.changes.get(row.id) ?? []).flatMap((change): SearchHit[] => {
    const message = change.message;
    if (!message || !["message.created", "note.created"].includes(change.type) || !has(message.text)) return [];
    return [{ type: "message", conversation: world.row(row), message: { id: message.id, conversation_id: row.id, seq: change.seq, kind: message.kind, at: change.at, sender: message.sender }, highlights: [{ field: "text", parts: parts(message.text, q) }], score }];
  }));
  return [...conversations, ...contacts, ...messages];
}

/** Paths below /workspaces/{workspace}. */
export const listRoutes: Record<string, Route> = {
  "GET views": (world) => [200, { items: world.views }],
  "POST views": (world, _p, _q, body) => {
    const at = wrong(body["filter"] as FilterNode);
    if (at) return refuse(at);
    if (!body["name"]) return refused(422, "view.invalid", [{ pointer: "/name", code: "required", detail: "is empty" }]);
    const view = { scope: "personal", sort: "updated_desc", position: world.views.length, created_by: world.self, updated_at: new Date().toISOString(), ...body, id: world.id("vie") } as unknown as SavedView;
    world.views.push(view);
    world.publish({ type: "view.changed", at: view.updated_at, data: { id: view.id } });
    return [201, view];
  },
  "PATCH views/:v": (world, [id], _q, body) => {
    const view = world.views.find((one) => one.id === id);
    if (!view) return absent;
    Object.assign(view, body);
    world.publish({ type: "view.changed", at: new Date().toISOString(), data: { id } });
    return [200, view];
  },
  "DELETE views/:v": (world, [id]) => {
    world.views = world.views.filter((one) => one.id !== id);
    return [204];
  },
  "GET conversations/counts": (world, _p, query) => [200, { counts: Object.fromEntries((query.get("views") ?? "").split(",").map((view) => [view, [...world.conversations.values()].filter((row) => !row.merged_into && (view.startsWith("vie_") || row.state === "open") && viewOf(world, row, view)).length])) }],
  "POST conversations/query": (world, _p, _q, body) => {
    const at = wrong(body["filter"] as FilterNode);
    return at ? refuse(at) : [200, { items: [...world.conversations.values()].filter((row) => fits(world, row, body["filter"] as FilterNode)).slice(0, 1).map((row) => world.row(row)) }];
  },
  "POST conversations/check": (world, _p, _q, body) => [200, { ids: (body["ids"] as string[]).filter((id) => {
    const row = world.conversations.get(id);
    return row && viewOf(world, row, String(body["view"] ?? "all"));
  }) }],
  "POST conversations/bulk": (world, _p, _q, body) => {
    const items = (body["ids"] as string[]).map((id) => {
      const row = world.conversations.get(id);
      if (!row || id === "cnv_1") return { id, ok: false, code: "conversation.resolved", detail: "The conversation is resolved." };
      if (body["action"] === "resolve") world.record(id, "conversation.resolved", agent(world), { row: { state: "resolved" } });
      if (body["action"] === "label") world.record(id, "conversation.labeled", agent(world), { data: {}, row: { labels: [...(row.labels ?? []), ...(body["label_ids"] as string[])] } });
      if (body["action"] === "assign") world.record(id, "conversation.team", agent(world), { data: { queue_id: body["queue_id"], from_queue_id: row.queue_id ?? "" }, row: { queue_id: (body["queue_id"] as string | undefined) ?? row.queue_id } });
      if (body["action"] === "read") world.read.set(id, row.last_seq);
      return { id, ok: true };
    });
    return [200, { items }];
  },
  "GET search": (world, _p, query) => {
    const q = query.get("q") ?? "";
    if (q === "error") return refused(500, "internal");
    const filter = query.get("filter");
    const kind = { conversations: "conversation", messages: "message", contacts: "contact" }[query.get("type") ?? ""];
    const items = search(world, q).filter((hit) => (!kind || hit.type === kind) && (!filter || (hit.conversation && fits(world, hit.conversation, JSON.parse(filter) as FilterNode))));
    return [200, { items, indexed_through: world.feed.length - 1, behind: q.length > 2 }];
  },
};

export function seedViews(world: World, ago: (minutes: number) => string): void {
  const view = (id: string, name: string, scope: SavedView["scope"], filter: FilterNode, more: Partial<SavedView> = {}): SavedView => ({ id, name, scope, filter, sort: "updated_desc", position: 0, created_by: world.self, updated_at: ago(900), ...more });
  world.views = [
    view("vie_1", "退换货 Returns", "personal", { and: [{ field: "label", op: "has", value: "lab_1" }, { or: [{ field: "priority", op: "in", value: ["high", "urgent"] }, { field: "waiting_since", op: "lt", value: { ago: "2h" } }] }] }),
    view("vie_2", "Wholesale, waiting", "team", { field: "team", op: "is", value: "tea_2" }, { team_id: "tea_2", sort: "waiting_asc" }),
    view("vie_3", "All unread", "workspace", { field: "unread", op: "is", value: true }),
  ];
}
