import type { Contact, ContactDuplicate, ContactImport, ContactMerge, ContactNote, JourneyItem, ListPage, Organisation, PageView, RatingsPage } from "../types";
import type { Api } from "./client";

const BASE = "/api/v1/workspaces/{workspace}" as const;

export type ContactSort = "created_desc" | "name_asc" | "seen_desc";

export interface ContactBody {
  name?: string;
  email?: string;
  phone?: string;
  external_id?: string;
  note?: string;
  /** Empty: none. */
  organisation_id?: string;
  /** By key; null removes. */
  attributes?: Record<string, unknown>;
}

export interface OrganisationBody {
  name?: string;
  /** Of e-mail addresses; each belongs to one organisation. */
  domains?: string[];
  note?: string;
}

export interface ImportChoice {
  /** Fields by index of the column. */
  mapping?: Record<string, string>;
  match?: ContactImport["match"];
  on_match?: ContactImport["on_match"];
}

export interface RatingQuery {
  about?: "conversations" | "tickets";
  /** Given at or after. */
  from?: string;
  member?: string;
  team?: string;
  inbox?: string;
  cursor?: string;
  limit?: number;
}

/** Customers, their organisations, and tables of them. */
export class ContactsApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    private readonly workspace: string,
  ) {
    this.path = { workspace };
  }

  list(query: { q?: string; organisation?: string; sort?: ContactSort; cursor?: string; limit?: number }): Promise<ListPage<Contact>> {
    return this.api.call("get", `${BASE}/contacts`, { path: this.path, query });
  }

  create(body: ContactBody): Promise<Contact> {
    return this.api.call("post", `${BASE}/contacts`, { path: this.path, body });
  }

  update(contact: string, body: ContactBody): Promise<Contact> {
    return this.api.call("patch", `${BASE}/contacts/{contact}`, { path: this.one(contact), body });
  }

  /** Everything that happened with a contact, the newest first. */
  journey(contact: string, { before, limit, kinds }: { before?: string; limit?: number; kinds?: readonly JourneyItem["kind"][] } = {}): Promise<ListPage<JourneyItem>> {
    // One value with commas: that is how the route takes several.
    return this.api.call("get", `${BASE}/contacts/{contact}/journey`, { path: this.one(contact), query: { before, limit, kinds: kinds && [kinds.join()] } });
  }

  /** Pages of web sites that a contact looked at, the newest first. */
  async pages(contact: string, limit: number): Promise<PageView[]> {
    return (await this.api.call("get", `${BASE}/contacts/{contact}/pages`, { path: this.one(contact), query: { limit } })).items;
  }

  /** The organisation whose domain the contact's e-mail address has, if there is one. */
  async suggestion(contact: string): Promise<{ id: string; name: string } | null> {
    return (await this.api.call("get", `${BASE}/contacts/{contact}/organisation-suggestion`, { path: this.one(contact) })).organisation ?? null;
  }

  /** What customers said at the end, the newest first, with the sum of all that the query selects. */
  ratings(query: RatingQuery): Promise<RatingsPage> {
    return this.api.call("get", `${BASE}/ratings`, { path: this.path, query });
  }

  notes(contact: string, query: { cursor?: string; limit?: number } = {}): Promise<ListPage<ContactNote>> {
    return this.api.call("get", `${BASE}/contacts/{contact}/notes`, { path: this.one(contact), query });
  }

  addNote(contact: string, text: string): Promise<ContactNote> {
    return this.api.call("post", `${BASE}/contacts/{contact}/notes`, { path: this.one(contact), body: { text } });
  }

  changeNote(contact: string, note: string, text: string): Promise<ContactNote> {
    return this.api.call("patch", `${BASE}/contacts/{contact}/notes/{note}`, { path: { ...this.one(contact), note }, body: { text } });
  }

  /** With `leaving` the request outlives the page. */
  async removeNote(contact: string, note: string, leaving = false): Promise<void> {
    await this.api.request("delete", `/api/v1/workspaces/${this.workspace}/contacts/${contact}/notes/${note}`, { keepalive: leaving });
  }

  async duplicates(contact: string): Promise<ContactDuplicate[]> {
    return (await this.api.call("get", `${BASE}/contacts/{contact}/duplicates`, { path: this.one(contact) })).items;
  }

  /** The contact goes into another one, which stays. */
  merge(contact: string, into: string): Promise<{ merge_id: string; contact: Contact }> {
    return this.api.call("post", `${BASE}/contacts/{contact}/merge`, { path: this.one(contact), body: { into } });
  }

  async merges(contact: string): Promise<ContactMerge[]> {
    return (await this.api.call("get", `${BASE}/contacts/{contact}/merges`, { path: this.one(contact) })).items;
  }

  /** Answers the contact that is back and the one it was in. */
  undoMerge(merge: string): Promise<{ contact: Contact; from: Contact }> {
    return this.api.call("post", `${BASE}/merges/{merge}/undo`, { path: { ...this.path, merge } });
  }

  organisations(query: { q?: string; cursor?: string; limit?: number }): Promise<ListPage<Organisation>> {
    return this.api.call("get", `${BASE}/organisations`, { path: this.path, query });
  }

  organisation(organisation: string): Promise<Organisation> {
    return this.api.call("get", `${BASE}/organisations/{organisation}`, { path: { ...this.path, organisation } });
  }

  createOrganisation(body: OrganisationBody & { name: string }): Promise<Organisation> {
    return this.api.call("post", `${BASE}/organisations`, { path: this.path, body });
  }

  updateOrganisation(organisation: string, body: OrganisationBody): Promise<Organisation> {
    return this.api.call("patch", `${BASE}/organisations/{organisation}`, { path: { ...this.path, organisation }, body });
  }

  /** Its contacts stay, with no organisation. */
  async removeOrganisation(organisation: string): Promise<void> {
    await this.api.call("delete", `${BASE}/organisations/{organisation}`, { path: { ...this.path, organisation } });
  }

  /** The newest first; without the errors of rows. */
  imports(limit: number): Promise<ListPage<ContactImport>> {
    return this.api.call("get", `${BASE}/imports`, { path: this.path, query: { limit } });
  }

  import(id: string): Promise<ContactImport> {
    return this.api.call("get", `${BASE}/imports/{import}`, { path: { ...this.path, import: id } });
  }

  /** Sends a table as it is; the answer says what its columns seem to be. */
  upload(file: Blob): Promise<ContactImport> {
    return this.api.upload("post", `/api/v1/workspaces/${this.workspace}/imports`, file, "text/csv");
  }

  choose(id: string, body: ImportChoice): Promise<ContactImport> {
    return this.api.call("patch", `${BASE}/imports/{import}`, { path: { ...this.path, import: id }, body });
  }

  /** Tries every row and writes nothing. */
  check(id: string): Promise<ContactImport> {
    return this.api.call("post", `${BASE}/imports/{import}/check`, { path: { ...this.path, import: id } });
  }

  run(id: string): Promise<ContactImport> {
    return this.api.call("post", `${BASE}/imports/{import}/run`, { path: { ...this.path, import: id } });
  }

  /** Where the rows that did not go in can be had as a table. */
  errorsPath(id: string): string {
    return `/api/v1/workspaces/${this.workspace}/imports/${id}/errors.csv`;
  }

  private one(contact: string) {
    return { ...this.path, contact };
  }
}
