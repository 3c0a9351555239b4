import type { Conversation } from "@patchbay/client/types";

/** How long a contact may wait before the list turns warm, and before it turns red. */
export const WARM_MS = 3 * 60_000;
export const HOT_MS = 10 * 60_000;

export interface Waiting {
  ms: number;
  level: "calm" | "warm" | "hot";
}

/** How long the contact has been waiting for an answer; undefined when nobody waits. */
export function waitingOf(conversation: Conversation, now: number): Waiting | undefined {
  if (!conversation.waiting_since || conversation.state === "resolved") return undefined;
  const ms = Math.max(0, now - Date.parse(conversation.waiting_since));
  return { ms, level: ms >= HOT_MS ? "hot" : ms >= WARM_MS ? "warm" : "calm" };
}
