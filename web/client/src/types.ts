/** The objects of the API, named as people speak of them; their shape is generated from OpenAPI. */
import type { components } from "./api/schema";

type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

export type Me = Schema<"MeBody">;
export type Account = Schema<"AccountBody">;
export type Membership = Schema<"MembershipBody">;
export type Role = Membership["role"];
export type Workspace = Schema<"WorkspaceBody">;
export type ChecklistItem = Schema<"ChecklistItem">;
export type Member = Schema<"MemberBody">;
export type Invitation = Schema<"InvitationBody">;
export type InvitationPreview = Schema<"InvitationPreviewBody">;
export type PresenceEntry = Schema<"Presence">;
export type PresenceStatus = PresenceEntry["status"];

export type Capabilities = Schema<"CapabilitiesBody">;
export type ChannelType = Schema<"ChannelTypeBody">;
export type Inbox = Schema<"InboxBody">;
export type InboxStatus = Schema<"HealthBody">;
export type Plugin = Schema<"PluginBody">;
export type PluginLogLine = Schema<"LogLineBody">;
/** A text in the languages its author wrote. */
export type Localized = Record<string, string>;

export type Contact = Schema<"ContactBody">;
export type Conversation = Schema<"Conversation">;
export type ConversationState = Conversation["state"];
export type Message = Schema<"Message">;
export type MessageKind = Message["kind"];
export type Actor = Schema<"Actor">;
/** One row of a conversation's history: the unit of timeline, feed and resume. */
export type Change = Schema<"Change">;
export type ChangeType = Change["type"];
export type TimelinePage = Schema<"TimelineBody">;
/** One event of a workspace's feed. `feed` is gapless per workspace. */
export type FeedEvent = Schema<"FeedEvent">;

/** What a visitor may see of a conversation. `seq` is gapless for the visitor. */
export type PublicChange = Schema<"PublicChange">;
export type PublicMessage = Schema<"PublicMessage">;
export type VisitorSession = Omit<Schema<"VisitorSessionBody">, "settings"> & { settings: WidgetSettings };

/** The public part of a live inbox's configuration; the widget's own plugin says what is in it. */
export interface WidgetSettings {
  title?: string;
  greeting?: string;
  color?: string;
  [key: string]: unknown;
}

export interface ListPage<T> {
  items: T[];
  next_cursor?: string;
}
