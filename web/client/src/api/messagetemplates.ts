import type { Api, Input } from "./client";
import type { components } from "./schema";

type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** A message that was prepared at the far side of a channel, and can be sent outside a window. */
export type MessageTemplate = Schema<"MessageTemplateBody">;
/** A value that fills a `{{name}}` of a template. */
export type MessageTemplateField = Schema<"MessageTemplateFieldBody">;
export type MessageTemplatePage = Schema<"MessageTemplatesBody">;

/** Which template a message is made of, and what fills it. */
export type TemplateUse = Schema<"TemplateUseBody">;

const BASE = "/api/v1/workspaces/{workspace}/inboxes/{inbox}/templates" as const;

export type MessageTemplateQuery = Input<"get", typeof BASE>["query"];

/** The templates of an inbox. */
export class MessageTemplatesApi {
  private readonly path: { workspace: string; inbox: string };

  constructor(
    private readonly api: Api,
    workspace: string,
    inbox: string,
  ) {
    this.path = { workspace, inbox };
  }

  list(query: MessageTemplateQuery = {}): Promise<MessageTemplatePage> {
    return this.api.call("get", BASE, { path: this.path, query });
  }

  /** Asks the far side now; the first page. */
  refresh(): Promise<MessageTemplatePage> {
    return this.api.call("post", `${BASE}/refresh`, { path: this.path });
  }
}
