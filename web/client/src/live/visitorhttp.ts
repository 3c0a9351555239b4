import { problemOf, unreachable } from "../problem";
import type { PublicChange, VisitorSession, WidgetSettings } from "../types";
import type { Range } from "./sequence";

export interface VisitorInbox {
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
}

export interface VisitorMessage {
  client_msg_id: string;
  text: string;
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

  changes(token: string, after: number): Promise<Range<PublicChange> & { last_public_seq: number }> {
    return this.call(`/changes?after=${after}`, {}, token);
  }

  /** Idempotent by client_msg_id. */
  postMessage(token: string, message: VisitorMessage): Promise<{ change: PublicChange }> {
    return this.call("/messages", { method: "POST", body: JSON.stringify(message) }, token);
  }

  private async call<T>(path: string, init: RequestInit, token?: string): Promise<T> {
    const headers: Record<string, string> = {};
    if (init.body) headers["Content-Type"] = "application/json";
    if (this.language) headers["Accept-Language"] = this.language;
    if (token) headers["Authorization"] = `Bearer ${token}`;
    const url = `${this.origin}/api/v1/live/${this.inboxID}${path}`;
    const response = await fetch(url, { ...init, headers, credentials: "omit" }).catch((cause) => {
      throw unreachable(cause);
    });
    if (!response.ok) throw await problemOf(response);
    return (await response.json().catch((cause) => {
      throw unreachable(cause);
    })) as T;
  }
}
