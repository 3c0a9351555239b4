import type { BulkItem, ListPage, Ticket, TicketBoard, TicketChange, TicketCounts, TicketDraft, TicketLinkKind, TicketPriority, TicketSort, TicketStatus, TicketType } from "../types";
import type { Api } from "./client";

/** How many tickets one call of `bulk` takes. */
const BULK = 200;

/** Which tickets a list holds; all of it is joined by "and". */
export interface TicketQuery {
  /** A filter as JSON. */
  filter?: string;
  /** A part of the title, or a number with or without T-. */
  q?: string;
  sort?: TicketSort;
}

export interface NewTicket {
  title: string;
  description?: string;
  type_id?: string;
  priority?: TicketPriority;
  contact_id?: string;
  conversation_id?: string;
  assignee_id?: string;
  team_id?: string;
  due_at?: string;
  fields?: Record<string, unknown>;
  labels?: string[];
  /** A closed ticket that this one goes on with. */
  follow_up_of?: string;
  /** Posts number and link into the conversation. */
  tell_customer?: boolean;
}

export interface TicketPatch {
  title?: string;
  description?: string;
  type_id?: string;
  priority?: TicketPriority;
  status?: TicketStatus;
  contact_id?: string;
  /** null takes it away. */
  due_at?: string | null;
  /** null takes a value away. */
  fields?: Record<string, unknown>;
}

export interface CommentBody {
  /** Made here: the same one again is the same comment. */
  client_id: string;
  text: string;
  public: boolean;
  attachment_ids?: string[];
  /** Of internal comments alone. */
  mentions?: string[];
  /** What the ticket becomes with it. */
  status?: TicketStatus;
}

/** What is done with many tickets at once. */
export type BulkTickets =
  | { action: "assign"; assignee_id?: string; team_id?: string }
  | { action: "status"; status: TicketStatus }
  | { action: "priority"; priority: TicketPriority }
  | { action: "label" | "unlabel"; label_ids: string[] }
  | { action: "type"; type_id: string };

export type TicketTypeBody = Partial<Pick<TicketType, "name" | "description" | "fields" | "default" | "archived">>;

/** A part of a ticket's history. */
interface ChangesPage {
  items: TicketChange[];
  last_seq: number;
  has_more: boolean;
}

export class TicketsApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}`;
  }

  list(query: TicketQuery & { cursor?: string; limit?: number }): Promise<ListPage<Ticket>> {
    return this.api.request("get", `${this.base}/tickets`, { query: { ...query } });
  }

  board(query: TicketQuery & { limit?: number }): Promise<TicketBoard> {
    return this.api.request("get", `${this.base}/tickets/board`, { query: { ...query } });
  }

  counts(query: TicketQuery): Promise<TicketCounts> {
    return this.api.request("get", `${this.base}/tickets/counts`, { query: { ...query } });
  }

  one(ticket: string): Promise<Ticket> {
    return this.api.request("get", this.at(ticket));
  }

  /** The ticket people call T-12; undefined when there is none. */
  async byNumber(number: number): Promise<Ticket | undefined> {
    const filter = JSON.stringify({ field: "number", op: "is", value: number });
    return (await this.list({ filter, limit: 1 })).items[0];
  }

  create(body: NewTicket): Promise<Ticket> {
    return this.api.request("post", `${this.base}/tickets`, { body });
  }

  update(ticket: string, body: TicketPatch): Promise<Ticket> {
    return this.api.request("patch", this.at(ticket), { body });
  }

  changes(ticket: string, range: { after?: number; before?: number; limit?: number }): Promise<ChangesPage> {
    return this.api.request("get", `${this.at(ticket)}/changes`, { query: { ...range } });
  }

  comment(ticket: string, body: CommentBody): Promise<{ change: TicketChange; ticket: Ticket }> {
    return this.api.request("post", `${this.at(ticket)}/comments`, { body });
  }

  /** Hands over; an empty id: nobody, or no team. What is absent stays. */
  assign(ticket: string, body: { assignee_id?: string; team_id?: string; note?: string }): Promise<Ticket> {
    return this.api.request("post", `${this.at(ticket)}/assign`, { body });
  }

  /** `me`, or a member. */
  follow(ticket: string, member: string, on: boolean): Promise<Ticket> {
    return this.api.request(on ? "put" : "delete", `${this.at(ticket)}/followers/${member}`);
  }

  link(ticket: string, kind: TicketLinkKind, other: string): Promise<Ticket> {
    return this.api.request("post", `${this.at(ticket)}/links`, { body: { kind, ticket_id: other } });
  }

  unlink(ticket: string, link: string): Promise<Ticket> {
    return this.api.request("delete", `${this.at(ticket)}/links/${link}`);
  }

  label(ticket: string, label_ids: string[]): Promise<Ticket> {
    return this.api.request("put", `${this.at(ticket)}/labels`, { body: { label_ids } });
  }

  /** Answers the ticket that goes on. */
  merge(ticket: string, into: string): Promise<Ticket> {
    return this.api.request("post", `${this.at(ticket)}/merge`, { body: { into } });
  }

  unmerge(ticket: string): Promise<Ticket> {
    return this.api.request("post", `${this.at(ticket)}/unmerge`);
  }

  /** The customer's own page. */
  customerLink(ticket: string): Promise<{ url: string; expires_at: string }> {
    return this.api.request("post", `${this.at(ticket)}/link`);
  }

  /** Makes all links given out void. */
  async revokeLinks(ticket: string): Promise<void> {
    await this.api.request("delete", `${this.at(ticket)}/link`);
  }

  /** Each ticket succeeds or fails by itself. */
  async bulk(ids: readonly string[], action: BulkTickets): Promise<BulkItem[]> {
    const items: BulkItem[] = [];
    for (let from = 0; from < ids.length; from += BULK) {
      items.push(...(await this.api.request<{ items: BulkItem[] }>("post", `${this.base}/tickets/bulk`, { body: { ids: ids.slice(from, from + BULK), ...action } })).items);
    }
    return items;
  }

  /** Where to download the tickets of a filter as a table. */
  exportURL({ filter, q }: TicketQuery): string {
    const query = new URLSearchParams({ format: "csv", ...(filter ? { filter } : {}), ...(q ? { q } : {}) });
    return `${this.base}/tickets/export?${query.toString()}`;
  }

  /** What a ticket of the conversation begins with. */
  draft(conversation: string): Promise<TicketDraft> {
    return this.api.request("get", `${this.base}/conversations/${conversation}/ticket-draft`);
  }

  async ofConversation(conversation: string): Promise<Ticket[]> {
    return (await this.api.request<ListPage<Ticket>>("get", `${this.base}/conversations/${conversation}/tickets`)).items;
  }

  async ofContact(contact: string): Promise<Ticket[]> {
    return (await this.api.request<ListPage<Ticket>>("get", `${this.base}/contacts/${contact}/tickets`)).items;
  }

  /** Archived ones too. */
  async types(): Promise<TicketType[]> {
    return (await this.api.request<{ items: TicketType[] }>("get", `${this.base}/ticket-types`)).items;
  }

  saveType(type: string | undefined, body: TicketTypeBody): Promise<TicketType> {
    return this.api.request(type ? "patch" : "post", `${this.base}/ticket-types${type ? `/${type}` : ""}`, { body });
  }

  /** One that tickets are of is archived instead. */
  async removeType(type: string): Promise<void> {
    await this.api.request("delete", `${this.base}/ticket-types/${type}`);
  }

  private at(ticket: string): string {
    return `${this.base}/tickets/${ticket}`;
  }
}
