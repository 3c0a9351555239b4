import type { ConversationFilter } from "@patchbay/client/member";
import type { SearchType } from "@patchbay/client/api";
import type { TicketSort } from "@patchbay/client/types";

/** Which tickets a list, a board or a count is about. `filter` is JSON. */
export interface TicketKey {
  filter?: string;
  q?: string;
  sort?: TicketSort;
}

/** What was looked for. */
export interface SearchKey {
  q: string;
  type: SearchType;
  filter?: string;
}

/** The keys of the query cache; all begin with the workspace. */
export const keys = {
  all: (workspace: string) => [workspace] as const,
  conversationLists: (workspace: string) => [workspace, "conversations"] as const,
  listsOf: (workspace: string, view: string) => [workspace, "conversations", { view }] as const,
  conversations: (workspace: string, filter: ConversationFilter) => [workspace, "conversations", filter] as const,
  views: (workspace: string) => [workspace, "views"] as const,
  counts: (workspace: string, views: readonly string[]) => [workspace, "view-counts", views] as const,
  everyCount: (workspace: string) => [workspace, "view-counts"] as const,
  search: (workspace: string, query: SearchKey) => [workspace, "search", query] as const,
  conversation: (workspace: string, id: string) => [workspace, "conversation", id] as const,
  timeline: (workspace: string, id: string) => [workspace, "timeline", id] as const,
  contact: (workspace: string, id: string) => [workspace, "contact", id] as const,
  /** Lists of contacts; what hangs on one contact; organisations. `people/queries.ts` adds the rest of the key. */
  people: (workspace: string) => [workspace, "people"] as const,
  aboutContact: (workspace: string, id: string) => [workspace, "about-contact", id] as const,
  organisations: (workspace: string) => [workspace, "organisations"] as const,
  organisation: (workspace: string, id: string) => [workspace, "organisation", id] as const,
  contactSearches: (workspace: string) => [workspace, "contact-search"] as const,
  contactSearch: (workspace: string, text: string) => [workspace, "contact-search", text] as const,
  members: (workspace: string) => [workspace, "members"] as const,
  roles: (workspace: string) => [workspace, "roles"] as const,
  signInPolicy: (workspace: string) => [workspace, "sign-in-policy"] as const,
  signInProviders: (workspace: string) => [workspace, "sign-in-providers"] as const,
  webhooks: (workspace: string) => [workspace, "webhooks"] as const,
  webhook: (workspace: string, webhook: string) => [workspace, "webhook", webhook] as const,
  invitations: (workspace: string) => [workspace, "invitations"] as const,
  inboxes: (workspace: string) => [workspace, "inboxes"] as const,
  backfills: (workspace: string, inbox: string) => [workspace, "backfills", inbox] as const,
  /** How many templates an inbox has, and the beginning of every search among them. */
  messageTemplateHead: (workspace: string, inbox: string) => [workspace, "message-templates", inbox] as const,
  messageTemplates: (workspace: string, inbox: string, search: string) => [workspace, "message-templates", inbox, search] as const,
  inboxHealth: (workspace: string, inbox: string, since: string) => [workspace, "inbox-health", inbox, since] as const,
  channels: (workspace: string) => [workspace, "channels"] as const,
  plugins: (workspace: string) => [workspace, "plugins"] as const,
  pluginLogs: (workspace: string, plugin: string) => [workspace, "plugin-logs", plugin] as const,
  labels: (workspace: string) => [workspace, "labels"] as const,
  attributes: (workspace: string) => [workspace, "attributes"] as const,
  canned: (workspace: string) => [workspace, "canned"] as const,
  calendars: (workspace: string) => [workspace, "calendars"] as const,
  /** What is going on now, by queue and by agent. */
  figures: (workspace: string) => [workspace, "figures"] as const,
  alerts: (workspace: string) => [workspace, "alerts"] as const,
  alertRules: (workspace: string) => [workspace, "alert-rules"] as const,
  queues: (workspace: string) => [workspace, "queues"] as const,
  policy: (workspace: string) => [workspace, "policy"] as const,
  /** What was in force, and the beginning of the key of what names them. */
  policyRevisions: (workspace: string) => [workspace, "policy-revisions"] as const,
  policyNames: (workspace: string) => [workspace, "policy-revisions", "names"] as const,
  /** Days of the workspace's own, and the beginning of the key of each day that a policy is tried on. */
  policyDays: (workspace: string) => [workspace, "policy-days"] as const,
  policyDay: (workspace: string, name: string) => [workspace, "policy-days", name] as const,
  routing: (workspace: string) => [workspace, "routing"] as const,
  skills: (workspace: string) => [workspace, "skills"] as const,
  teams: (workspace: string) => [workspace, "teams"] as const,
  whispers: (workspace: string, conversation: string) => [workspace, "whispers", conversation] as const,
  everyWhisper: (workspace: string) => [workspace, "whispers"] as const,
  groupMembers: (workspace: string, conversation: string) => [workspace, "groupMembers", conversation] as const,
  scheduled: (workspace: string, conversation: string) => [workspace, "scheduled", conversation] as const,
  delivery: (workspace: string, message: string) => [workspace, "delivery", message] as const,
  notifications: (workspace: string) => [workspace, "notifications"] as const,
  notificationList: (workspace: string, unread: boolean) => [workspace, "notifications", unread] as const,
  notificationPreferences: (workspace: string) => [workspace, "notification-preferences"] as const,
  ticketLists: (workspace: string) => [workspace, "tickets"] as const,
  tickets: (workspace: string, list: TicketKey) => [workspace, "tickets", list] as const,
  ticketBoards: (workspace: string) => [workspace, "ticket-boards"] as const,
  ticketBoard: (workspace: string, list: TicketKey) => [workspace, "ticket-boards", list] as const,
  everyTicketCount: (workspace: string) => [workspace, "ticket-counts"] as const,
  ticketCounts: (workspace: string, list: TicketKey) => [workspace, "ticket-counts", list] as const,
  ticket: (workspace: string, id: string) => [workspace, "ticket", id] as const,
  ticketHistory: (workspace: string, id: string) => [workspace, "ticket-history", id] as const,
  /** Those of a conversation or of a contact. */
  ticketsOf: (workspace: string, id: string) => [workspace, "tickets-of", id] as const,
  ticketTypes: (workspace: string) => [workspace, "ticket-types"] as const,
  /** Everything that plugins show; then of one place, and one card. */
  everyPanel: (workspace: string) => [workspace, "panels"] as const,
  panels: (workspace: string, slot: string) => [workspace, "panels", "list", slot] as const,
  card: (workspace: string, connection: string, panel: string, look: object) => [workspace, "panels", "card", connection, panel, look] as const,
  records: (workspace: string, contact: string) => [workspace, "records", contact] as const,
  licenses: (workspace: string) => [workspace, "licenses"] as const,
  tools: (workspace: string) => [workspace, "tools"] as const,
  approvals: (workspace: string) => [workspace, "approvals"] as const,
  templates: (workspace: string) => [workspace, "templates"] as const,
  connections: (workspace: string) => [workspace, "connections"] as const,
  pluginHistory: (workspace: string, plugin: string) => [workspace, "plugin-history", plugin] as const,
  skipped: (workspace: string, connection: string) => [workspace, "skipped", connection] as const,
  pluginVersions: (workspace: string, plugin: string) => [workspace, "plugin-versions", plugin] as const,
  checklist: (workspace: string) => [workspace, "checklist"] as const,
};
