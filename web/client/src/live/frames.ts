import type { AppNotification, Change, Conversation, FeedEvent, Figures, Message, PresenceEntry, PublicChange, ServerDraft, Whisper } from "../types";

/** The frame that ends the handshake, on both sockets. */
export interface ReadyFrame {
  op: "ready";
  epoch: string;
  heartbeat_ms: number;
  /** The server cannot continue from where we are: fetch everything again. */
  resync: boolean;
}

export interface MemberReady extends ReadyFrame {
  feed: number;
  member_id: string;
  lease_ms: number;
  notifications_unread: number;
  /** Names what the member may do and see; it changes with it. */
  rights?: string;
}

export interface VisitorReady extends ReadyFrame {
  session_id: string;
  conversation: boolean;
  last_public_seq: number;
  /** How far the company has read; 0 = nothing. */
  read_seq?: number;
}

/** Sent before close 1012: the server restarts and says how long to wait. */
export interface ByeFrame {
  op: "bye";
  retry_ms: number;
}

export interface ErrorFrame {
  op: "error";
  ref?: string;
  code: string;
  detail?: string;
  /** The same request may succeed later. */
  transient?: boolean;
}

/** A member who has a conversation open. */
export interface Looker {
  member_id: string;
  name: string;
  typing?: boolean;
  /** Whether what is typed is a note. */
  note?: boolean;
}

/** What the server sends a member after `ready`. */
export type MemberFrame =
  | ({ op: "event" } & FeedEvent)
  /** A conversation, or a ticket, left the member's reach: rows up to seq are not theirs any more. Stands for the event of its number. */
  | { op: "gone"; feed: number; conversation_id?: string; ticket_id?: string; seq: number }
  /** Stands for an event that is not for the member. */
  | { op: "skip"; feed: number }
  /** The member may do or see something else now. */
  | { op: "rights"; rights: string }
  | { op: "ack"; ref: string; message: Message; change: Change; conversation?: Conversation; replayed: boolean }
  | { op: "typing"; conversation_id: string; actor: { kind: string; id?: string; name?: string }; on: boolean }
  /** A new version of one's own draft, from any window; null: it is gone. */
  | { op: "draft"; conversation_id: string; rev: number; draft: ServerDraft | null }
  /** Something is whispered to this member, or to one whom they supervise. */
  | { op: "whisper"; whisper: Whisper }
  | { op: "looking"; conversation_id: string; members: Looker[] }
  | { op: "presence"; members: PresenceEntry[] }
  /** How work stands and goes, as far as the member reaches; once it was asked for. */
  | ({ op: "figures" } & Figures)
  | { op: "notification"; notification?: AppNotification; unread: number }
  | ErrorFrame;

/** What else whoever waits is to know: whether the queue is outside its hours, until when if that is known, and how long it takes. */
export interface QueueStanding {
  closed?: boolean;
  opens_at?: string;
  /** About how many seconds until somebody answers: one of 60 (less than that), 120, 180, 300, 600, 900, 1200, 1800, 2700, 3600 (that or more). */
  wait_s?: number;
}

/** What the server sends a visitor after `ready`. */
export type VisitorFrame =
  | { op: "change"; change: PublicChange }
  | { op: "ack"; ref: string; change: PublicChange; replayed: boolean }
  | { op: "typing"; name?: string; on: boolean }
  | ({ op: "queue"; position: number; available?: boolean } & QueueStanding)
  | { op: "read"; seq: number }
  | ErrorFrame;

/** Close codes of the server with a meaning of their own. */
export const CLOSE_RESTART = 1012;
export const CLOSE_SESSION_ENDED = 4401;
export const CLOSE_REFUSED = 4403;
export const CLOSE_SLOW_READER = 4409;
