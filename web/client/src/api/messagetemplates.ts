import type { Api } from "./client";

/** A value that fills a `{{name}}` of a template. */
export interface MessageTemplateField {
  name: string;
  label?: string;
  example?: string;
  /** Characters; absent: no limit of its own. */
  max_length?: number;
  optional?: boolean;
}

/** A message that was prepared at the far side of a channel, and can be sent outside a window. */
export interface MessageTemplate {
  /** Unique together with the language. */
  id: string;
  /** BCP 47; absent: none. */
  language?: string;
  name: string;
  /** The far side's word. */
  category?: string;
  header?: string;
  text: string;
  footer?: string;
  buttons?: string[];
  fields: MessageTemplateField[];
  /** The message must have one file of this kind. */
  file?: "image" | "audio" | "file";
  /** Why it cannot be sent now. */
  unusable?: string;
}

export interface MessageTemplatePage {
  items: MessageTemplate[];
  next_cursor?: string;
  /** When the far side was last asked with success; absent: never. */
  listed_at?: string;
  /** Of the last attempt, where it failed. */
  error?: { code: string; detail?: string };
  /** What the far side has and the host did not take. */
  refused?: { id: string; language?: string; reason: "id" | "language" | "text" | "too_long" | "too_many" | "field" | "undeclared" | "file" | "duplicate" }[];
  /** How many fit. */
  total: number;
}

/** Which template a message is made of, and what fills it. */
export interface TemplateUse {
  id: string;
  language?: string;
  values: Record<string, string>;
}

export interface MessageTemplateQuery {
  q?: string;
  language?: string;
  limit?: number;
  cursor?: string;
}

/** The templates of an inbox. */
export class MessageTemplatesApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
    inbox: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}/inboxes/${inbox}/templates`;
  }

  list(query: MessageTemplateQuery = {}): Promise<MessageTemplatePage> {
    return this.api.request("get", this.base, { query: { ...query } });
  }

  /** Asks the far side now; the first page. */
  refresh(): Promise<MessageTemplatePage> {
    return this.api.request("post", `${this.base}/refresh`);
  }
}
