import type { PresenceEntry } from "@patchbay/client/types";

/** Why somebody is away, as it is offered; other reasons are in their own words. */
export const reasons = ["lunch", "meeting", "break", "training", "other"] as const;

/** The server's own reason: the member left offered conversations unanswered. */
export const noAnswer = "no_answer";

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** A reason in the reader's language, or as its author wrote it. */
export function reasonText(reason: string, t: Translate): string {
  return reason === noAnswer || (reasons as readonly string[]).includes(reason) ? t(`presence.reasons.${reason}`) : reason;
}

/** "Available", "Away · Lunch", "Offline". */
export function statusText(entry: Pick<PresenceEntry, "status" | "reason"> | undefined, t: Translate): string {
  const status = t(`presence.${entry?.status ?? "offline"}`);
  return entry?.status === "away" && entry.reason ? `${status} · ${reasonText(entry.reason, t)}` : status;
}
