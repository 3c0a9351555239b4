import type { Attribute, Canned, Label, Team } from "../contract";
import type { Api } from "./client";

/** What the people of a workspace share: labels, attributes, canned replies, teams. */
export class CatalogApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}`;
  }

  labels(): Promise<Label[]> {
    return this.items("labels");
  }

  attributes(): Promise<Attribute[]> {
    return this.items("attributes");
  }

  canned(): Promise<Canned[]> {
    return this.items("canned");
  }

  teams(): Promise<Team[]> {
    return this.items("teams");
  }

  /** All of them: people write these by hand, so the pages are few. */
  private async items<T>(name: string): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | undefined, first = true; first || cursor; first = false) {
      const page = await this.api.request<{ items: T[]; next_cursor?: string }>("get", `${this.base}/${name}`, { query: { limit: 200, cursor } });
      items.push(...page.items);
      cursor = page.next_cursor;
    }
    return items;
  }
}
