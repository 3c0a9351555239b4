import type { Localized, PluginLogLine } from "../types";
import type { Api } from "./client";
import type { LicenseStanding } from "./licenses";

/** Something a plugin may do in a workspace, if the workspace lets it. */
export interface PluginPermission {
  scope: string;
  reason: Localized;
  optional: boolean;
  granted: boolean;
}

export type PluginState = "starting" | "ready" | "backoff" | "quarantined" | "stopped" | "failed";

/** An installed plugin: what it brings, how its process fares, what this workspace lets it do. */
export interface Extension {
  id: string;
  name: Localized;
  summary: Localized;
  version: string;
  kinds: string[];
  state: PluginState;
  detail?: string;
  since: string;
  pid?: number;
  restarts: number;
  next_retry_at?: string;
  isolation: string[];
  isolation_level?: "trusted" | "confined";
  isolation_lacking?: { measure: string; why: string }[];
  enabled: boolean;
  /** false: files alone. */
  process: boolean;
  active_version?: string;
  previous_version?: string;
  pinned_version?: string;
  offered_version?: string;
  offered_asks?: string[];
  left_version?: string;
  permissions: PluginPermission[];
  /** What a version needs and nobody here agreed to yet. */
  missing: string[];
  network?: { host: string; reason: Localized }[];
  inboxes: boolean;
  connects: boolean;
  connections: number;
  config_schema: Record<string, unknown>;
  panels: { name: string; slot: string; title: Localized; kind: "card" | "page" }[];
  tools: { name: string; title: Localized; description: Localized; writes: boolean; approval: boolean }[];
  templates: { name: string; title: Localized; summary: Localized }[];
  /** What it is asked about before it happens. */
  asked_before: { point: HookPoint; budget_ms: number; denies: boolean; priority: number }[];
  /** Types of events that it is told of. */
  told_of: string[];
  /** Connections that are not asked for a while, because they gave no verdict. */
  skipped: SkippedInterceptor[];
  /** Of a paid plugin. */
  license?: LicenseStanding;
}

export type HookPoint = "message.send" | "conversation.route";

export interface SkippedInterceptor {
  connection_id: string;
  name: string;
  point: HookPoint;
  /** What it would be asked about does not happen meanwhile. */
  denies: boolean;
  since: string;
  failures: number;
  code: string;
  detail: string;
  next_at: string;
}

/** An account, shop or system of the far side that a plugin is connected with. */
export interface Connection {
  id: string;
  plugin: string;
  name: string;
  enabled: boolean;
  config: Record<string, unknown>;
  /** Those that are set, by pointer into config. */
  secrets: Record<string, boolean>;
  revision: number;
  schema: Record<string, unknown>;
  health: { state: "ok" | "degraded" | "down" | "unknown"; code?: string; detail?: string };
  sign_ins: { pointer: string; state: "none" | "ok" | "expired" }[];
  created_at: string;
  updated_at: string;
}

/** What a connection becomes. A secret that is absent stays; null takes it away. */
export interface ConnectionBody {
  name?: string;
  config?: Record<string, unknown>;
  secrets?: Record<string, string | null>;
  enabled?: boolean;
}

export interface PluginVersion {
  version: string;
  digest: string;
  at: string;
  size: number;
  active: boolean;
  previous: boolean;
  offered: boolean;
  asks: string[];
}

/** A change of the state of a plugin's process. */
export interface PluginStep {
  number: number;
  at: string;
  node: string;
  version: string;
  state: PluginState | "rolled_back";
  reason?: string;
  ending?: string;
  lines: string[];
  next_retry_at?: string;
}

/** An event that a connection was not told. */
export interface SkippedEvent {
  use: "hook" | "analyzer";
  feed: number;
  event_id: string;
  type: string;
  code: string;
  detail?: string;
  at: string;
}

/** What a server of another version may leave out. */
const plain = { summary: {}, isolation: [], enabled: true, process: true, missing: [], inboxes: false, connects: false, connections: 0, config_schema: {}, panels: [], tools: [], templates: [], asked_before: [], told_of: [], skipped: [] };
const asked = { optional: false, granted: false };

/** Plugins, and what they are connected with. */
export class ExtensionsApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${encodeURIComponent(workspace)}`;
  }

  async list(): Promise<Extension[]> {
    const { items } = await this.api.request<{ items: Extension[] }>("get", `${this.base}/plugins`);
    return items.map((one) => ({ ...plain, ...one, permissions: one.permissions.map((permission) => ({ ...asked, ...permission })) }));
  }

  async logs(plugin: string): Promise<PluginLogLine[]> {
    return (await this.api.request<{ lines: PluginLogLine[] }>("get", `${this.plugin(plugin)}/logs`)).lines;
  }

  async history(plugin: string): Promise<PluginStep[]> {
    return (await this.api.request<{ items: PluginStep[] }>("get", `${this.plugin(plugin)}/history`)).items;
  }

  /** Events that a connection was not told, the newest first. */
  async skipped(connection: string): Promise<SkippedEvent[]> {
    return (await this.api.request<{ items: SkippedEvent[] }>("get", `${this.base}/connections/${encodeURIComponent(connection)}/skipped`)).items;
  }

  async versions(plugin: string): Promise<PluginVersion[]> {
    return (await this.api.request<{ items: PluginVersion[] }>("get", `${this.plugin(plugin)}/versions`)).items;
  }

  async act(plugin: string, verb: "restart" | "enable" | "disable" | "rollback"): Promise<void> {
    await this.api.request("post", `${this.plugin(plugin)}/${verb}`);
  }

  /** `accept`: what the new version needs and the active one does not. */
  async upgrade(plugin: string, accept: string[]): Promise<void> {
    await this.api.request("post", `${this.plugin(plugin)}/upgrade`, { body: { accept } });
  }

  /** "" takes the pin away. */
  async pin(plugin: string, version: string): Promise<void> {
    await this.api.request("post", `${this.plugin(plugin)}/pin`, { body: { version } });
  }

  /** All that the plugin may do from now on. */
  async grant(plugin: string, scopes: string[]): Promise<void> {
    await this.api.request("put", `${this.plugin(plugin)}/grants`, { body: { scopes } });
  }

  async connections(): Promise<Connection[]> {
    return (await this.api.request<{ items: Connection[] }>("get", `${this.base}/connections`)).items;
  }

  connect(body: ConnectionBody & { plugin: string; scopes: string[] }): Promise<Connection> {
    return this.api.request("post", `${this.base}/connections`, { body });
  }

  update(connection: string, body: ConnectionBody): Promise<Connection> {
    return this.api.request("patch", `${this.base}/connections/${encodeURIComponent(connection)}`, { body });
  }

  async remove(connection: string): Promise<void> {
    await this.api.request("delete", `${this.base}/connections/${encodeURIComponent(connection)}`);
  }

  /** What is wrong with a configuration; with `probe` the plugin may ask its far side. */
  async validate(body: { plugin: string; instance?: string; config: Record<string, unknown>; secrets: Record<string, string | null>; probe: boolean }): Promise<{ pointer: string; message: string }[]> {
    return (await this.api.request<{ problems: { pointer: string; message: string }[] }>("post", `${this.base}/connections/validate`, { body })).problems;
  }

  /** Where the browser goes to sign in; it comes back to the console. */
  signIn(connection: string, pointer: string): Promise<{ authorize_url: string; redirect_url: string }> {
    return this.api.request("post", `${this.base}/connections/${encodeURIComponent(connection)}/oauth`, { body: { pointer } });
  }

  private plugin(id: string): string {
    return `${this.base}/plugins/${id.split("/").map(encodeURIComponent).join("/")}`;
  }
}
