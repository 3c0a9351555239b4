import type { Change } from "@patchbay/client/types";
import type { Locale } from "@/i18n";
import { fullTime } from "@/i18n/format";

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** Names of what a change mentions by id. */
export interface EventNames {
  label: (id: string) => string;
  member: (id: string) => string;
  team: (id: string) => string;
  queue: (id: string) => string;
  skill: (id: string) => string; // "" = not known yet
  attribute: (key: string) => string;
}

const plain: EventNames = { label: (id) => id, member: (id) => id, team: (id) => id, queue: (id) => id, skill: (id) => id, attribute: (key) => key };

/** Changes that are marks of their own, not lines: a message's state, its files', how far the customer has read. */
const silent = new Set<Change["type"]>(["message.created", "note.created", "message.edited", "message.recalled", "message.delivery", "message.file", "conversation.read_by_contact", "conversation.offered"]);

/** An offer is told of once, when it has ended; one that was accepted is told of as taken. */
export function isSilent(change: Change): boolean {
  return silent.has(change.type) || (change.type === "conversation.offer_ended" && change.data?.["reason"] === "accepted");
}

interface DecidedBy {
  name?: string;
  ignored?: boolean;
  skipped?: { pointer: string }[];
  skills?: { skill_id: string; level: number }[];
  value?: number;
}

/** Whether the change names skills, by id. */
export function namesSkills(change: Change): boolean {
  return !!(change.data?.["rule"] as DecidedBy | undefined)?.skills?.length;
}

/** How it began: by a rule of its inbox, or not. */
function begun(rule: unknown, t: Translate): string {
  const { name, ignored, skipped } = (rule ?? {}) as DecidedBy;
  if (!name) return t("events.created");
  const things: Record<string, string> = { team_id: "team", label_ids: "label", ticket: "ticket", priority: "priority" };
  const left = [...new Set((skipped ?? []).map((one) => things[one.pointer.split("/")[1] ?? ""]).filter((one) => one !== undefined))];
  const what = left.map((one) => t(`events.things.${one}`)).join(t("common.listSeparator"));
  return t(ignored ? "events.createdIgnored" : "events.createdByRule", { rule: name }) + (what ? t("events.createdSkipped", { what }) : "");
}

/** Which routing rule decided where it waits, and what else it set. */
function routed(rule: unknown, t: Translate, names: EventNames): string {
  const { name, skills, value } = (rule ?? {}) as DecidedBy;
  if (!name) return "";
  const known = (skills ?? []).filter((one) => names.skill(one.skill_id));
  const set = known.map((one) => t("events.routedSkill", { skill: names.skill(one.skill_id), level: one.level }));
  if (value) set.push(t("events.routedValue", { value }));
  return t("events.routed", { rule: name }) + (set.length ? t("events.routedSet", { what: set.join(t("common.listSeparator")) }) : "");
}

/** What happened, in a sentence. Empty for what this console does not know: a newer server's. */
export function eventSentence(change: Change, t: Translate, locale: Locale, names: EventNames = plain): string {
  const data = change.data ?? {};
  const name = change.actor.name || t(`actors.${change.actor.kind}`);
  switch (change.type) {
    case "conversation.assigned":
      return assigned(change, name, t, names);
    case "conversation.queued":
      return (data["reason"] === "handoff" ? handedOff(change, name, t, names) : t(`events.queued.${queueReason(data["reason"])}`)) + routed(data["rule"], t, names);
    case "conversation.offer_ended":
      return offerEnded(change, t, names);
    case "conversation.bot":
      return t("events.bot", { name: String(data["bot_name"] ?? "") });
    case "finding.created":
      return t("events.finding.created", { name, title: findingTitle(data["title"], locale) });
    case "finding.dismissed":
      return t("events.finding.dismissed", { name });
    case "conversation.snoozed":
      return t("events.snoozed", { name, until: time(data["until"], locale) });
    case "conversation.resolved":
      return ["left", "ticket", "callback"].includes(String(data["reason"])) ? t(`events.resolvedFor.${String(data["reason"])}`) : t("events.resolved", { name });
    case "conversation.reopened":
      return t("events.reopened", { name });
    case "conversation.abandoned":
      return t(change.actor.kind === "contact" ? "events.abandonedSaid" : "events.abandoned");
    case "conversation.unsnoozed":
      return t("events.unsnoozed");
    case "conversation.created":
      return begun(data["rule"], t);
    case "conversation.labeled":
      return labeled(change, name, t, names);
    case "conversation.attributes":
      return attributesSet(change, name, t, names);
    case "conversation.priority":
      return t("events.priority", { name, priority: t(`priorities.${String(data["priority"] || "normal")}`) });
    case "conversation.participants":
      return participants(change, name, t, names);
    case "conversation.team":
      if (data["queue_id"]) return t("events.queue", { name, queue: names.queue(String(data["queue_id"])) });
      if (data["from_queue_id"] && data["team_id"] === data["from_team_id"]) return t("events.queueNone", { name });
      return data["team_id"] ? t("events.team", { name, team: names.team(String(data["team_id"])) }) : t("events.teamNone", { name });
    case "conversation.merged":
      return t("events.merged", { name, number: String(data["number"] ?? "") });
    case "conversation.absorbed":
      return t("events.absorbed", { name, number: String(data["number"] ?? "") });
    case "conversation.unmerged":
      return data["by"] === "contact" ? t("events.unmergedByContact") : t("events.unmerged", { name });
    case "conversation.offline":
      return t("events.offline", { email: String(data["email"] ?? "") });
    case "conversation.event":
      return data["text"] ? t("events.customer", { name, text: String(data["text"]) }) : t("events.customerGone", { name });
    case "rating.requested":
      return t("events.rating.requested");
    case "rating.given":
      return data["comment"] ? t("events.rating.givenComment", { score: Number(data["score"]), comment: String(data["comment"]) }) : t("events.rating.given", { score: Number(data["score"]) });
    case "scheduled.created":
    case "scheduled.changed":
    case "scheduled.cancelled":
    case "scheduled.sent":
    case "scheduled.failed":
      return scheduled(change, name, t, locale);
    default:
      return "";
  }
}

function assigned(change: Change, name: string, t: Translate, names: EventNames): string {
  const data = change.data ?? {};
  const assignee = String(data["assignee_name"] ?? "");
  if (data["reason"] === "taken_over") {
    const text = String(data["text"] ?? "");
    return data["from_id"] ? t("events.takenOver", { name, from: names.member(String(data["from_id"])), text }) : t("events.takenOverNobody", { name, text });
  }
  if (data["by"] === "dispatch") return t("events.dispatched", { name: assignee });
  return change.actor.id === data["assignee_id"] ? t("events.taken", { name: assignee }) : t("events.assigned", { name, assignee });
}

function offerEnded(change: Change, t: Translate, names: EventNames): string {
  const data = change.data ?? {};
  const name = names.member(String(data["member_id"] ?? ""));
  if (data["reason"] === "rejected") return data["text"] ? t("events.offer.rejectedBecause", { name, text: String(data["text"]) }) : t("events.offer.rejected", { name });
  return t(`events.offer.${["unanswered", "lost"].includes(String(data["reason"])) ? String(data["reason"]) : "withdrawn"}`, { name });
}

function handedOff(change: Change, name: string, t: Translate, names: EventNames): string {
  const team = change.data?.["team_id"];
  return team ? t("events.handoffTo", { name, team: names.team(String(team)) }) : t("events.handoff", { name });
}

function findingTitle(titles: unknown, locale: Locale): string {
  const known = (titles ?? {}) as Record<string, string>;
  return known[locale] ?? known["en"] ?? "";
}

function queueReason(reason: unknown): string {
  return ["new", "agent_lost", "released", "reopened"].includes(String(reason)) ? String(reason) : "new";
}

function labeled(change: Change, name: string, t: Translate, names: EventNames): string {
  const labels = listed(change.data?.["added"], names.label, t);
  const gone = listed(change.data?.["removed"], names.label, t);
  if (labels && gone) return t("events.labels.both", { name, labels, gone });
  return labels ? t("events.labels.added", { name, labels }) : t("events.labels.removed", { name, labels: gone });
}

function attributesSet(change: Change, name: string, t: Translate, names: EventNames): string {
  const set = Object.entries((change.data?.["set"] ?? {}) as Record<string, unknown>);
  const kept = set.filter(([, value]) => value !== null).map(([key, value]) => `${names.attribute(key)}: ${String(value)}`);
  const what = kept.join(t("common.listSeparator"));
  return what ? t("events.attributes", { name, what }) : t("events.attributeCleared", { name, what: set.map(([key]) => names.attribute(key)).join(t("common.listSeparator")) });
}

function participants(change: Change, name: string, t: Translate, names: EventNames): string {
  const added = ids(change.data?.["added"]);
  const removed = ids(change.data?.["removed"]);
  const only = [...added, ...removed];
  if (only.length === 1 && change.data?.["as"] === "join") return t(added.length === 1 ? "events.participants.joined" : "events.participants.left", { name });
  if (only.length === 1 && only[0] === change.actor.id) return added.length === 1 ? t("events.participants.follows", { name }) : t("events.participants.unfollows", { name });
  if (added.length > 0) return t("events.participants.added", { name, who: listed(added, names.member, t) });
  return t("events.participants.removed", { name, who: listed(removed, names.member, t) });
}

function scheduled(change: Change, name: string, t: Translate, locale: Locale): string {
  const at = time(change.data?.["send_at"], locale);
  switch (change.type) {
    case "scheduled.created":
      return t("events.scheduled.created", { name, at });
    case "scheduled.changed":
      return t("events.scheduled.changed", { name, at });
    case "scheduled.cancelled":
      return change.actor.kind === "agent" ? t("events.scheduled.cancelled", { name }) : t("events.scheduled.cancelledByReply");
    case "scheduled.sent":
      return t("events.scheduled.sent");
    default:
      return t("events.scheduled.failed");
  }
}

function ids(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function listed(value: unknown, name: (id: string) => string, t: Translate): string {
  return ids(value).map(name).join(t("common.listSeparator"));
}

function time(value: unknown, locale: Locale): string {
  return value ? fullTime(String(value), locale) : "";
}
