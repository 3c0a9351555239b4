import { computed, shallowRef, triggerRef } from "vue";
import { hashKey, type InfiniteData, type QueryClient } from "@tanstack/vue-query";
import { applyChanges, gapAfter, newerConversation, placeInPages, type ConversationFilter, type Timeline } from "@patchbay/client/member";
import type { Change, Contact, Conversation, FeedEvent, ListPage, TimelinePage } from "@patchbay/client/types";
import { keys } from "@/query/keys";
import { Checks } from "./checks";
import { ListJudge } from "./lists";

export type ConversationPages = InfiniteData<ListPage<Conversation>, string | undefined>;

/** How many rows that arrived lately are kept, to lay over an answer that was on its way meanwhile. */
const RECENT = 500;

/** How long changes of contacts are gathered, in milliseconds. */
const CONTACTS_MS = 3_000;

/** What only the server knows. */
export interface CachePorts {
  fetchAfter: (conversation: string, seq: number) => Promise<TimelinePage>;
  /** Which of at most 50 conversations a list holds. */
  check: (ids: readonly string[], list: ConversationFilter) => Promise<string[]>;
}

type ListKey = readonly [string, string, ConversationFilter];

/**
 * Brings the feed into the query cache: lists, rows and timelines are patched, never fetched again.
 * Where a row does not tell whether a list holds it, the server is asked about that row alone, and not
 * often. An answer that was asked for before an event came is brought up to date when it lands.
 */
export class ConversationCache {
  private recent: Conversation[] = [];
  /** Conversations that left the member's reach, and up to which seq rows of them are not theirs. */
  private readonly gone = new Map<string, number>();
  private dropped = 0;
  private readonly asked = new Map<string, number>();
  private readonly changed = shallowRef(0);
  private contactTimer: ReturnType<typeof setTimeout> | undefined;
  readonly lists: ListJudge;
  private readonly checks: Checks<ListKey>;

  /** How many open conversations of this member that are on hand have something unread. */
  readonly unread = computed(() => {
    void this.changed.value;
    const unread = this.rows().filter((row) => row.unread && row.state === "open" && row.assignee_id === this.memberID);
    return new Set(unread.map((row) => row.id)).size;
  });

  constructor(
    private readonly client: QueryClient,
    private readonly workspace: string,
    private readonly memberID: string,
    private readonly ports: CachePorts,
  ) {
    this.lists = new ListJudge(client, workspace, memberID);
    this.checks = new Checks<ListKey>({
      ask: async (list, rows) => new Set(await ports.check(rows.map((row) => row.id), list[2])),
      settle: (list, rows, held) => this.settle(list, rows, held),
      refetch: (list) => void client.invalidateQueries({ queryKey: list, exact: true }, { cancelRefetch: false }),
      seen: (list) => Boolean(client.getQueryCache().get(hashKey(list))?.isActive()),
    });
  }

  /** Follows the cache until the returned function is called. */
  watch(): () => void {
    const unsubscribe = this.client.getQueryCache().subscribe(({ type, query, ...rest }) => {
      if (type !== "updated" || query.queryKey[0] !== this.workspace) return;
      triggerRef(this.changed);
      const { action } = rest as { action: { type: string; manual?: boolean } };
      if (action.type === "fetch") this.asked.set(query.queryHash, this.dropped + this.recent.length);
      if (action.type === "success" && !action.manual) this.landed(query.queryHash, query.queryKey);
    });
    return () => {
      unsubscribe();
      this.checks.stop();
      clearTimeout(this.contactTimer);
    };
  }

  /** Takes one event about a conversation. */
  take(event: FeedEvent): void {
    this.lists.heed(event);
    if (event.conversation) this.takeConversation(event.conversation);
    if (event.change) this.takeChange(event.change);
  }

  /** Takes a row, from an event or from the answer to an action. */
  takeConversation(conversation: Conversation): void {
    if (this.isGone(conversation)) return;
    this.recent.push(conversation);
    if (this.recent.length > RECENT) {
      this.recent.shift();
      this.dropped++;
    }
    const row = this.withMark(conversation);
    this.patchRow(row);
    for (const query of this.client.getQueryCache().findAll({ queryKey: keys.conversationLists(this.workspace) })) {
      this.patchList(query.queryKey as ListKey, row);
    }
  }

  /** Takes a conversation out of everything: it left the member's reach. Whoever has it open learns so. */
  left(id: string, seq: number): void {
    this.gone.delete(id);
    this.gone.set(id, seq);
    const oldest = this.gone.size > RECENT ? this.gone.keys().next().value : undefined;
    if (oldest !== undefined) this.gone.delete(oldest);
    this.recent = this.recent.map((row) => (row.id === id ? { ...row, last_seq: 0 } : row));
    for (const { queryKey } of this.client.getQueryCache().findAll({ queryKey: keys.conversationLists(this.workspace) })) this.sift(queryKey);
    void this.client.resetQueries({ queryKey: keys.conversation(this.workspace, id) });
    void this.client.resetQueries({ queryKey: keys.timeline(this.workspace, id) });
    void this.client.invalidateQueries({ queryKey: keys.everyCount(this.workspace) });
  }

  /** The reach is another one: what had left it may be back. */
  forgetGone(): void {
    this.gone.clear();
  }

  private isGone({ id, last_seq }: Conversation): boolean {
    return last_seq <= (this.gone.get(id) ?? -1);
  }

  /** Takes rows out of a list that are not the member's any more. */
  private sift(key: readonly unknown[]): void {
    const data = this.client.getQueryData<ConversationPages>(key);
    if (!data?.pages.some((page) => page.items.some((row) => this.isGone(row)))) return;
    const pages = data.pages.map((page) => ({ ...page, items: page.items.filter((row) => !this.isGone(row)) }));
    this.client.setQueryData<ConversationPages>(key, { ...data, pages });
  }

  takeChange(change: Change): void {
    const key = keys.timeline(this.workspace, change.conversation_id);
    const held = this.client.getQueryData<Timeline>(key);
    if (!held) return;
    const next = applyChanges(held, [change]);
    if (next === held) return;
    this.client.setQueryData<Timeline>(key, next);
    const after = gapAfter(next);
    if (after !== undefined) void this.closeGap(change.conversation_id, after);
  }

  /** Shows a conversation as read up to a seq, unless the contact wrote after it. */
  read(id: string, seq: number): void {
    const held = this.find(id);
    if (held?.unread && held.last_inbound_seq <= seq) this.overwrite({ ...held, unread: false });
  }

  /** Gives a contact's conversations its new name. */
  rename(contact: Contact): void {
    for (const row of this.rows()) {
      if (row.contact.id === contact.id && row.contact.name !== contact.name) {
        this.overwrite({ ...row, contact: { ...row.contact, name: contact.name } });
      }
    }
  }

  /** Whether any row on hand belongs to the contact. */
  knowsContact(contactID: string): boolean {
    return this.rows().some((row) => row.contact.id === contactID);
  }

  private find(id: string): Conversation | undefined {
    return this.client.getQueryData<Conversation>(keys.conversation(this.workspace, id)) ?? this.rows().find((row) => row.id === id);
  }

  private rows(): Conversation[] {
    const cache = this.client.getQueryCache();
    const listed = cache
      .findAll({ queryKey: keys.conversationLists(this.workspace) })
      .flatMap((query) => (query.state.data as ConversationPages | undefined)?.pages ?? [])
      .flatMap((page) => page.items);
    const single = cache.findAll({ queryKey: [this.workspace, "conversation"] }).map((query) => query.state.data as Conversation | undefined);
    return [...listed, ...single.filter((row) => row !== undefined)];
  }

  /** Replaces a row of the same seq everywhere: for what the feed does not number. It may leave lists by it. */
  private overwrite(row: Conversation): void {
    this.client.setQueryData<Conversation>(keys.conversation(this.workspace, row.id), (held) => held && row);
    for (const { queryKey, queryHash, state } of this.client.getQueryCache().findAll({ queryKey: keys.conversationLists(this.workspace) })) {
      const data = state.data as ConversationPages | undefined;
      if (!data?.pages.some((page) => page.items.some((item) => item.id === row.id))) continue;
      const stays = this.lists.verdict(queryHash, (queryKey as ListKey)[2], row) !== false;
      const items = (page: ListPage<Conversation>) => page.items.flatMap((item) => (item.id !== row.id ? [item] : stays ? [row] : []));
      this.client.setQueryData<ConversationPages>(queryKey, { ...data, pages: data.pages.map((page) => ({ ...page, items: items(page) })) });
    }
  }

  private patchRow(conversation: Conversation): void {
    this.client.setQueryData<Conversation>(keys.conversation(this.workspace, conversation.id), (held) => held && newerConversation(held, conversation));
  }

  private patchList(key: ListKey, conversation: Conversation): void {
    const hash = hashKey(key);
    let unsure: Conversation | undefined;
    const belongs = (row: Conversation) => {
      const verdict = this.lists.verdict(hash, key[2], row);
      if (verdict === undefined) unsure = row;
      return verdict;
    };
    this.place(key, conversation, belongs);
    if (unsure) this.checks.add(hash, key, unsure);
  }

  private place(key: ListKey, row: Conversation, belongs: (row: Conversation) => boolean | undefined): void {
    this.client.setQueryData<ConversationPages>(key, (data) => {
      if (!data) return data;
      const pages = placeInPages(data.pages, row, belongs, this.lists.order(key[2]));
      return pages === data.pages ? data : { ...data, pages };
    });
  }

  /** Takes what the server said of rows; one that changed again meanwhile is asked about by itself. */
  private settle(key: ListKey, rows: readonly Conversation[], held: ReadonlySet<string>): void {
    for (const row of rows) {
      this.lists.learn(hashKey(key), key[2], row, held.has(row.id));
      this.place(key, row, () => held.has(row.id));
    }
  }

  /** Fetches what asks about contacts again, a little later and once for many: no row tells of them. */
  contactsChanged(): void {
    this.contactTimer ??= setTimeout(() => {
      this.contactTimer = undefined;
      for (const { queryKey, queryHash } of this.client.getQueryCache().findAll({ queryKey: keys.conversationLists(this.workspace) })) {
        if (!this.lists.asksAboutContacts((queryKey as ListKey)[2])) continue;
        this.lists.drop(queryHash);
        void this.client.invalidateQueries({ queryKey, exact: true }, { cancelRefetch: false });
      }
    }, CONTACTS_MS);
  }

  /** A row of the feed has no unread mark; it takes the one known of it, in whichever list. */
  private withMark(conversation: Conversation): Conversation {
    const held = conversation.unread === undefined ? this.find(conversation.id) : undefined;
    return held && held.last_seq <= conversation.last_seq ? newerConversation(held, conversation) : conversation;
  }

  private landed(hash: string, key: readonly unknown[]): void {
    const from = this.asked.get(hash) ?? 0;
    this.asked.delete(hash);
    const since = this.recent.slice(Math.max(0, from - this.dropped));
    if (key[1] === "conversations") this.listLanded(hash, key as ListKey, since);
    if (key[1] === "conversation") since.filter((row) => row.id === key[2]).forEach((row) => this.patchRow(row));
  }

  private listLanded(hash: string, key: ListKey, landed: readonly Conversation[]): void {
    this.sift(key);
    const since = landed.filter((row) => !this.isGone(row));
    const data = this.client.getQueryData<ConversationPages>(key);
    for (const row of data?.pages.flatMap((page) => page.items) ?? []) this.lists.learn(hash, key[2], row, true);
    for (const row of since) this.patchList(key, this.withMark(row));
  }

  private async closeGap(conversation: string, after: number): Promise<void> {
    const page = await this.ports.fetchAfter(conversation, after).catch(() => undefined);
    const key = keys.timeline(this.workspace, conversation);
    if (page) this.client.setQueryData<Timeline>(key, (held) => held && applyChanges(held, page.items));
    else void this.client.invalidateQueries({ queryKey: key });
  }
}

/** A fetched newest page laid over what is held; what would leave a hole is let go. */
export function mergeNewest(held: Timeline | undefined, page: TimelinePage): Timeline {
  const fresh: Timeline = { changes: page.items, hasOlder: page.has_more };
  if (!held) return fresh;
  const merged = applyChanges(held, page.items);
  if (gapAfter(merged) === undefined) return merged;
  const first = page.items[0]?.seq ?? 0;
  return applyChanges(fresh, held.changes.filter((change) => change.seq > first));
}
