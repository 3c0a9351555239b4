import type { Conversation, FeedEvent } from "@patchbay/client/types";

/** A conversation that rings for this member. */
export interface Offer {
  conversation: Conversation;
  /** When it stops ringing, by this computer's clock. */
  until: number;
  /** How long it rings in all, in milliseconds; undefined: it was found ringing. */
  rings?: number;
}

/** How an offer that went away ended; undefined: by this member's own answer, in this tab or another. */
export type Ending = "next" | "withdrawn";

/** The offers to a member, in the order in which they came, by what was fetched and what the feed tells. */
export class Offers {
  private readonly held = new Map<string, Offer>();
  /** The server's clock minus this one, as the freshest event told it. */
  private skew = 0;
  private learned = Infinity;
  /** What events told something of since the rows were asked for. */
  private readonly touched = new Set<string>();
  /** The newest change seen of what is or was offered. */
  private readonly seen = new Map<string, number>();

  constructor(private readonly me: string) {}

  get all(): Offer[] {
    return [...this.held.values()];
  }

  /** To be called when the rows are asked for: what events say from now on is newer. */
  ask(): void {
    this.touched.clear();
  }

  /** Takes the rows that are offered, as they were fetched. */
  adopt(rows: readonly Conversation[]): void {
    const stands = new Set(rows.map((row) => row.id));
    for (const id of this.held.keys()) if (!stands.has(id) && !this.touched.has(id)) this.held.delete(id);
    for (const row of rows) if (!this.touched.has(row.id) && !this.isOld(row)) this.put(row);
  }

  /** Whether something should have been taken back for so long, in milliseconds: its end may have been missed. */
  overdue(now: number, by: number): boolean {
    return this.all.some(({ until }) => until + by < now);
  }

  /** Takes an event, and says how an offer ended that it ended. */
  take(event: FeedEvent, now: number): Ending | undefined {
    const { change, conversation } = event;
    if (change?.type === "conversation.offered") this.learn(Date.parse(change.at), now);
    const id = conversation?.id ?? String(event.data?.["id"] ?? "");
    if (conversation && this.isOld(conversation)) return undefined;
    this.touched.add(id);
    if (conversation && (this.held.has(id) || this.seen.has(id))) this.seen.set(id, conversation.last_seq);
    if (conversation && this.isMine(conversation)) this.put(conversation, change?.type === "conversation.offered" ? Date.parse(change.at) : undefined);
    else if (this.held.delete(id)) return this.endingOf(event);
    return undefined;
  }

  /** Takes what became of a conversation by this member's own answer. */
  drop(id: string): void {
    this.touched.add(id);
    this.held.delete(id);
  }

  private isOld(row: Conversation): boolean {
    return row.last_seq < (this.seen.get(row.id) ?? 0);
  }

  private isMine(row: Conversation): boolean {
    return row.state === "open" && row.offered_to === this.me;
  }

  private put(row: Conversation, from?: number): void {
    if (!this.isMine(row) || !row.offer_until) return;
    const ends = Date.parse(row.offer_until);
    const known = this.held.get(row.id);
    const rings = from !== undefined ? ends - from : known?.conversation.offer_until === row.offer_until ? known.rings : undefined;
    this.seen.set(row.id, row.last_seq);
    this.held.set(row.id, { conversation: row, until: ends - this.skew, rings });
  }

  /** What arrives the fastest tells the clocks' difference best. */
  private learn(at: number, now: number): void {
    const lag = now - at;
    if (lag >= this.learned) return;
    this.learned = lag;
    this.skew = -lag;
  }

  private endingOf({ change, conversation }: FeedEvent): Ending | undefined {
    const reason = change?.type === "conversation.offer_ended" ? change.data?.["reason"] : undefined;
    if (reason === "accepted" || reason === "rejected" || conversation?.assignee_id === this.me) return undefined;
    return reason === "unanswered" ? "next" : "withdrawn";
  }
}
