import type { components } from "./schema";
import type { Api } from "./client";
import type { ListPage } from "../types";

const BASE = "/api/v1/workspaces/{workspace}" as const;

export type Erasure = components["schemas"]["ErasureBody"];
export type ErasurePreview = components["schemas"]["ErasurePreviewBody"];
export type ErasureReason = "request" | "consent" | "unneeded" | "mistake";
export type Retention = components["schemas"]["RetentionBody"];
export type RetentionRule = components["schemas"]["RetentionRule"];
export type RetentionForecast = components["schemas"]["RetentionForecast"];
export type Export = components["schemas"]["ExportBody"];

/** What is kept: for how long, given out, forgotten. */
export class DataApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    private readonly workspace: string,
  ) {
    this.path = { workspace };
  }

  erasurePreview(contact: string): Promise<ErasurePreview> {
    return this.api.call("get", `${BASE}/contacts/{contact}/erase`, { path: { ...this.path, contact } });
  }

  erase(contact: string, confirm: string, reason: ErasureReason): Promise<Erasure> {
    return this.api.call("post", `${BASE}/contacts/{contact}/erase`, { path: { ...this.path, contact }, body: { confirm, reason } });
  }

  erasures(query: { cursor?: string; limit?: number }): Promise<ListPage<Erasure>> {
    return this.api.call("get", `${BASE}/erasures`, { path: this.path, query });
  }

  retention(): Promise<Retention> {
    return this.api.call("get", `${BASE}/retention`, { path: this.path });
  }

  /** Days by kind; 0 takes a rule away. */
  setRetention(days: Record<string, number>): Promise<Retention> {
    return this.api.call("patch", `${BASE}/retention`, { path: this.path, body: days });
  }

  async retentionPreview(days: Record<string, number>): Promise<RetentionForecast[]> {
    const { items } = await this.api.call("get", `${BASE}/retention/preview`, { path: this.path, query: days });
    return items ?? [];
  }

  async exports(): Promise<Export[]> {
    const { items } = await this.api.call("get", `${BASE}/exports`, { path: this.path });
    return items ?? [];
  }

  startExport(body: { contact_id?: string; with_files?: boolean }): Promise<Export> {
    return this.api.call("post", `${BASE}/exports`, { path: this.path, body });
  }

  async endExport(id: string): Promise<void> {
    await this.api.call("delete", `${BASE}/exports/{export}`, { path: { ...this.path, export: id } });
  }

  /** Where the browser downloads an export. */
  exportFile(id: string): string {
    return `${BASE.replace("{workspace}", encodeURIComponent(this.workspace))}/exports/${encodeURIComponent(id)}/file`;
  }
}
