import type { Attribute, Canned, Label, Team } from "../types";
import type { Api } from "./client";
import { everything } from "./pages";

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

  saveLabel(label: Partial<Label>): Promise<Label> {
    const { name, color, description } = label;
    return this.save("labels", label.id, { name, color, description });
  }

  /** The key, the target and the type of a stored attribute stay: values depend on them. */
  saveAttribute(attribute: Partial<Attribute>): Promise<Attribute> {
    const { target, key, name, type, options, required } = attribute;
    return this.save("attributes", attribute.id, attribute.id ? { name, options, required } : { target, key, name, type, options, required });
  }

  saveCanned(canned: Partial<Canned>): Promise<Canned> {
    const { shortcut, title, text, scope, team_id, locale } = canned;
    return this.save("canned", canned.id, canned.id ? { shortcut, title, text } : { shortcut, title, text, scope, team_id, locale });
  }

  saveTeam(team: Partial<Team>): Promise<Team> {
    const { name, description, member_ids, inbox_ids } = team;
    return this.save("teams", team.id, { name, description, member_ids, inbox_ids });
  }

  async remove(what: "labels" | "attributes" | "canned" | "teams", id: string): Promise<void> {
    await this.api.request("delete", `${this.base}/${what}/${id}`);
  }

  /** A new one without an id, else a change of the one with it. */
  private save<T>(name: string, id: string | undefined, body: object): Promise<T> {
    return id ? this.api.request<T>("patch", `${this.base}/${name}/${id}`, { body }) : this.api.request<T>("post", `${this.base}/${name}`, { body });
  }

  /** All of them: people write these by hand, so the pages are few. */
  private items<T>(name: string): Promise<T[]> {
    return everything((cursor) => this.api.request("get", `${this.base}/${name}`, { query: { limit: 200, cursor } }));
  }
}
