import type { ListPage } from "../types";
import type { components } from "./schema";
import type { Api } from "./client";

const BASE = "/api/v1/workspaces/{workspace}" as const;

export type AuditRow = components["schemas"]["AuditBody"];
export type AuditVerification = components["schemas"]["VerificationBody"];
export type ApiKey = components["schemas"]["KeyBody"];
export type MadeApiKey = components["schemas"]["MadeKeyBody"];

export type Sandbox = components["schemas"]["SandboxBody"];
export type Sandboxes = components["schemas"]["SandboxesBody"];

export interface AuditQuery {
  actor?: string;
  /** A whole action, or "member." for all of a kind. */
  action?: string;
  target?: string;
  from?: string;
  to?: string;
  q?: string;
  cursor?: string;
  limit?: number;
}

/** The audit log, the keys of programs, and sandboxes to try them out in. */
export class SecurityApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    private readonly workspace: string,
  ) {
    this.path = { workspace };
  }

  audit(query: AuditQuery): Promise<ListPage<AuditRow>> {
    return this.api.call("get", `${BASE}/audit`, { path: this.path, query });
  }

  verifyAudit(): Promise<AuditVerification> {
    return this.api.call("get", `${BASE}/audit/verification`, { path: this.path });
  }

  /** How many months the log is kept; 0: for ever. */
  async auditMonths(): Promise<number> {
    return (await this.api.call("get", `${BASE}/audit/retention`, { path: this.path })).months;
  }

  async keepAudit(months: number): Promise<number> {
    return (await this.api.call("put", `${BASE}/audit/retention`, { path: this.path, body: { months } })).months;
  }

  /** Where the browser downloads the rows of a filter. */
  auditFile(query: AuditQuery, format: "csv" | "jsonl"): string {
    const named = Object.entries({ ...query, format }).filter((one): one is [string, string] => typeof one[1] === "string" && one[1] !== "");
    return `${BASE.replace("{workspace}", encodeURIComponent(this.workspace))}/audit/export?${new URLSearchParams(named).toString()}`;
  }

  keys(query: { cursor?: string; limit?: number }): Promise<ListPage<ApiKey>> {
    return this.api.call("get", `${BASE}/api-keys`, { path: this.path, query });
  }

  makeKey(body: { name: string; scopes: string[]; expires_at?: string }): Promise<MadeApiKey> {
    return this.api.call("post", `${BASE}/api-keys`, { path: this.path, body });
  }

  sandboxes(): Promise<Sandboxes> {
    return this.api.call("get", `${BASE}/sandboxes`, { path: this.path });
  }

  /** Ready when it answers, as a rule: see `state`. */
  makeSandbox(body: { name?: string; locale?: "en" | "zh-CN" }): Promise<Sandbox> {
    return this.api.call("post", `${BASE}/sandboxes`, { path: this.path, body });
  }

  /** It is done when its `state` is ready again. */
  async resetSandbox(sandbox: string): Promise<void> {
    await this.api.call("post", `${BASE}/sandboxes/{sandbox}/reset`, { path: { ...this.path, sandbox } });
  }

  async endSandbox(sandbox: string): Promise<void> {
    await this.api.call("delete", `${BASE}/sandboxes/{sandbox}`, { path: { ...this.path, sandbox } });
  }

  async revokeKey(key: string): Promise<void> {
    await this.api.call("delete", `${BASE}/api-keys/{key}`, { path: { ...this.path, key } });
  }
}
