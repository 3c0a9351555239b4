import { computed, shallowRef, triggerRef } from "vue";
import { hashKey, type InfiniteData, type QueryClient } from "@tanstack/vue-query";
import { applyChanges, applyToPages, canJudge, gapAfter, newerConversation, refreshInPages, type ConversationFilter, type Timeline } from "@patchbay/client/member";
import type { Change, Contact, Conversation, FeedEvent, ListPage, TimelinePage } from "@patchbay/client/types";
import { keys } from "@/query/keys";

export type ConversationPages = InfiniteData<ListPage<Conversation>, string | undefined>;

/** How many rows that arrived lately are kept, to lay over an answer that was on its way meanwhile. */
const RECENT = 500;

/** A list that only the server can judge is fetched again at most this often, in milliseconds. */
export const REFETCH_MS = 2_000;

/**
 * Brings the feed into the query cache: lists, rows and timelines are patched, never fetched again,
 * but for lists whose filter only the server can judge: such a one is fetched, alone and not often.
 * An answer that was asked for before an event came is brought up to date when it lands.
 */
export class ConversationCache {
  private recent: Conversation[] = [];
  private dropped = 0;
  private readonly asked = new Map<string, number>();
  private readonly changed = shallowRef(0);
  /** Lists to be fetched again soon, by hash. */
  private readonly due = new Map<string, ReturnType<typeof setTimeout>>();

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
    private readonly fetchAfter: (conversation: string, seq: number) => Promise<TimelinePage>,
  ) {}

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
      for (const timer of this.due.values()) clearTimeout(timer);
      this.due.clear();
    };
  }

  /** Takes one event about a conversation. */
  take(event: FeedEvent): void {
    if (event.conversation) this.takeConversation(event.conversation);
    if (event.change) this.takeChange(event.change);
  }

  /** Takes a row, from an event or from the answer to an action. */
  takeConversation(conversation: Conversation): void {
    this.recent.push(conversation);
    if (this.recent.length > RECENT) {
      this.recent.shift();
      this.dropped++;
    }
    const row = this.withMark(conversation);
    this.patchRow(row);
    for (const query of this.client.getQueryCache().findAll({ queryKey: keys.conversationLists(this.workspace) })) {
      this.patchList(query.queryKey, row);
    }
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

  /** Replaces a row of the same seq everywhere: for what the feed does not number. */
  private overwrite(row: Conversation): void {
    this.client.setQueryData<Conversation>(keys.conversation(this.workspace, row.id), (held) => held && row);
    this.client.setQueriesData<ConversationPages>({ queryKey: keys.conversationLists(this.workspace) }, (data) => {
      if (!data?.pages.some((page) => page.items.some((item) => item.id === row.id))) return data;
      const pages = data.pages.map((page) => ({ ...page, items: page.items.map((item) => (item.id === row.id ? row : item)) }));
      return { ...data, pages };
    });
  }

  private patchRow(conversation: Conversation): void {
    this.client.setQueryData<Conversation>(keys.conversation(this.workspace, conversation.id), (held) => held && newerConversation(held, conversation));
  }

  private patchList(key: readonly unknown[], conversation: Conversation): void {
    const filter = key[2] as ConversationFilter;
    const judged = canJudge(filter);
    this.client.setQueryData<ConversationPages>(key, (data) => {
      if (!data) return data;
      const pages = judged ? applyToPages(data.pages, conversation, filter, this.memberID) : refreshInPages(data.pages, conversation);
      return pages === data.pages ? data : { ...data, pages };
    });
    if (!judged) this.refetchSoon(key);
  }

  /** Fetches one list again, later and once for all that comes until then; one that nobody sees when it is next looked at. */
  private refetchSoon(key: readonly unknown[]): void {
    const hash = hashKey(key);
    if (this.due.has(hash)) return;
    const timer = setTimeout(() => {
      this.due.delete(hash);
      void this.client.invalidateQueries({ queryKey: key, exact: true }, { cancelRefetch: false });
    }, REFETCH_MS);
    this.due.set(hash, timer);
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
    if (key[1] === "conversations") since.forEach((row) => this.patchList(key, this.withMark(row)));
    if (key[1] === "conversation") since.filter((row) => row.id === key[2]).forEach((row) => this.patchRow(row));
  }

  private async closeGap(conversation: string, after: number): Promise<void> {
    const page = await this.fetchAfter(conversation, after).catch(() => undefined);
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
