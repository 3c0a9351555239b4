import type { Change } from "@patchbay/client/types";
import type { Locale } from "@/i18n";
import { fullTime } from "@/i18n/format";

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** What happened, in a sentence. */
export function eventSentence(change: Change, t: Translate, locale: Locale): string {
  const data = change.data ?? {};
  const name = change.actor.name || t(`actors.${change.actor.kind}`);
  switch (change.type) {
    case "conversation.assigned": {
      const assignee = String(data["assignee_name"] ?? "");
      if (data["by"] === "dispatch") return t("events.dispatched", { name: assignee });
      return change.actor.id === data["assignee_id"] ? t("events.taken", { name: assignee }) : t("events.assigned", { name, assignee });
    }
    case "conversation.queued":
      return t(`events.queued.${queueReason(data["reason"])}`);
    case "conversation.snoozed":
      return t("events.snoozed", { name, until: data["until"] ? fullTime(String(data["until"]), locale) : "" });
    case "conversation.resolved":
      return t("events.resolved", { name });
    case "conversation.reopened":
      return t("events.reopened", { name });
    case "conversation.unsnoozed":
      return t("events.unsnoozed");
    case "conversation.created":
      return t("events.created");
    case "message.created":
    case "note.created":
    case "message.delivery":
      return "";
  }
}

function queueReason(reason: unknown): string {
  return ["new", "agent_lost", "released", "reopened"].includes(String(reason)) ? String(reason) : "new";
}
