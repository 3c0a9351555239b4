import type { Localized } from "../types";
import type { Api } from "./client";

/** Where plugins show something. */
export type PanelSlot = "settings.page" | "conversation.sidebar" | "ticket.sidebar" | "composer.action" | "report.page" | "navigation";

/** Something that a plugin shows, as the reader may see it. */
export interface Panel {
  connection: string;
  connection_name: string;
  plugin: string;
  panel: string;
  slot: PanelSlot;
  title: Localized;
  kind: "card" | "page";
}

/** What a panel is looked at with. */
export interface PanelLook {
  conversation_id?: string;
  ticket_id?: string;
  locale?: string;
  theme?: "light" | "dark";
}

/** A card, or why there is none. Times in seconds. */
export interface PanelCard {
  state: "ok" | "empty" | "unavailable";
  card?: unknown;
  fresh: number;
  code?: string;
  detail?: string;
  retry_after?: number;
}

export interface Pressed {
  card?: unknown;
  message?: string;
  failed: boolean;
  insert_text?: string;
}

export interface RecordField {
  name: string;
  label: string;
  type: "text" | "number" | "boolean" | "time" | "url" | "email" | "phone" | "money";
  writable: boolean;
  required: boolean;
}

/** A kind of record of a connected system, and what that takes. */
export interface RecordObject {
  name: string;
  label: string;
  fields: RecordField[];
  lookup: boolean;
  search: boolean;
  upsert: boolean;
  activities: boolean;
  pull: boolean;
}

export interface FarRecord {
  object: string;
  id: string;
  title: string;
  url?: string;
  fields: Record<string, unknown>;
  updated_at?: string;
}

/** What one connected system knows of a contact. */
export interface RecordLookup {
  connection: string;
  connection_name: string;
  plugin: string;
  state: "ok" | "late" | "unavailable" | "not_allowed";
  detail?: string;
  retry_after?: number;
  stale: boolean;
  seen_at?: string;
  records: FarRecord[];
}

/** A use of a tool that waits for somebody to agree, or is over. */
export interface ToolUse {
  id: string;
  tool: string;
  connection: string;
  args: Record<string, unknown>;
  conversation_id?: string;
  ticket_id?: string;
  caller_kind: "agent" | "bot" | "rule";
  caller_id: string;
  caller_name: string;
  state: "pending" | "running" | "done" | "failed" | "denied" | "expired";
  code?: string;
  detail?: string;
  created_at: string;
  expires_at: string;
}

export interface Tool {
  name: string;
  title: Localized;
  description: Localized;
  args_schema: Record<string, unknown>;
  writes: boolean;
  needs_approval: boolean;
  connections: { id: string; name: string }[];
}

/** What plugins show beside the work: panels, records of connected systems, tools that want a yes. */
export class PanelsApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${encodeURIComponent(workspace)}`;
  }

  /** Of one place, or of every one that fits what is named. */
  async list(query: { slot?: PanelSlot; conversation?: string; ticket?: string } = {}): Promise<Panel[]> {
    return (await this.api.request<{ items: Panel[] }>("get", `${this.base}/panels`, { query })).items;
  }

  render(connection: string, panel: string, look: PanelLook): Promise<PanelCard> {
    return this.api.request("post", `${this.of(connection, panel)}/render`, { body: look });
  }

  act(connection: string, panel: string, press: PanelLook & { action_id: string; action: string; data: Record<string, unknown> }): Promise<Pressed> {
    return this.api.request("post", `${this.of(connection, panel)}/act`, { body: press });
  }

  frame(connection: string, panel: string, look: PanelLook): Promise<{ src: string; token: string; expires_at: string }> {
    return this.api.request("post", `${this.of(connection, panel)}/frame`, { body: look });
  }

  async call(connection: string, panel: string, call: { token: string; method: string; params: unknown }): Promise<unknown> {
    return (await this.api.request<{ value: unknown }>("post", `${this.of(connection, panel)}/call`, { body: call })).value;
  }

  async objects(connection: string, locale: string): Promise<RecordObject[]> {
    return (await this.api.request<{ items: RecordObject[] }>("get", `${this.base}/connections/${encodeURIComponent(connection)}/objects`, { query: { locale } })).items;
  }

  /** Every connected system is asked at once, and has a state of its own. */
  async records(contact: string): Promise<RecordLookup[]> {
    return (await this.api.request<{ items: RecordLookup[] }>("get", `${this.base}/contacts/${encodeURIComponent(contact)}/records`)).items;
  }

  async searchRecords(connection: string, object: string, q: string): Promise<FarRecord[]> {
    return (await this.api.request<{ items: FarRecord[] }>("get", `${this.base}/connections/${encodeURIComponent(connection)}/records`, { query: { object, q } })).items;
  }

  /** Without an id it is made. The same key again has no further effect. */
  saveRecord(connection: string, record: { key: string; object: string; id?: string; title?: string; fields: Record<string, unknown> }): Promise<FarRecord> {
    return this.api.request("post", `${this.base}/connections/${encodeURIComponent(connection)}/records`, { body: record });
  }

  async writeSummary(conversation: string, summary: { key: string; connection: string; object: string; record: string; text: string }): Promise<void> {
    await this.api.request("post", `${this.base}/conversations/${encodeURIComponent(conversation)}/summary`, { body: summary });
  }

  async tools(): Promise<Tool[]> {
    return (await this.api.request<{ items: Tool[] }>("get", `${this.base}/tools`)).items;
  }

  async approvals(): Promise<ToolUse[]> {
    return (await this.api.request<{ items: ToolUse[] }>("get", `${this.base}/approvals`)).items;
  }

  decide(approval: string, approve: boolean): Promise<ToolUse> {
    return this.api.request("post", `${this.base}/approvals/${encodeURIComponent(approval)}`, { body: { approve } });
  }

  /** Somebody has looked at what an analyzer noticed: it is settled. */
  async dismissFinding(finding: string): Promise<void> {
    await this.api.request("post", `${this.base}/findings/${encodeURIComponent(finding)}/dismiss`);
  }

  private of(connection: string, panel: string): string {
    return `${this.base}/connections/${encodeURIComponent(connection)}/panels/${encodeURIComponent(panel)}`;
  }
}
