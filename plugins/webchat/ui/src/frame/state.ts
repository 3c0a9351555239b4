import type { LinkStatus, OutboxEntry, VisitorMessage } from "@patchbay/client/visitor";
import type { PublicChange, WidgetSettings } from "@patchbay/client/types";

/**
 * How the chat is connected, as the visitor needs to know it. live: over the socket. polling: the
 * socket does not get through, HTTP does. unavailable: neither does. refused: policy says no.
 */
export type Phase = "connecting" | "live" | "reconnecting" | "polling" | "offline" | "unavailable" | "refused";

export type Unsent = OutboxEntry<VisitorMessage>;

/** A place in the line; `available` says whether any agent is online. */
export interface Queue {
  position: number;
  available: boolean;
}

export interface ChatState {
  phase: Phase;
  /** The sentence that came with a refusal. */
  refusal?: string;
  settings: WidgetSettings;
  changes: readonly PublicChange[];
  unsent: readonly Unsent[];
  typing: readonly string[];
  queue?: Queue;
  /** Whether what was there before has arrived: only what comes later is news. */
  synced: boolean;
}

export const initialState: ChatState = { phase: "connecting", settings: {}, changes: [], unsent: [], typing: [], synced: false };

/** What the last requests over HTTP came to, if there were any. */
export type Reach = "unknown" | "reached" | "unreachable";

/** Failures in a row after which the visitor is told that the chat cannot be reached. */
const PATIENCE = 3;

/** The phase that follows from the link's status, from what HTTP achieves and from the machine's network. */
export function phaseOf(status: LinkStatus, reach: Reach, before: Phase, online: boolean): Phase {
  switch (status.state) {
    case "ready":
      return "live";
    case "refused":
      return "refused";
    case "ended":
      return "connecting";
  }
  if (!online || status.trouble === "offline") return "offline";
  if (status.failures === 0) return before === "live" ? "reconnecting" : "connecting";
  if (reach === "reached") return "polling";
  if (status.failures >= PATIENCE) return "unavailable";
  return before === "connecting" || before === "unavailable" ? before : "reconnecting";
}

/** Messages of agents the visitor has not looked at, when the last one seen is `seen`. */
export function unreadAfter(changes: readonly PublicChange[], seen: number): number {
  let count = 0;
  for (let i = changes.length - 1; i >= 0 && changes[i]!.seq > seen; i--) {
    if (changes[i]!.message?.sender.kind === "agent") count++;
  }
  return count;
}
