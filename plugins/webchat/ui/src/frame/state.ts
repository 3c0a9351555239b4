import type { CallbackReach, LinkStatus, OfflineTicket, OutboxEntry, QueueStanding, VisitorMessage } from "@patchbay/client/visitor";
import type { PublicChange, WidgetSettings } from "@patchbay/client/types";
import type { PendingFile } from "./files";

/**
 * How the chat is connected, as the visitor needs to know it. live: over the socket. polling: the
 * socket does not get through, HTTP does. unavailable: neither does. refused: policy says no.
 */
export type Phase = "connecting" | "live" | "reconnecting" | "polling" | "offline" | "unavailable" | "refused";

export type Unsent = OutboxEntry<VisitorMessage>;

/** A place in the line; `available` says whether any agent is online, `closed` that it is outside hours. */
export interface Queue extends QueueStanding {
  position: number;
  available: boolean;
  /** What to leave to be called back; undefined: that is not offered. */
  callback?: CallbackReach;
}

export interface ChatState {
  phase: Phase;
  /** Counts those who used this window: one who comes after another sees nothing of theirs. */
  person: number;
  /** The sentence that came with a refusal. */
  refusal?: string;
  /** Whether the refusal is for want of the site's word: this chat is for those who signed in there. */
  signIn?: boolean;
  settings: WidgetSettings;
  changes: readonly PublicChange[];
  unsent: readonly Unsent[];
  typing: readonly string[];
  queue?: Queue;
  /** Whether what was there before has arrived: only what comes later is news. */
  synced: boolean;
  /** How far the company has read: the seq of a change. */
  read: number;
  /** Files of the message being written. */
  files: readonly PendingFile[];
  /** Whether the site vouched for who the visitor is. */
  verified: boolean;
  /** Whether any agent is online; undefined while nobody asked. */
  available?: boolean;
  /** When it opens, if it was outside hours when somebody asked. */
  opensAt?: string;
  /** Whether the questions before the chat have been answered. */
  answered: boolean;
  /** Whether a message for later has been left just now. */
  left: boolean;
  /** What it became: the number, and the visitor's own page of it. */
  ticket?: OfflineTicket;
  /** The number of the request to be called back, made just now; empty: it has none. */
  noted?: string;
}

export const initialState: ChatState = {
  phase: "connecting",
  person: 0,
  settings: {},
  changes: [],
  unsent: [],
  typing: [],
  synced: false,
  read: 0,
  files: [],
  verified: false,
  answered: false,
  left: false,
};

/**
 * What the visitor does here now: answers questions first, leaves a message because nobody is
 * there, or talks. Whoever has begun to talk goes on talking.
 */
export function stageOf({ settings, changes, unsent, answered, available, left, verified, synced }: ChatState): "wait" | "questions" | "offline" | "left" | "chat" {
  if (left) return "left";
  if (changes.length > 0 || unsent.length > 0) return "chat";
  const asks = settings.pre_chat?.enabled && !answered && !verified;
  if (!asks && !settings.offline?.enabled) return "chat";
  if (!synced) return "wait";
  if (settings.offline?.enabled && available === false) return "offline";
  return asks ? "questions" : "chat";
}

/** The rating that is wanted: asked for and not given since; undefined when there is none. */
export function ratingOf(changes: readonly PublicChange[]): { asked: number; score?: number } | undefined {
  for (let i = changes.length - 1; i >= 0; i--) {
    const { type, seq, score } = changes[i]!;
    if (type === "rated") return { asked: seq, score };
    if (type === "rating_requested") return { asked: seq };
  }
  return undefined;
}

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

/** Whether messages of a kind of sender are answers to the visitor. */
export const answers = (kind: string): boolean => kind === "agent" || kind === "bot";

/** Messages of agents and bots the visitor has not looked at, when the last one seen is `seen`. */
export function unreadAfter(changes: readonly PublicChange[], seen: number): number {
  let count = 0;
  for (let i = changes.length - 1; i >= 0 && changes[i]!.seq > seen; i--) {
    const { type, message } = changes[i]!;
    if (type === "message" && answers(message?.sender.kind ?? "")) count++;
  }
  return count;
}
