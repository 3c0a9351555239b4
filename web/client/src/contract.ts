import type { components } from "./api/schema";

/**
 * Shapes of the API whose routes are younger than the generated schema. Each moves to `types.ts` as
 * the schema knows it.
 */
type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** A file of a message. `url` and `preview_url` carry their own right to be read, and expire. */
export type Attachment = Schema<"Attachment">;
/** A message that another one answers, as it was when it was quoted. */
export type Quote = Schema<"Quote">;
/** A colleague named in a note. */
export type Mention = Schema<"Mention">;
export type Team = Schema<"TeamBody">;
/** One thing that a member is told. */
export type AppNotification = Schema<"Notification">;
export type NotificationKind = AppNotification["kind"];
/** How a member wants to be told of each kind. */
export type NotificationPreferences = Schema<"PreferencesBody">;

export type Priority = NonNullable<Schema<"Conversation">["priority"]>;

/** One step on the way of a message to the customer. */
export interface DeliveryStep {
  at: string;
  state: "queued" | "attempt" | "sent" | "delivered" | "read" | "failed" | "unknown";
  attempt?: number;
  code?: string;
  detail?: string;
  plugin?: string;
  provider_id?: string;
}

/** What a member is writing in a conversation, kept by the server. */
export interface ServerDraft {
  text: string;
  kind: "text" | "note";
  reply_to?: Quote;
  attachments?: Attachment[];
  /** Grows with every write; a write names the one it saw. */
  rev: number;
  updated_at: string;
}

/** A message to be sent later. */
export interface Scheduled {
  id: string;
  conversation_id: string;
  text: string;
  attachments?: Attachment[];
  send_at: string;
  /** Not sent if the customer wrote meanwhile. */
  unless_reply: boolean;
  created_by: { kind: string; id?: string; name?: string };
  created_at: string;
  state: "waiting" | "sent" | "cancelled" | "failed";
  detail?: string;
}

export interface Label {
  id: string;
  name: string;
  /** #rrggbb */
  color: string;
  description: string;
  created_at: string;
}

export type AttributeType = "text" | "number" | "boolean" | "date" | "list" | "link";

/** A custom attribute as the workspace defined it. */
export interface Attribute {
  id: string;
  target: "conversation" | "contact";
  key: string;
  name: string;
  type: AttributeType;
  options?: string[];
  required: boolean;
  created_at: string;
}

/** A text written once. Its variables are filled in by `expandCanned`. */
export interface Canned {
  id: string;
  shortcut: string;
  title: string;
  text: string;
  scope: "personal" | "team" | "workspace";
  team_id?: string;
  locale?: string;
  uses: number;
  updated_at: string;
}

export interface RatingRef {
  score: number;
  comment?: string;
  at: string;
}
