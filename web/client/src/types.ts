/** The objects of the API, named as people speak of them; their shape is generated from OpenAPI. */
import type { components } from "./api/schema";

type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

export type Me = Schema<"MeBody">;
/** Who signed in, or the challenge that asks for the second factor first. */
export type SignedIn = Schema<"SignedInBody">;
export type SignInSession = Schema<"SessionBody">;
/** The browsers of an account that are told with no window open. */
export type PushBrowsers = Schema<"PushesBody">;
export type SecondFactor = Schema<"FactorBody">;
export type Enrolment = Schema<"EnrolmentBody">;
export type MyProvider = Schema<"MyProviderBody">;
export type SignInPolicy = Schema<"PolicyBody">;
export type SignInProvider = Schema<"ProviderBody">;
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

/** What a channel can carry: `text`, `image`, `audio`, `file`, `reply`; bytes of one attachment. */
export type Capabilities = Schema<"CapabilitiesBody">;
export type ChannelType = Schema<"ChannelTypeBody">;
export type Inbox = Schema<"InboxBody">;
/** What a member says of an addressed message, such as a mail. */
export type Addressed = Schema<"Addressed">;
/** An address of an envelope. */
export type Party = Schema<"Party">;
export type Place = Schema<"Place">;
export type InboxStatus = Schema<"HealthBody">;
export type Webhook = Schema<"WebhookBody">;
export type WebhookDelivery = Schema<"WebhookDeliveryBody">;
export type WebhookAttempt = Schema<"WebhookAttemptBody">;
export type WebhookTrace = Schema<"WebhookTraceBody">;
export type WebhookTest = Schema<"WebhookTestBody">;
export type ChannelRequest = Schema<"ChannelRequestBody">;
export type ChannelRequestTrace = Schema<"ChannelRequestTraceBody">;
export type Plugin = Schema<"PluginBody">;
export type PluginLogLine = Schema<"LogLineBody">;
/** A text in the languages its author wrote. */
export type Localized = Record<string, string>;

export type Contact = Schema<"ContactBody">;
export type ContactIdentity = Schema<"IdentityBody">;
export type ContactNote = Schema<"ContactNoteBody">;
export type ContactMerge = Schema<"MergeBody">;
export type ContactDuplicate = Schema<"DuplicateBody">;
export type Organisation = Schema<"OrganisationBody">;
export type PageView = Schema<"PageViewBody">;
/** One thing that happened with a contact, across inboxes. */
export type JourneyItem = Schema<"JourneyItemBody">;
export type ContactImport = Schema<"ImportBody">;
/** A rating as the list of them has it. */
export type GivenRating = Schema<"RatingBody">;
export type RatingsPage = Schema<"RatingsBody">;
export type RatingSummary = RatingsPage["summary"];
export type Conversation = Schema<"Conversation">;
export type Priority = NonNullable<Conversation["priority"]>;
/** The customer's last word on a conversation. */
export type RatingRef = Schema<"Rating">;
/** A saved view. */
export type SavedView = Omit<Schema<"ViewBody">, "filter"> & { filter: FilterNode };
/** A choice of conversations: one condition, or several joined. `docs/reference/filters.md`. */
export type FilterNode = { and: FilterNode[] } | { or: FilterNode[] } | { not: FilterNode } | FilterCondition;
export interface FilterCondition {
  field: string;
  op: string;
  value?: unknown;
}
export type SearchAnswer = Schema<"AnswerBody">;
export type SearchHit = Schema<"FoundBody">;
export type BulkItem = Schema<"BulkItem">;
export type ConversationState = Conversation["state"];
export type Message = Schema<"Message">;
export type MessageKind = Message["kind"];
export type Actor = Schema<"Actor">;
/** A file of a message. `url` and `preview_url` carry their own right to be read, and expire. */
export type Attachment = Schema<"Attachment">;
/** A message that another one answers, as it was when it was quoted. */
export type Quote = Schema<"Quote">;
/** A colleague named in a note. */
export type Mention = Schema<"Mention">;
/** One step on the way of a message to the customer. */
export type DeliveryStep = Schema<"DeliveryStep">;
/** What a message said before a change. */
export type GroupMember = Schema<"GroupMember">;
export type MessageVersion = Schema<"MessageVersion">;
/** What a member is writing in a conversation, kept by the server. `rev` grows with every write; a write names the one it saw. */
export type ServerDraft = Schema<"Draft">;
/** What a supervisor told whoever had a conversation. */
export type Whisper = Schema<"Whisper">;
/** A message to be sent later. */
export type Scheduled = Schema<"Scheduled">;

export type Label = Schema<"LabelBody">;
/** A custom attribute as the workspace defined it. */
export type Attribute = Schema<"AttributeBody">;
export type AttributeType = Attribute["type"];
/** A text written once. Its variables are filled in by `expandCanned`. */
export type Canned = Schema<"CannedBody">;
export type Team = Schema<"TeamBody">;
/** A stream of work, with what there is to say of it. */
export type Queue = Schema<"QueueBody">;
export type QueueWarning = Schema<"QueueWarning">;
/** What a queue becomes, beside its revision. */
export type QueueDraft = Pick<Queue, "name" | "description" | "team_id" | "inbox_ids" | "skills" | "target_s" | "value" | "exclusive" | "tickets" | "ladder" | "overflow" | "sticky_for_s" | "calendar_id" | "outside" | "callback" | "when_left" | "left_after_s">;
/** A skill with a level: one that is asked for, or one that a member has. */
export type Need = Schema<"NeedBody">;
export type Rung = Schema<"RungBody">;
/** Something that members can, better or worse. */
export type Skill = Schema<"SkillBody">;
/** How a workspace gives out its work: the draft, and what is in force. */
export type DispatchPolicy = Schema<"DispatchPolicyBody">;
export type PolicyPlan = Schema<"PolicyPlan">;
export type PolicyChannel = Schema<"PolicyChannel">;
export type PolicyRevision = Schema<"PolicyRevision">;
export type PolicyDraftBody = Schema<"PutPolicyInputBody">;
/** A made-up day, and what two policies would do to it. */
export type PolicyDay = Schema<"PolicyDay">;
export type PolicyDays = Schema<"PolicyDaysBody">;
/** A day before it is played: who came, who was there, and what is not known. */
export type PolicyDayView = Schema<"PolicyDayBody">;
export type PolicyDayGroup = Schema<"PolicyDayGroup">;
export type PolicyGap = Schema<"PolicyGap">;
export type PolicyQueueFigures = Schema<"PolicyQueueFigures">;
/** Two policies, the day that both are tried on, and who is to be there for each. */
export type PolicyCompareBody = Schema<"ComparePolicyInputBody">;
export type PolicyComparison = Schema<"PolicyComparisonBody">;
export type PolicyPlayed = Schema<"PolicyPlayed">;
export type PolicyQuarter = Schema<"PolicyQuarter">;
export type PolicyBand = Schema<"PolicyBand">;
export type PolicyFigures = Schema<"PolicyFigures">;
/** What supervisors are to know, and when they are told. */
export type Alert = Schema<"Alert">;
export type AlertRules = Schema<"AlertRules">;
/** How work stands now, and went today. A figure that is not known is absent. */
export type Figures = Schema<"Figures">;
export type WorkFigures = Schema<"WorkFigures">;
export type QueueFigures = Schema<"QueueFigures">;
export type AgentFigures = Schema<"AgentFigures">;
/** How durations are spread, in seconds. */
export type Spread = Schema<"Spread">;
/** Business hours: a week in a time zone, and dates that differ. */
export type Calendar = Schema<"CalendarBody">;
export type CalendarException = Schema<"ExceptionBody">;
export type CalendarSpan = Schema<"SpanBody">;
export type CalendarDay = Schema<"CalendarDay">;
export type HolidaySet = Schema<"HolidaySetBody">;
export type ImportPlan = Schema<"ImportPlanBody">;
/** One thing that a member is told. */
export type AppNotification = Schema<"Notification">;
export type NotificationKind = AppNotification["kind"];
/** How a member wants to be told of each kind. */
export type NotificationPreferences = Schema<"PreferencesBody">;

/** One row of a conversation's history: the unit of timeline, feed and resume. */
export type Change = Schema<"Change">;
export type ChangeType = Change["type"];
export type TimelinePage = Schema<"TimelineBody">;
/** One event of a workspace's feed. `feed` is gapless per workspace. */
export type FeedEvent = Schema<"FeedEvent">;

/** One piece of work. */
export type Ticket = Schema<"Ticket">;
export type TicketStatus = Ticket["status"];
export type TicketLink = Schema<"TicketLink">;
export type TicketComment = Schema<"TicketComment">;
/** One row of a ticket's history. */
export type TicketChange = Schema<"TicketChange">;
export type TicketType = Schema<"TicketTypeBody">;
export type TicketField = Schema<"TicketFieldBody">;
export type TicketPriority = Ticket["priority"];
export type TicketLinkKind = TicketLink["kind"];
export type TicketSort = "updated" | "created" | "due" | "priority";
/** Columns by status; a count of 1000 stands for that or more. */
export type TicketBoard = Schema<"TicketBoardBody">;
export type TicketColumn = TicketBoard["columns"][number];
export type TicketCounts = Omit<Schema<"TicketCountsBody">, "by_status"> & { by_status: Record<TicketStatus, number> };
/** What one click in a conversation fills in. */
export type TicketDraft = Schema<"TicketDraftBody">;

/** What a visitor may see of a conversation. `seq` is gapless for the visitor. */
export type PublicChange = Schema<"PublicChange">;
export type PublicQuote = Schema<"PublicQuote">;
export type PublicMessage = Schema<"PublicMessage">;
/** `verified`: the site vouched for who the visitor is. */
export type VisitorSession = Omit<Schema<"VisitorSessionBody">, "settings"> & { settings: WidgetSettings };

/** The public part of a live inbox's configuration; the widget's own plugin says what is in it. */
export interface WidgetSettings {
  title?: string;
  greeting?: string;
  color?: string;
  attachments?: boolean;
  transcript?: boolean;
  page_views?: "off" | "on" | "consent";
  pre_chat?: { enabled?: boolean; fields?: PreChatField[]; consent_text?: string };
  offline?: { enabled?: boolean; text?: string };
  languages?: { default?: string; offered?: string[] };
  theme?: { color?: string; position?: string; launcher_text?: string; dark?: "auto" | "light" | "dark"; radius?: number };
  proactive?: ProactiveRule[];
  [key: string]: unknown;
}

/** A question before the chat: `name`, `email`, `phone`, `message` or `attributes.KEY`. */
export interface PreChatField {
  key: string;
  label?: Record<string, string>;
  required?: boolean;
  type?: "text" | "email" | "phone" | "number" | "multiline";
}

/** When the chat speaks first, and what it says. All conditions must hold. */
export interface ProactiveRule {
  id: string;
  when: { path_contains?: string; path_is?: string; seconds_on_page?: number; scroll_percent?: number; returning?: boolean; locale?: string };
  message: Record<string, string>;
  once?: "session" | "ever";
  agents_online?: boolean;
}

export interface ListPage<T> {
  items: T[];
  next_cursor?: string;
}
