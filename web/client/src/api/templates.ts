import type { Api } from "./client";
import type { components } from "./schema";

type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** An industry template that is installed, or in use. */
export type Template = Schema<"TemplateBody">;
/** What becomes of one object. */
export type TemplateChange = Schema<"TemplateChange">;
export type TemplateOp = TemplateChange["op"];
export type TemplatePlan = Schema<"TemplatePlan">;
export type TemplateOutcome = Schema<"TemplateOutcome">;
export type TemplateAsk = Schema<"TemplateAsk">;

const BASE = "/api/v1/workspaces/{workspace}/templates" as const;
const TEMPLATE = `${BASE}/{publisher}/{name}/{template}` as const;

/** Industry templates: looked at, applied, taken away again. */
export class TemplatesApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.path = { workspace };
  }

  async list(): Promise<Template[]> {
    return (await this.api.call("get", BASE, { path: this.path })).items;
  }

  plan(of: Template, body: TemplateAsk): Promise<TemplatePlan> {
    return this.api.call("post", `${TEMPLATE}/plan`, { path: this.of(of), body });
  }

  apply(of: Template, body: TemplateAsk & { hash: string }): Promise<TemplateOutcome> {
    return this.api.call("post", `${TEMPLATE}/apply`, { path: this.of(of), body });
  }

  planRemoval(of: Template): Promise<TemplatePlan> {
    return this.api.call("get", `${TEMPLATE}/removal`, { path: this.of(of) });
  }

  remove(of: Template, hash: string): Promise<TemplateOutcome> {
    return this.api.call("post", `${TEMPLATE}/removal`, { path: this.of(of), body: { hash } });
  }

  private of({ plugin, name: template }: Template): { workspace: string; publisher: string; name: string; template: string } {
    const [publisher = "", name = ""] = plugin.split("/");
    return { ...this.path, publisher, name, template };
  }
}
