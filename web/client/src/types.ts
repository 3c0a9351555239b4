/** The objects of the API as they travel. Times are RFC 3339 UTC, absent optional values are omitted. */

export type Role = "owner" | "administrator" | "supervisor" | "agent";
export type ConversationState = "open" | "snoozed" | "resolved";
export type PresenceStatus = "available" | "away" | "offline";
export type DeliveryState = "" | "pending" | "sent" | "failed" | "unknown";
export type MessageKind = "text" | "note";

export interface Account {
  id: string;
  email: string;
  name: string;
  locale: string;
}

export interface Membership {
  workspace: { id: string; name: string };
  member_id: string;
  role: Role;
  permissions: string[];
}

export interface Me {
  account: Account;
  memberships: Membership[];
}

export interface Workspace {
  id: string;
  name: string;
  locale: string;
  created_at: string;
}

export interface Member {
  id: string;
  account_id: string;
  email: string;
  name: string;
  role: Role;
  capacity: number;
  suspended: boolean;
  created_at: string;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  invited_by: string;
  expires_at: string;
  created_at: string;
  state: "pending" | "accepted" | "revoked" | "expired";
  /** Only in the answer to the creation: it is shown once. */
  link?: string;
}

export interface Capabilities {
  content: string[];
  /** Characters (Unicode code points) a text may have. */
  text_limit: number;
}

export interface InboxStatus {
  state: "ok" | "degraded" | "down" | "unknown";
  code?: string;
  detail?: string;
}

export interface Inbox {
  id: string;
  name: string;
  plugin: string;
  enabled: boolean;
  live: boolean;
  config: Record<string, unknown>;
  config_revision: number;
  capabilities: Capabilities;
  created_at: string;
  status: InboxStatus;
  embed_snippet?: string;
  /** Only in the answer to create and rotate-hook: it is shown once. */
  hook_url?: string;
}

/** A text in the languages its author wrote; `en` is always there. */
export type Localized = Record<string, string>;

export interface ChannelType {
  plugin: string;
  name: Localized;
  summary: Localized;
  version: string;
  live: boolean;
  capabilities: Capabilities;
  config_schema: Record<string, unknown>;
  available: boolean;
}

export interface Plugin {
  id: string;
  name: Localized;
  version: string;
  kinds: string[];
  state: "starting" | "ready" | "backoff" | "quarantined" | "stopped" | "failed";
  detail?: string;
  since: string;
  pid?: number;
  restarts: number;
  next_retry_at?: string;
  isolation?: string;
  permissions: { scope: string; reason: string }[];
}

export interface PluginLogLine {
  at: string;
  level: string;
  text: string;
}

export interface Contact {
  id: string;
  name?: string;
  email?: string;
  phone?: string;
  note?: string;
  attributes?: Record<string, unknown>;
  identities: { inbox_id: string; external_id: string }[];
  created_at: string;
  updated_at: string;
}

export interface LastMessage {
  text: string;
  sender_kind: "contact" | "agent" | "system";
  kind: MessageKind;
  at: string;
}

export interface Conversation {
  id: string;
  inbox_id: string;
  contact: { id: string; name: string };
  state: ConversationState;
  responder: "queue" | "agent";
  assignee_id?: string;
  snoozed_until?: string;
  waiting_since?: string;
  last_seq: number;
  last_public_seq: number;
  last_inbound_seq: number;
  last_message?: LastMessage;
  created_at: string;
  updated_at: string;
  /** Whether the asking member has inbound messages unread; absent in feed events. */
  unread?: boolean;
}

export interface Message {
  id: string;
  conversation_id: string;
  client_msg_id?: string;
  kind: MessageKind;
  sender: { kind: "contact" | "agent" | "system"; id?: string; name?: string };
  text: string;
  created_at: string;
  delivery: DeliveryState;
  delivery_error?: string;
}

export type ChangeType =
  | "message.created"
  | "note.created"
  | "message.delivery"
  | "conversation.created"
  | "conversation.assigned"
  | "conversation.queued"
  | "conversation.resolved"
  | "conversation.reopened"
  | "conversation.snoozed"
  | "conversation.unsnoozed";

export interface Actor {
  kind: "contact" | "agent" | "system" | "plugin";
  id?: string;
  name?: string;
}

/** One row of a conversation's history: the unit of timeline, feed and resume. */
export interface Change {
  id: string;
  conversation_id: string;
  seq: number;
  type: ChangeType;
  at: string;
  actor: Actor;
  message?: Message;
  data?: Record<string, unknown>;
}

/** One event of a workspace's feed. `feed` is gapless per workspace. */
export interface FeedEvent {
  feed: number;
  type: string;
  at: string;
  change?: Change;
  /** The conversation after the change, without `unread`. */
  conversation?: Conversation;
  data?: Record<string, unknown>;
}

export interface PresenceEntry {
  member_id: string;
  status: PresenceStatus;
  open: number;
  capacity: number;
}

/** What a visitor may see of a conversation. `seq` is gapless for the visitor. */
export interface PublicChange {
  seq: number;
  type: "message" | "agent_joined" | "resolved" | "reopened";
  at: string;
  message?: PublicMessage;
  name?: string;
}

export interface PublicMessage {
  id: string;
  /** Only on the visitor's own messages. */
  client_msg_id?: string;
  sender: { kind: "visitor" | "agent" | "system"; name?: string };
  text: string;
}

export interface WidgetSettings {
  title?: string;
  greeting?: string;
  color?: string;
  [key: string]: unknown;
}

export interface VisitorSession {
  token: string;
  session_id: string;
  expires_at: string;
  resumed: boolean;
  settings: WidgetSettings;
}

export interface ListPage<T> {
  items: T[];
  next_cursor?: string;
}
