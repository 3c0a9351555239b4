import type { Localized } from "../types";
import type { Api } from "./client";

/** An industry template that is installed, or in use. */
export interface Template {
  plugin: string;
  name: string;
  /** Absent: its plugin is not installed any more. */
  version?: string;
  title: Localized;
  summary: Localized;
  locales: string[];
  /** JSON Schema of the answers. */
  questions?: Record<string, unknown>;
  applied?: { version: string; locale: string; answers?: Record<string, unknown>; state: "applying" | "applied" | "incomplete"; applied_at: string };
}

export type TemplateOp = "create" | "update" | "delete" | "keep";

/** What becomes of one object. */
export interface TemplateChange {
  kind: string;
  key: string;
  id?: string;
  op: TemplateOp;
  reason: string;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  fields?: { name: string; kept?: boolean }[];
}

export interface TemplatePlan {
  version?: string;
  from?: string;
  hash: string;
  changes: TemplateChange[];
}

export interface TemplateOutcome {
  state: "applied" | "incomplete";
  failed: { kind: string; key: string; code: string; detail: string }[];
}

export interface TemplateAsk {
  locale: string;
  answers: Record<string, unknown>;
}

/** Industry templates: looked at, applied, taken away again. */
export class TemplatesApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${encodeURIComponent(workspace)}/templates`;
  }

  async list(): Promise<Template[]> {
    return (await this.api.request<{ items: Template[] }>("get", this.base)).items;
  }

  plan(of: Template, body: TemplateAsk): Promise<TemplatePlan> {
    return this.api.request("post", `${this.path(of)}/plan`, { body });
  }

  apply(of: Template, body: TemplateAsk & { hash: string }): Promise<TemplateOutcome> {
    return this.api.request("post", `${this.path(of)}/apply`, { body });
  }

  planRemoval(of: Template): Promise<TemplatePlan> {
    return this.api.request("get", `${this.path(of)}/removal`);
  }

  remove(of: Template, hash: string): Promise<TemplateOutcome> {
    return this.api.request("post", `${this.path(of)}/removal`, { body: { hash } });
  }

  private path(of: Template): string {
    return `${this.base}/${[...of.plugin.split("/"), of.name].map(encodeURIComponent).join("/")}`;
  }
}
