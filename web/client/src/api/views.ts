import type { ConversationFilter, ListSort } from "../apply";
import type { BulkItem, Conversation, FilterNode, ListPage, Priority, SavedView, SearchAnswer } from "../types";
import type { Api } from "./client";

/** How many conversations one call of `bulk` takes. */
const BULK = 200;
/** How many views one call of `counts` takes. */
const COUNTS = 30;

export interface ViewBody {
  name?: string;
  scope?: SavedView["scope"];
  team_id?: string;
  filter?: FilterNode;
  sort?: ListSort;
  position?: number;
}

export type SearchType = "all" | "conversations" | "messages" | "contacts" | "tickets";

export interface SearchQuery {
  q: string;
  type: SearchType;
  /** Of the conversations, as JSON. */
  filter?: string;
  cursor?: string;
  limit?: number;
}

/** What is done with many conversations at once. */
export type BulkAction =
  | { action: "assign"; member_id?: string; team_id?: string; queue_id?: string }
  | { action: "resolve" | "reopen" | "read" }
  | { action: "snooze"; snoozed_until: string }
  | { action: "label" | "unlabel"; label_ids: string[] }
  | { action: "priority"; priority: Priority | "" };

/** Lists of conversations: saved views, long filters, search, and work on many at once. */
export class ViewsApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}`;
  }

  /** Those the member sees, in their order. */
  async list(): Promise<SavedView[]> {
    return (await this.api.request<{ items: SavedView[] }>("get", `${this.base}/views`)).items;
  }

  create(body: ViewBody): Promise<SavedView> {
    return this.api.request("post", `${this.base}/views`, { body });
  }

  update(view: string, body: ViewBody): Promise<SavedView> {
    return this.api.request("patch", `${this.base}/views/${view}`, { body });
  }

  async remove(view: string): Promise<void> {
    await this.api.request("delete", `${this.base}/views/${view}`);
  }

  /** How much is in views; 1000 stands for that or more. Views that are not seen are left out. */
  async counts(views: readonly string[]): Promise<Record<string, number>> {
    const parts = await Promise.all(chunks(views, COUNTS).map((part) => this.api.request<{ counts: Record<string, number> }>("get", `${this.base}/conversations/counts`, { query: { views: part.join() } })));
    return Object.assign({}, ...parts.map((part) => part.counts)) as Record<string, number>;
  }

  /** A list by a filter that may be long. */
  query(body: { filter?: FilterNode; view?: string; sort?: ListSort; limit?: number; cursor?: string }): Promise<ListPage<Conversation>> {
    return this.api.request("post", `${this.base}/conversations/query`, { body });
  }

  /** Which of the conversations a list holds; at most 50. */
  async check(ids: readonly string[], list: ConversationFilter): Promise<string[]> {
    const { filter, sort: _, ...rest } = list;
    const body = { ids, ...rest, ...(filter ? { filter: JSON.parse(filter) as FilterNode } : {}) };
    return (await this.api.request<{ ids: string[] }>("post", `${this.base}/conversations/check`, { body })).ids;
  }

  search(query: SearchQuery): Promise<SearchAnswer> {
    return this.api.request("get", `${this.base}/search`, { query: { ...query } });
  }

  /** Organisations whose name or domain holds the text. */
  async organisations(q: string): Promise<{ id: string; name: string }[]> {
    return (await this.api.request<{ items: { id: string; name: string }[] }>("get", `${this.base}/organisations`, { query: { q: q || undefined, limit: 30 } })).items;
  }

  organisation(id: string): Promise<{ id: string; name: string }> {
    return this.api.request("get", `${this.base}/organisations/${id}`);
  }

  /** Each conversation succeeds or fails by itself. */
  async bulk(ids: readonly string[], action: BulkAction): Promise<BulkItem[]> {
    const items: BulkItem[] = [];
    for (const part of chunks(ids, BULK)) {
      items.push(...(await this.api.request<{ items: BulkItem[] }>("post", `${this.base}/conversations/bulk`, { body: { ids: part, ...action } })).items);
    }
    return items;
  }
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
}
