import type { Message, TicketChange, TicketComment } from "@patchbay/client/types";
import type { Locale } from "@/i18n";
import { dayKey, fullTime } from "@/i18n/format";

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** What stands in a ticket's history, top to bottom. */
export type HistoryLine =
  | { kind: "day"; key: string; at: string }
  | { kind: "comment"; key: string; comment: TicketComment; first: boolean }
  | { kind: "events"; key: string; changes: TicketChange[] };

/** Comments of one person this close together stand under one name. */
const TOGETHER_MS = 5 * 60_000;

/** The lines of a history: comments grouped by who wrote them, runs of events, days told apart. */
export function historyLines(changes: readonly TicketChange[]): HistoryLine[] {
  const lines: HistoryLine[] = [];
  for (const change of changes) {
    const day = dayKey(change.at);
    if (lines.findLast((line) => line.kind === "day")?.key !== day) lines.push({ kind: "day", key: day, at: change.at });
    const before = lines[lines.length - 1];
    if (change.comment) lines.push({ kind: "comment", key: change.comment.client_id || change.id, comment: change.comment, first: before?.kind !== "comment" || !together(before.comment, change.comment) });
    else if (before?.kind === "events") before.changes.push(change);
    else lines.push({ kind: "events", key: change.id, changes: [change] });
  }
  return lines;
}

function together(a: TicketComment, b: TicketComment): boolean {
  return a.public === b.public && a.author.kind === b.author.kind && a.author.id === b.author.id && Date.parse(b.created_at) - Date.parse(a.created_at) < TOGETHER_MS;
}

/** A comment as conversations draw messages: what the customer may read as text, what they may not as a note. */
export function messageOf({ id, client_id, ticket_id, public: isPublic, author, text, created_at, attachments, mentions }: TicketComment): Message {
  return { id, client_msg_id: client_id, conversation_id: ticket_id, kind: isPublic ? "text" : "note", sender: author, text, created_at, ...(attachments && { attachments }), ...(mentions && { mentions }) };
}

/** Names of what a change mentions by id. */
export interface HistoryNames {
  label: (id: string) => string;
  member: (id: string) => string;
  team: (id: string) => string;
  type: (id: string) => string;
  field: (key: string) => string;
}

/** What happened, in a sentence. Empty for what this console does not know: a newer server's. */
export function historySentence(change: TicketChange, t: Translate, locale: Locale, names: HistoryNames): string {
  const data = change.data ?? {};
  const text = (key: string) => String(data[key] ?? "");
  const name = change.actor.name || t(`actors.${change.actor.kind}`);
  switch (change.type) {
    case "ticket.created":
      return t("tickets.history.created", { name });
    case "ticket.status":
      return change.actor.kind === "system" ? t("tickets.history.statusItself", { status: t(`tickets.statuses.${text("status")}`) }) : t("tickets.history.status", { name, status: t(`tickets.statuses.${text("status")}`) });
    case "ticket.assigned":
      return assigned(change, name, t, names);
    case "ticket.edited":
      return edited(change, name, t, locale, names);
    case "ticket.followers":
      return followers(change, name, t, names);
    case "ticket.linked":
      return t("tickets.history.linked", { name, kind: t(`tickets.links.${text("kind")}`), number: `T-${text("number")}`, title: text("title") });
    case "ticket.unlinked":
      return t("tickets.history.unlinked", { name, number: `T-${text("number")}` });
    case "ticket.labeled":
      return labeled(change, name, t, names);
    case "ticket.merged":
      return t("tickets.history.merged", { name, number: `T-${text("number")}` });
    case "ticket.absorbed":
      return t("tickets.history.absorbed", { name, number: `T-${text("number")}`, title: text("title") });
    case "ticket.unmerged":
      return t(change.actor.kind === "contact" ? "tickets.history.unmergedByContact" : "tickets.history.unmerged", { name });
    case "ticket.rated":
      return data["comment"] ? t("tickets.history.ratedComment", { score: Number(data["score"]), comment: text("comment") }) : t("tickets.history.rated", { score: Number(data["score"]) });
    case "ticket.overdue":
      return t("tickets.history.overdue", { at: data["due_at"] ? fullTime(text("due_at"), locale) : "" });
    default:
      return "";
  }
}

const ids = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

function assigned({ data = {}, actor }: TicketChange, name: string, t: Translate, names: HistoryNames): string {
  const to = data["assignee_id"] ? String(data["assignee_name"] || names.member(String(data["assignee_id"]))) : "";
  const team = data["team_id"] ? names.team(String(data["team_id"])) : "";
  if (to && data["by"] === "dispatch") return t("tickets.history.given", { to, queue: String(data["queue_name"]) });
  if (!to && data["reason"] === "agent_lost") return t("tickets.history.takenBack", { from: names.member(String(data["from_id"])) });
  if (to && actor.id === data["assignee_id"] && data["team_id"] === data["from_team_id"]) return t("tickets.history.taken", { name });
  if (to && team) return t("tickets.history.assignedBoth", { name, to, team });
  if (to || team) return t("tickets.history.assigned", { name, to: to || team });
  return t("tickets.history.unassigned", { name });
}

function edited({ data = {} }: TicketChange, name: string, t: Translate, locale: Locale, names: HistoryNames): string {
  const fields = Object.entries((data["fields"] ?? {}) as Record<string, { from?: unknown; to?: unknown }>);
  const told = fields.filter(([field]) => field !== "contact_id" && field !== "organisation_id");
  const parts = told.map(([field, { to }]) => {
    const label = field.startsWith("fields.") ? names.field(field.slice("fields.".length)) : t(`tickets.edited.${field}`);
    if (field === "description") return label;
    const value = shown(field, to, t, locale, names);
    return value ? t("tickets.history.fieldTo", { field: label, value }) : t("tickets.history.fieldGone", { field: label });
  });
  return t("tickets.history.edited", { name, what: parts.join(t("common.listSeparator")) });
}

function shown(field: string, value: unknown, t: Translate, locale: Locale, names: HistoryNames): string {
  if (value === undefined || value === null || value === "") return "";
  if (typeof value === "boolean") return t(value ? "attributes.yes" : "attributes.no");
  const text = typeof value === "object" ? "" : String(value as string | number);
  if (field === "priority") return t(`priorities.${text}`);
  if (field === "due_at") return fullTime(text, locale);
  return field === "type_id" ? names.type(text) : text;
}

function followers({ data = {}, actor }: TicketChange, name: string, t: Translate, names: HistoryNames): string {
  const added = ids(data["added"]);
  const removed = ids(data["removed"]);
  const only = [...added, ...removed];
  if (only.length === 1 && only[0] === actor.id) return t(added.length === 1 ? "tickets.history.follows" : "tickets.history.unfollows", { name });
  const who = (list: string[]) => list.map(names.member).join(t("common.listSeparator"));
  return added.length > 0 ? t("tickets.history.followersAdded", { name, who: who(added) }) : t("tickets.history.followersRemoved", { name, who: who(removed) });
}

function labeled({ data = {} }: TicketChange, name: string, t: Translate, names: HistoryNames): string {
  const join = (value: unknown) => ids(value).map(names.label).join(t("common.listSeparator"));
  const added = join(data["added"]);
  const removed = join(data["removed"]);
  if (added && removed) return t("events.labels.both", { name, labels: added, gone: removed });
  return added ? t("events.labels.added", { name, labels: added }) : t("events.labels.removed", { name, labels: removed });
}
