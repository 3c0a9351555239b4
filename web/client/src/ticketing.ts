/** The objects of the API that are about tickets. */
import type { Actor, Attachment, AttributeType, Mention, Priority } from "./types";

export type TicketStatus = "new" | "open" | "pending" | "solved" | "closed";
export type TicketPriority = Priority;
export type TicketLinkKind = "relates" | "blocks" | "blocked_by" | "duplicates" | "duplicated_by" | "parent" | "child";
export type TicketSort = "updated" | "created" | "due" | "priority";

/** How a ticket stands to another one: "parent" says that the other one is. */
export interface TicketLink {
  id: string;
  kind: TicketLinkKind;
  ticket_id: string;
  number: number;
  title: string;
  status: TicketStatus;
}

/** Work that outlives a conversation. `number` is said aloud: T-123. */
export interface Ticket {
  id: string;
  number: number;
  type_id: string;
  title: string;
  description: string;
  status: TicketStatus;
  priority: TicketPriority;
  contact_id?: string;
  contact_name: string;
  organisation_id?: string;
  conversation_id?: string;
  inbox_id?: string;
  assignee_id?: string;
  assignee_name?: string;
  team_id?: string;
  follower_ids: string[];
  due_at?: string;
  fields: Record<string, unknown>;
  links: TicketLink[];
  labels: string[];
  merged_into?: string;
  created_by: Actor;
  created_at: string;
  updated_at: string;
  solved_at?: string;
  closed_at?: string;
  last_seq: number;
  comments: number;
  rating?: { score: number; comment?: string; at: string };
}

export interface TicketComment {
  id: string;
  ticket_id: string;
  client_id: string;
  /** Whether the customer may read it. */
  public: boolean;
  author: Actor;
  text: string;
  created_at: string;
  attachments?: Attachment[];
  mentions?: Mention[];
}

/** One row of a ticket's history; `seq` is gapless. */
export interface TicketChange {
  id: string;
  ticket_id: string;
  seq: number;
  public: boolean;
  type: string;
  at: string;
  actor: Actor;
  comment?: TicketComment;
  data?: Record<string, unknown>;
}

export interface TicketField {
  key: string;
  name: string;
  type: AttributeType;
  options?: string[];
  required?: boolean;
  public?: boolean;
}

/** A kind of tickets with the fields that they have. */
export interface TicketType {
  id: string;
  name: string;
  description: string;
  fields: TicketField[];
  default: boolean;
  archived: boolean;
  created_at: string;
}

export interface TicketColumn {
  status: TicketStatus;
  /** 1000 stands for that or more. */
  count: number;
  items: Ticket[];
  /** A cursor of the list of this status. */
  next?: string;
}

export interface TicketBoard {
  columns: TicketColumn[];
}

export interface TicketCounts {
  by_status: Record<TicketStatus, number>;
  overdue: number;
}

/** What one click in a conversation fills in. */
export interface TicketDraft {
  title: string;
  description: string;
  contact_id?: string;
  contact_name?: string;
  inbox_id: string;
  conversation_id: string;
  priority: TicketPriority;
}
