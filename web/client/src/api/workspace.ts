import type { ListSort, View } from "../apply";
import type { Backfill, ConfigProblem, HealthHistory } from "./extensions";
import type { components } from "./schema";
import { wireMessage, type FeedRange, type MemberMessage, type Stored } from "../live/member";
import type {
  ChannelType,
  ChecklistItem,
  Contact,
  Conversation,
  ConversationState,
  Inbox,
  Invitation,
  ListPage,
  Member,
  Place,
  Role,
  SignInSession,
  TimelinePage,
  Workspace,
} from "../types";
import { CatalogApi } from "./catalog";
import { WebhooksApi } from "./webhooks";
import type { Api, Input } from "./client";
import { DeskApi } from "./desk";
import { PanelsApi } from "./panels";
import { everything } from "./pages";
import { PeopleApi } from "./people";
import { PolicyApi } from "./policy";
import { QueuesApi } from "./queues";
import { TicketsApi } from "./tickets";
import { ViewsApi } from "./views";

const BASE = "/api/v1/workspaces/{workspace}" as const;

export interface ConversationQuery {
  view?: View;
  state?: ConversationState | "any";
  inbox?: string;
  contact?: string;
  team?: string;
  label?: string;
  /** As JSON. */
  filter?: string;
  sort?: ListSort;
  cursor?: string;
  limit?: number;
}

/** Everything inside one workspace. */
export class WorkspaceApi {
  /** Labels, attributes, canned replies. */
  readonly catalog: CatalogApi;
  readonly webhooks: WebhooksApi;
  /** What is done inside a conversation beyond answering. */
  readonly desk: DeskApi;
  /** What plugins show beside the work. */
  readonly panels: PanelsApi;
  /** Teams, who is there, what a member is told. */
  readonly people: PeopleApi;
  /** Who is given what: queues, skills. */
  readonly queues: QueuesApi;
  /** In which order what waits is given out, and to whom. */
  readonly policy: PolicyApi;
  /** Work that outlives a conversation, and its types. */
  readonly tickets: TicketsApi;
  /** Saved views, search, work on many conversations at once. */
  readonly views: ViewsApi;

  constructor(
    private readonly api: Api,
    readonly id: string,
  ) {
    this.catalog = new CatalogApi(api, id);
    this.webhooks = new WebhooksApi(api, id);
    this.desk = new DeskApi(api, id);
    this.panels = new PanelsApi(api, id);
    this.people = new PeopleApi(api, id);
    this.queues = new QueuesApi(api, id);
    this.policy = new PolicyApi(api, id);
    this.tickets = new TicketsApi(api, id);
    this.views = new ViewsApi(api, id);
  }

  private get path() {
    return { workspace: this.id };
  }

  workspace(): Promise<Workspace> {
    return this.api.call("get", BASE, { path: this.path });
  }

  updateWorkspace(body: { name?: string; locale?: Workspace["locale"]; settings?: components["schemas"]["SettingsPatch"] }): Promise<Workspace> {
    return this.api.call("patch", BASE, { path: this.path, body });
  }

  async checklist(): Promise<ChecklistItem[]> {
    return (await this.api.call("get", `${BASE}/checklist`, { path: this.path })).items;
  }

  /** All members: a workspace has few enough to follow the pages at once. */
  async members(): Promise<Member[]> {
    return everything((cursor) => this.api.call("get", `${BASE}/members`, { path: this.path, query: { limit: 200, cursor } }));
  }

  updateMember(member: string, body: { role?: Role; name?: string; capacity?: number; limits?: Member["limits"]; suspended?: boolean }): Promise<Member> {
    return this.api.call("patch", `${BASE}/members/{member}`, { path: { ...this.path, member }, body });
  }

  /** Where a member is signed in. */
  async memberSessions(member: string): Promise<SignInSession[]> {
    return (await this.api.call("get", `${BASE}/members/{member}/sessions`, { path: { ...this.path, member } })).items ?? [];
  }

  async endMemberSession(member: string, session: string): Promise<void> {
    await this.api.call("delete", `${BASE}/members/{member}/sessions/{session}`, { path: { ...this.path, member, session } });
  }

  async endMemberSessions(member: string): Promise<void> {
    await this.api.call("delete", `${BASE}/members/{member}/sessions`, { path: { ...this.path, member } });
  }

  /** For somebody who lost the phone. */
  async resetSecondFactor(member: string): Promise<void> {
    await this.api.call("delete", `${BASE}/members/{member}/second-factor`, { path: { ...this.path, member } });
  }

  /** A link that sets a new password, once. */
  makeResetLink(member: string): Promise<{ url: string; expires_at: string }> {
    return this.api.call("post", `${BASE}/members/{member}/password-reset`, { path: { ...this.path, member } });
  }

  invitations(): Promise<Invitation[]> {
    return everything((cursor) => this.api.call("get", `${BASE}/invitations`, { path: this.path, query: { limit: 200, cursor } }));
  }

  /** The answer alone carries the link. */
  invite(email: string, role: Role): Promise<Invitation> {
    return this.api.call("post", `${BASE}/invitations`, { path: this.path, body: { email, role } });
  }

  async revokeInvitation(invitation: string): Promise<void> {
    await this.api.call("delete", `${BASE}/invitations/{invitation}`, { path: { ...this.path, invitation } });
  }

  async channels(): Promise<ChannelType[]> {
    return (await this.api.call("get", `${BASE}/channels`, { path: this.path })).items;
  }

  /** From where the server can be reached, the widest first. */
  async reach(): Promise<Place[]> {
    return (await this.api.call("get", `${BASE}/reach`, { path: this.path })).items;
  }

  async inboxes(): Promise<Inbox[]> {
    return (await this.api.call("get", `${BASE}/inboxes`, { path: this.path })).items;
  }

  /** The answer may carry hook_url, which is shown once. */
  createInbox(body: { name: string; plugin: string; config: Record<string, unknown> }): Promise<Inbox> {
    return this.api.call("post", `${BASE}/inboxes`, { path: this.path, body });
  }

  updateInbox(inbox: string, body: { name?: string; config?: Record<string, unknown>; enabled?: boolean; acknowledgement?: { enabled: boolean; texts: Record<string, string> } }): Promise<Inbox> {
    return this.api.call("patch", `${BASE}/inboxes/{inbox}`, { path: { ...this.path, inbox }, body });
  }

  /** What is wrong with an inbox's settings, by field. */
  async validateInbox(body: Input<"post", `${typeof BASE}/inboxes/validate`>["body"]): Promise<ConfigProblem[]> {
    return (await this.api.call("post", `${BASE}/inboxes/validate`, { path: this.path, body })).problems;
  }

  /** Its plugin opens it anew; how it fares then comes as an event. */
  retryInbox(inbox: string): Promise<Inbox> {
    return this.api.call("post", `${BASE}/inboxes/{inbox}/retry`, { path: { ...this.path, inbox } });
  }

  inboxHealth(inbox: string): Promise<HealthHistory> {
    return this.api.call("get", `${BASE}/inboxes/{inbox}/health`, { path: { ...this.path, inbox } });
  }

  /** What was brought later than it came, the newest first. */
  async backfills(inbox: string): Promise<Backfill[]> {
    return (await this.api.call("get", `${BASE}/inboxes/{inbox}/backfills`, { path: { ...this.path, inbox } })).items;
  }

  /** Has the channel bring what came since a time; how far it is, `backfills` says. */
  startBackfill(inbox: string, since: string): Promise<Backfill> {
    return this.api.call("post", `${BASE}/inboxes/{inbox}/backfills`, { path: { ...this.path, inbox }, body: { since } });
  }

  /** Ends what is being brought; what it has brought stays. */
  stopBackfill(inbox: string): Promise<Backfill> {
    return this.api.call("post", `${BASE}/inboxes/{inbox}/backfills/stop`, { path: { ...this.path, inbox } });
  }

  /** The old address stops working at once; the answer carries the new one. */
  rotateHook(inbox: string): Promise<Inbox> {
    return this.api.call("post", `${BASE}/inboxes/{inbox}/rotate-hook`, { path: { ...this.path, inbox } });
  }

  /** Where the browser goes to sign the inbox in; it comes back to the console. */
  signInInbox(inbox: string, pointer: string): Promise<{ authorize_url: string; redirect_url: string }> {
    return this.api.request("post", `/api/v1/workspaces/${encodeURIComponent(this.path.workspace)}/inboxes/${encodeURIComponent(inbox)}/oauth`, { body: { pointer } });
  }

  async identitySecrets(inbox: string): Promise<{ kid: string; created_at: string; expires_at?: string }[]> {
    return (await this.api.call("get", `${BASE}/inboxes/{inbox}/identity-secret`, { path: { ...this.path, inbox } })).kids;
  }

  /** The answer alone carries the secret. The one before works for 24 hours more. */
  createIdentitySecret(inbox: string): Promise<{ kid: string; secret: string }> {
    return this.api.call("post", `${BASE}/inboxes/{inbox}/identity-secret`, { path: { ...this.path, inbox } });
  }

  async endIdentitySecret(inbox: string, kid: string): Promise<void> {
    await this.api.call("delete", `${BASE}/inboxes/{inbox}/identity-secret/{kid}`, { path: { ...this.path, inbox, kid } });
  }

  contacts(q: string, cursor?: string): Promise<ListPage<Contact>> {
    return this.api.call("get", `${BASE}/contacts`, { path: this.path, query: { q: q || undefined, cursor } });
  }

  contact(contact: string): Promise<Contact> {
    return this.api.call("get", `${BASE}/contacts/{contact}`, { path: { ...this.path, contact } });
  }

  updateContact(contact: string, body: { name?: string; email?: string; phone?: string; note?: string; attributes?: Record<string, unknown> }): Promise<Contact> {
    return this.api.call("patch", `${BASE}/contacts/{contact}`, { path: { ...this.path, contact }, body });
  }

  conversations(query: ConversationQuery): Promise<ListPage<Conversation>> {
    return this.api.call("get", `${BASE}/conversations`, { path: this.path, query });
  }

  conversation(conversation: string): Promise<Conversation> {
    return this.api.call("get", `${BASE}/conversations/{conversation}`, { path: this.one(conversation) });
  }

  /** Without `before` and `after`: the newest. */
  timeline(conversation: string, range: { before?: number; after?: number; limit?: number } = {}): Promise<TimelinePage> {
    const query = { ...range, after: range.after?.toString() };
    return this.api.call("get", `${BASE}/conversations/{conversation}/timeline`, { path: this.one(conversation), query });
  }

  /** Idempotent by client_msg_id. */
  postMessage(message: MemberMessage): Promise<Stored> {
    const { conversation_id, ...body } = wireMessage(message);
    return this.api.call("post", `${BASE}/conversations/{conversation}/messages`, { path: this.one(conversation_id), body });
  }

  /** An empty member id gives the conversation back to the queue. */
  assign(conversation: string, member_id: string): Promise<Conversation> {
    return this.api.call("post", `${BASE}/conversations/{conversation}/assign`, { path: this.one(conversation), body: { member_id } });
  }

  /** Takes what is offered to the caller. To accept what one has already is no error. */
  accept(conversation: string): Promise<Conversation> {
    return this.api.call("post", `${BASE}/conversations/{conversation}/accept`, { path: this.one(conversation) });
  }

  async reject(conversation: string, reason?: string): Promise<void> {
    await this.api.call("post", `${BASE}/conversations/{conversation}/reject`, { path: this.one(conversation), body: { reason } });
  }

  setState(conversation: string, state: ConversationState, snoozed_until?: string): Promise<Conversation> {
    const body = { state, snoozed_until };
    return this.api.call("post", `${BASE}/conversations/{conversation}/state`, { path: this.one(conversation), body });
  }

  async markRead(conversation: string, seq: number): Promise<void> {
    await this.api.call("put", `${BASE}/conversations/{conversation}/read`, { path: this.one(conversation), body: { seq } });
  }

  events(after: number): Promise<FeedRange> {
    return this.api.call("get", `${BASE}/events`, { path: this.path, query: { after } });
  }

  /** The path of the live connection. */
  get livePath(): string {
    return `/api/v1/workspaces/${this.id}/live`;
  }

  private one(conversation: string) {
    return { ...this.path, conversation };
  }
}
