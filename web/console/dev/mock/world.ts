import type { Actor, Change, ChangeType, Contact, Conversation, FeedEvent, Inbox, Invitation, Member, Message, MessageVersion, MessageKind, PresenceEntry, SavedView, FilterNode } from "@patchbay/client/types";

import { Desk } from "./desk.ts";
import { fits, viewOf } from "./lists.ts";
import { Installed } from "./extensions.ts";
import { PluginDesk } from "./plugins.ts";
import { Administration, rights } from "./settings.ts";
import { Tickets } from "./tickets.ts";

/** A server in memory: enough of the real one's behaviour to build the console against. */
export class World {
  readonly epoch = "mock";
  readonly workspace = { id: "wsp_1", name: "Cloud Ridge Tea" };
  readonly self = "mem_1";
  signedIn = true;
  locale: "en" | "zh-CN" = "en";
  setUp = true;

  members: Member[] = [];
  invitations: Invitation[] = [];
  inboxes: Inbox[] = [];
  contacts = new Map<string, Contact>();
  views: SavedView[] = [];
  conversations = new Map<string, Conversation>();
  changes = new Map<string, Change[]>();
  /** What messages said before they were edited or taken back. */
  readonly versions = new Map<string, MessageVersion[]>();
  presence = new Map<string, PresenceEntry>();
  read = new Map<string, number>();
  feed: FeedEvent[] = [];
  readonly desk = new Desk(this);
  readonly tickets = new Tickets(this);
  readonly administration = new Administration();
  readonly plugged = new PluginDesk();
  readonly installed = new Installed();
  private ids = 0;
  private readonly listeners = new Set<(frame: object) => void>();

  id(prefix: string): string {
    return `${prefix}_${String(++this.ids).padStart(6, "0")}`;
  }

  listen(listener: (frame: object) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  broadcast(frame: object): void {
    for (const listener of this.listeners) listener(frame);
  }

  /** What a member sees: the row with the reader's own mark. */
  row(conversation: Conversation): Conversation {
    return { ...conversation, unread: conversation.last_inbound_seq > (this.read.get(conversation.id) ?? 0) };
  }

  list(query: URLSearchParams): Conversation[] {
    const [view, state, inbox, contact] = ["view", "state", "inbox", "contact"].map((name) => query.get(name));
    const filter = JSON.parse(query.get("filter") ?? "{}") as FilterNode;
    return [...this.conversations.values()]
      .filter((row) => !row.merged_into)
      .filter((row) => (!state || state === "any" || row.state === state) && (!inbox || row.inbox_id === inbox) && (!contact || row.contact.id === contact))
      .filter((row) => viewOf(this, row, view ?? null) && fits(this, row, filter))
      .sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1))
      .map((row) => this.row(row));
  }

  /** Records a change, updates its conversation and tells everybody. */
  record(id: string, type: ChangeType, actor: Actor, more: { message?: Message; data?: Record<string, unknown>; row?: Partial<Conversation>; at?: string } = {}): Change {
    const row = this.conversations.get(id)!;
    const at = more.at ?? new Date().toISOString();
    const seq = row.last_seq + 1;
    const change: Change = { id: this.id("chg"), conversation_id: id, seq, type, at, actor, message: more.message, data: more.data };
    const next: Conversation = { ...row, ...more.row, last_seq: seq, updated_at: at };
    this.conversations.set(id, next);
    this.changes.get(id)!.push(change);
    this.publish({ type, at, change, conversation: next });
    return change;
  }

  publish(event: Omit<FeedEvent, "feed">): void {
    const numbered = { feed: this.feed.length + 1, ...event };
    this.feed.push(numbered);
    this.broadcast({ op: "event", ...numbered });
  }

  post(id: string, actor: Actor, kind: MessageKind, text: string, clientID: string, at = new Date().toISOString(), more: Partial<Message> = {}): { message: Message; change: Change; replayed: boolean } {
    const held = this.changes.get(id)!.find((change) => change.message?.client_msg_id === clientID && change.type !== "message.delivery" && change.type !== "message.file");
    if (held) return { message: held.message!, change: held, replayed: true };
    const row = this.conversations.get(id)!;
    const live = this.inboxes.find((inbox) => inbox.id === row.inbox_id)?.live;
    const message: Message = { id: this.id("msg"), conversation_id: id, client_msg_id: clientID, kind, sender: actor, text, created_at: at, ...more };
    if (actor.kind === "agent" && kind === "text" && !live) message.delivery = "pending";
    const inbound = actor.kind === "contact";
    const change = this.record(id, kind === "note" ? "note.created" : "message.created", actor, {
      at,
      message,
      row: {
        last_message: { text, sender_kind: actor.kind, kind, at },
        last_inbound_seq: inbound ? row.last_seq + 1 : row.last_inbound_seq,
        waiting_since: inbound ? (row.waiting_since ?? at) : kind === "text" ? undefined : row.waiting_since,
      },
    });
    return { message, change, replayed: false };
  }

  /** The changes of a conversation with their messages as they are now. */
  told(id: string): Change[] {
    const all = this.changes.get(id) ?? [];
    const newest = new Map(all.flatMap(({ message }) => (message ? [[message.id, message] as const] : [])));
    return all.map((change) => (change.message ? { ...change, message: newest.get(change.message.id)! } : change));
  }

  /** The sender puts another text in the place of a message's, or takes it back. */
  revise(message: Message, text?: string, at = new Date().toISOString()): void {
    const before = this.versions.get(message.id) ?? [];
    const { attachments } = message;
    const now: Message = { ...message, text: text ?? "", ...(text === undefined ? { recalled_at: at, attachments: undefined, reply_to: undefined } : { edited_at: at }) };
    const last = this.conversations.get(message.conversation_id)!.last_message;
    const shown = last?.at === message.created_at && { last_message: { ...last, text: now.text, recalled: text === undefined || undefined } };
    const change = this.record(message.conversation_id, text === undefined ? "message.recalled" : "message.edited", message.sender, { at, message: now, row: shown || {} });
    this.versions.set(message.id, [...before, { seq: change.seq, at, text: message.text, attachments }]);
  }

  deliver(message: Message, delivery: Message["delivery"], error?: string): void {
    this.record(message.conversation_id, "message.delivery", { kind: "system" }, { message: { ...message, delivery, delivery_error: error } });
  }

  me() {
    const self = this.members.find((member) => member.id === this.self)!;
    const permissions = rights[self.role] ?? rights["agent"]!;
    return {
      account: { id: self.account_id, email: self.email, name: self.name, locale: this.locale },
      memberships: [{ workspace: this.workspace, member_id: self.id, role: self.role, permissions, reach: "all" }],
    };
  }
}
