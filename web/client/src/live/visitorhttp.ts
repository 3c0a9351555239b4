import { problemOf, unreachable } from "../problem";
import type { Attachment, PublicChange, PublicQuote, VisitorSession, WidgetSettings } from "../types";
import { uploadTransport, type UploadTransport } from "../upload";
import type { Range } from "./sequence";

export interface VisitorInbox {
  /** Whether any agent is online. */
  available?: boolean;
  /** Whether it is outside the hours of those who answer, and until when if that is known. */
  closed?: boolean;
  opens_at?: string;
  inbox_id: string;
  enabled: boolean;
  settings: WidgetSettings;
  locale: string;
}

/** What a visitor's session is opened with. */
export interface SessionRequest {
  page_url: string;
  page_title: string;
  referrer: string;
  locale: string;
  /** The origin of the page the widget is embedded in. */
  embed_origin: string;
  /** The token of an earlier visit, to go on with its conversation. */
  token?: string;
  /** A token by which the site vouches for who the visitor is. */
  identity?: string;
}

/** What a visitor writes. Files and the quote are whole, so that they can be shown before they are stored. */
export interface VisitorMessage {
  client_msg_id: string;
  text: string;
  attachments?: Attachment[];
  reply_to?: PublicQuote;
}

/** As it goes over the wire: by ids. */
export function wireVisitorMessage({ client_msg_id, text, attachments, reply_to }: VisitorMessage): object {
  return { client_msg_id, text, ...(attachments?.length && { attachment_ids: attachments.map(({ id }) => id) }), ...(reply_to && { reply_to: reply_to.id }) };
}

/** What the form before the chat asked. */
export interface PreChat {
  name?: string;
  email?: string;
  phone?: string;
  message?: string;
  attributes?: Record<string, string>;
  client_msg_id?: string;
}

/** What a visitor leaves when nobody is there. */
/** What a visitor keeps of their ticket. */
export interface OfflineTicket {
  number: string;
  url: string;
}

export interface OfflineMessage {
  name: string;
  email: string;
  phone?: string;
  message: string;
  client_msg_id: string;
}

/** What to leave to be called back instead of waiting. */
export type CallbackReach = "phone" | "email" | "either";

/** How a visitor who does not want to wait can be reached. */
export interface CallbackWish {
  phone?: string;
  email?: string;
  when?: string;
  note?: string;
  client_msg_id: string;
}

/** A page the visitor looked at. */
export interface PageView {
  url: string;
  title: string;
  referrer: string;
  at: string;
  duration_s: number;
}

/**
 * The visitor's routes. Every failure is an ApiError. `origin` is empty on the server's own pages,
 * `language` is the one answers are wanted in: the page's, which need not be the browser's.
 */
export class VisitorHttp {
  constructor(
    private readonly inboxID: string,
    private readonly origin = "",
    private readonly language = "",
  ) {}

  get socketPath(): string {
    return `/api/v1/live/${this.inboxID}/socket`;
  }

  inbox(): Promise<VisitorInbox> {
    return this.call("", {});
  }

  /** 403 `visitor.refused` when the inbox's policy says no. */
  openSession(request: SessionRequest): Promise<VisitorSession> {
    return this.call("/sessions", { method: "POST", body: JSON.stringify(request) });
  }

  /** Ends the session of a token, also while the page goes away. */
  async endSession(token: string): Promise<void> {
    await this.call("/sessions", { method: "DELETE", keepalive: true }, token);
  }

  changes(token: string, after: number): Promise<Range<PublicChange> & { last_public_seq: number }> {
    return this.call(`/changes?after=${after}`, {}, token);
  }

  /** Idempotent by client_msg_id. */
  postMessage(token: string, message: VisitorMessage): Promise<{ change: PublicChange }> {
    return this.call("/messages", { method: "POST", body: JSON.stringify(wireVisitorMessage(message)) }, token);
  }

  async preChat(token: string, answers: PreChat): Promise<void> {
    await this.call("/prechat", { method: "POST", body: JSON.stringify(answers) }, token);
  }

  /** The ticket that the message became. */
  async offline(token: string, message: OfflineMessage): Promise<OfflineTicket | undefined> {
    return (await this.call<{ ticket?: OfflineTicket } | undefined>("/offline", { method: "POST", body: JSON.stringify(message) }, token))?.ticket;
  }

  /** What the visitor can do instead of waiting. */
  waiting(token: string): Promise<{ waiting: boolean; callback?: CallbackReach }> {
    return this.call("/waiting", {}, token);
  }

  async leaveQueue(token: string): Promise<void> {
    await this.call("/waiting/leave", { method: "POST" }, token);
  }

  /** The number of the ticket that it became. */
  async callBack(token: string, wish: CallbackWish): Promise<string | undefined> {
    return (await this.call<{ ticket?: string }>("/waiting/callback", { method: "POST", body: JSON.stringify(wish) }, token)).ticket;
  }

  /** `consent`: the visitor agreed to it, where the inbox asks; false takes that back; undefined says nothing. */
  async pageViews(token: string, views: PageView[], consent?: boolean): Promise<void> {
    await this.call("/pageviews", { method: "POST", body: JSON.stringify({ views, ...(consent !== undefined && { consent }) }) }, token);
  }

  async rate(token: string, score: number, comment: string): Promise<void> {
    await this.call("/rating", { method: "POST", body: JSON.stringify({ score, ...(comment && { comment }) }) }, token);
  }

  /** The conversation as a file. */
  async transcript(token: string, format: "txt" | "html"): Promise<Blob> {
    return (await this.ask(`/transcript?format=${format}`, {}, token)).blob();
  }

  /** Uploads of whoever holds the token that `token` returns. */
  uploads(token: () => string): UploadTransport {
    return uploadTransport(`${this.origin}/api/v1/live/${this.inboxID}/uploads`, () => ({ Authorization: `Bearer ${token()}` }));
  }

  private async call<T>(path: string, init: RequestInit, token?: string): Promise<T> {
    const response = await this.ask(path, init, token);
    if (response.status === 204) return undefined as T;
    return (await response.json().catch((cause) => {
      throw unreachable(cause);
    })) as T;
  }

  private async ask(path: string, init: RequestInit, token?: string): Promise<Response> {
    const headers: Record<string, string> = {};
    if (init.body) headers["Content-Type"] = "application/json";
    if (this.language) headers["Accept-Language"] = this.language;
    if (token) headers["Authorization"] = `Bearer ${token}`;
    const url = `${this.origin}/api/v1/live/${this.inboxID}${path}`;
    const response = await fetch(url, { ...init, headers, credentials: "omit" }).catch((cause) => {
      throw unreachable(cause);
    });
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}
