import type { QueryClient } from "@tanstack/vue-query";
import { conditionsOf, filterFields, isRestless, judge, listed, orderOf, readFilter, viewFilter, type ConversationFilter, type ListWorld, type Verdict } from "@patchbay/client/member";
import type { Attribute, Conversation, FeedEvent, FilterNode, SavedView, Team } from "@patchbay/client/types";
import { keys } from "@/query/keys";

/** How many answers of the server are remembered, of all lists together. */
const MOST = 4_000;

/**
 * Says which lists hold a conversation. Where a row does not tell, what the server said is remembered
 * for as long as nothing that bears on it has changed: a message alone makes nobody ask again.
 */
export class ListJudge {
  /** By list and conversation: what the row told then, and whether it belonged. */
  private readonly said = new Map<string, { signs: string; belongs: boolean }>();
  private fields: { of?: Attribute[]; map: ListWorld["fields"] } = { map: filterFields([]) };

  constructor(
    private readonly client: QueryClient,
    private readonly workspace: string,
    private readonly memberID: string,
  ) {}

  /** What is known of the workspace, as it was fetched last. */
  get world(): ListWorld {
    const attributes = this.client.getQueryData<Attribute[]>(keys.attributes(this.workspace));
    if (attributes !== this.fields.of) this.fields = { of: attributes, map: filterFields(attributes ?? []) };
    const teams = this.client.getQueryData<Team[]>(keys.teams(this.workspace));
    return {
      now: Date.now(),
      me: this.memberID,
      teams: teams?.filter((team) => team.member_ids.includes(this.memberID)).map((team) => team.id),
      fields: this.fields.map,
      views: this.client.getQueryData<SavedView[]>(keys.views(this.workspace)) ?? [],
    };
  }

  verdict(hash: string, filter: ConversationFilter, row: Conversation): Verdict {
    const world = this.world;
    const told = listed(row, filter, world);
    if (told !== undefined) return told;
    const known = this.said.get(`${hash} ${row.id}`);
    return known?.signs === signsOf(filter, row, world) ? known.belongs : undefined;
  }

  /** Keeps what the server said of a row. */
  learn(hash: string, filter: ConversationFilter, row: Conversation, belongs: boolean): void {
    const world = this.world;
    if (listed(row, filter, world) !== undefined) return;
    const key = `${hash} ${row.id}`;
    this.said.delete(key);
    this.said.set(key, { signs: signsOf(filter, row, world), belongs });
    const oldest = this.said.size > MOST ? this.said.keys().next().value : undefined;
    if (oldest !== undefined) this.said.delete(oldest);
  }

  /** Forgets what an event may have changed that rows do not tell. */
  heed(event: FeedEvent): void {
    const row = event.conversation;
    if (row && event.change?.message?.mentions?.length) this.forget((key) => key.endsWith(` ${row.id}`));
    if (["attribute.changed", "view.changed", "team.changed"].includes(event.type)) this.said.clear();
  }

  /** Forgets everything about one list. */
  drop(hash: string): void {
    this.forget((key) => key.startsWith(`${hash} `));
  }

  order(filter: ConversationFilter) {
    return orderOf(filter, this.world.views);
  }

  /** Whether the list asks about contacts in a way that rows do not tell. */
  asksAboutContacts(filter: ConversationFilter): boolean {
    return nodesOf(filter, this.world).some((node) => conditionsOf(node).some(({ field }) => field.startsWith("contact.") && field !== "contact.name"));
  }

  /** Whether rows come and go without an event. */
  restless(filter: ConversationFilter): boolean {
    return nodesOf(filter, this.world).some(isRestless);
  }

  private forget(fits: (key: string) => boolean): void {
    for (const key of this.said.keys()) if (fits(key)) this.said.delete(key);
  }
}

function nodesOf(filter: ConversationFilter, { views }: ListWorld): FilterNode[] {
  const own = filter.filter ? readFilter(filter.filter) : undefined;
  return [viewFilter(filter.view, views), own].filter((node) => node !== undefined);
}

/** What the row tells of each condition, as text: as long as it is the same, so is what it does not tell. */
function signsOf(filter: ConversationFilter, row: Conversation, world: ListWorld): string {
  return nodesOf(filter, world)
    .flatMap(conditionsOf)
    .map((one) => ({ true: "1", false: "0", undefined: "?" })[String(judge(one, row, world)) as "true"])
    .join("");
}
