import type { PluginLogLine } from "../types";
import type { Api, Input } from "./client";
import type { components } from "./schema";

type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** An installed plugin: what it brings, how its process fares, what this workspace lets it do. */
export type Extension = Schema<"PluginBody">;
export type PluginState = Extension["state"];
export type Condition = Schema<"ConditionBody">;
export type HealthHistory = Schema<"HealthHistoryBody">;
export type Backfill = Schema<"BackfillBody">;
/** Something a plugin may do in a workspace, if the workspace lets it. */
export type PluginPermission = Schema<"PermissionBody">;
/** A place that a plugin connects to: a host, or a field of its configuration that says which. */
export type PluginNetwork = Schema<"NetworkBody">;
export type HookPoint = Schema<"AskedBody">["point"];
export type SkippedInterceptor = Schema<"SkippedBody">;
/** An account, shop or system of the far side that a plugin is connected with. */
export type Connection = Schema<"ConnectionBody">;
export type PluginVersion = Schema<"VersionBody">;
/** A change of the state of a plugin's process. */
export type PluginStep = Schema<"StepBody">;
/** An event that a connection was not told. */
export type SkippedEvent = Schema<"MissedBody">;
/** What is wrong with a configuration, by pointer into it. */
export type ConfigProblem = Schema<"ProblemBody">;

const BASE = "/api/v1/workspaces/{workspace}" as const;
const PLUGIN = `${BASE}/plugins/{publisher}/{name}` as const;
const CONNECTION = `${BASE}/connections/{connection}` as const;

/** What a connection becomes. A secret that is absent stays; null takes it away. */
export type ConnectionBody = Input<"patch", typeof CONNECTION>["body"];
type NewConnection = Input<"post", `${typeof BASE}/connections`>["body"];
/** A configuration as somebody types it; with `probe` the plugin may ask its far side. */
export type Typed = Required<Pick<Validation, "config" | "secrets" | "probe" | "locale">>;
type Validation = Input<"post", `${typeof BASE}/connections/validate`>["body"];

/** Plugins, and what they are connected with. */
export class ExtensionsApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.path = { workspace };
  }

  async list(): Promise<Extension[]> {
    return (await this.api.call("get", `${BASE}/plugins`, { path: this.path })).items;
  }

  async logs(plugin: string): Promise<PluginLogLine[]> {
    return (await this.api.call("get", `${PLUGIN}/logs`, { path: this.plugin(plugin) })).lines;
  }

  async history(plugin: string): Promise<PluginStep[]> {
    return (await this.api.call("get", `${PLUGIN}/history`, { path: this.plugin(plugin) })).items;
  }

  /** Events that a connection was not told, the newest first. */
  async skipped(connection: string): Promise<SkippedEvent[]> {
    return (await this.api.call("get", `${CONNECTION}/skipped`, { path: { ...this.path, connection } })).items;
  }

  async versions(plugin: string): Promise<PluginVersion[]> {
    return (await this.api.call("get", `${PLUGIN}/versions`, { path: this.plugin(plugin) })).items;
  }

  async act(plugin: string, verb: "restart" | "enable" | "disable" | "rollback"): Promise<void> {
    await this.api.call("post", `${PLUGIN}/${verb}`, { path: this.plugin(plugin) });
  }

  /** `accept`: what the new version needs and the active one does not. */
  async upgrade(plugin: string, accept: string[]): Promise<void> {
    await this.api.call("post", `${PLUGIN}/upgrade`, { path: this.plugin(plugin), body: { accept } });
  }

  /** "" takes the pin away. */
  async pin(plugin: string, version: string): Promise<void> {
    await this.api.call("post", `${PLUGIN}/pin`, { path: this.plugin(plugin), body: { version } });
  }

  /** All that the plugin may do from now on. */
  async grant(plugin: string, scopes: string[]): Promise<void> {
    await this.api.call("put", `${PLUGIN}/grants`, { path: this.plugin(plugin), body: { scopes } });
  }

  async connections(): Promise<Connection[]> {
    return (await this.api.call("get", `${BASE}/connections`, { path: this.path })).items;
  }

  connect(body: NewConnection): Promise<Connection> {
    return this.api.call("post", `${BASE}/connections`, { path: this.path, body });
  }

  update(connection: string, body: ConnectionBody): Promise<Connection> {
    return this.api.call("patch", CONNECTION, { path: { ...this.path, connection }, body });
  }

  async remove(connection: string): Promise<void> {
    await this.api.call("delete", CONNECTION, { path: { ...this.path, connection } });
  }

  /** Its plugin opens it anew; how it fares then comes as an event. */
  retry(connection: string): Promise<Connection> {
    return this.api.call("post", `${CONNECTION}/retry`, { path: { ...this.path, connection } });
  }

  health(connection: string): Promise<HealthHistory> {
    return this.api.call("get", `${CONNECTION}/health`, { path: { ...this.path, connection } });
  }

  /** What is wrong with a connection's configuration, by field. */
  async validate(body: Validation): Promise<ConfigProblem[]> {
    return (await this.api.call("post", `${BASE}/connections/validate`, { path: this.path, body })).problems;
  }

  /** Where the browser goes to sign in; it comes back to the console. */
  signIn(connection: string, pointer: string): Promise<Schema<"OauthBody">> {
    return this.api.call("post", `${CONNECTION}/oauth`, { path: { ...this.path, connection }, body: { pointer } });
  }

  /** The id of a plugin is publisher/name. */
  private plugin(id: string): { workspace: string; publisher: string; name: string } {
    const [publisher = "", name = ""] = id.split("/");
    return { ...this.path, publisher, name };
  }
}
