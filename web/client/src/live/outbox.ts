import type { FieldProblem } from "../problem";
import { Backoff } from "./backoff";

/** The least an item to be sent has: its identity over every transport and reload. */
export interface Sendable {
  client_msg_id: string;
}

/** queued: waits for its turn or for the connection. sending: no answer yet. failed: refused, a person decides. */
export interface OutboxEntry<T extends Sendable> {
  item: T;
  state: "queued" | "sending" | "failed";
  /** When it was written (Date.now() scale). */
  at: number;
  code?: string;
  detail?: string;
  /** What of it was refused, where that is known. */
  fields?: FieldProblem[];
}

/** Where unsent items survive a reload: one record per item, so that two tabs do not overwrite each other. */
export interface OutboxStorage<T extends Sendable> {
  load(): OutboxEntry<T>[];
  put(entry: OutboxEntry<T>): void;
  remove(clientMessageID: string): void;
}

/** Why an item was not stored; a transient refusal passes by itself. */
export interface Refusal {
  code: string;
  detail?: string;
  transient?: boolean;
  fields?: FieldProblem[];
}

/** What a request that failed says of an item; what is no answer of the server's passes by itself. */
export function refusalOf(error: unknown): Refusal {
  const { code = "unavailable", transient = true, message, fields } = error as { code?: string; transient?: boolean; message?: string; fields?: FieldProblem[] };
  return { code, detail: message, transient, fields };
}

export interface OutboxOptions<T extends Sendable> {
  /** Items of one lane are sent one after the other; lanes are independent. */
  lane: (item: T) => string;
  /** Hands an item to the connection; false when there is none. */
  transmit: (item: T) => boolean;
  storage?: OutboxStorage<T>;
  onChange?: (entries: readonly OutboxEntry<T>[]) => void;
  random?: () => number;
}

const ANSWER_MS = 20_000;
/** What was written longer ago than this is not sent behind its writer's back. */
const STALE_MS = 12 * 3_600_000;

/**
 * Messages that are not yet known to be stored. Every item is sent until it is answered, under the
 * same client_msg_id, so the server stores it once. Order holds within a lane.
 */
export class Outbox<T extends Sendable> {
  private entries: OutboxEntry<T>[];
  private readonly options: OutboxOptions<T>;
  private readonly answers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly backoff: Backoff;

  constructor(options: OutboxOptions<T>) {
    this.options = options;
    this.backoff = new Backoff({ first: 1_000, random: options.random });
    const now = Date.now();
    this.entries = (options.storage?.load() ?? [])
      .sort((a, b) => a.at - b.at)
      .map((entry) => (entry.state === "failed" ? entry : restored(entry, now)));
  }

  get list(): readonly OutboxEntry<T>[] {
    return this.entries;
  }

  /** Takes an item and sends it as soon as its lane and the connection allow. */
  add(item: T): void {
    const entry: OutboxEntry<T> = { item, state: "queued", at: Date.now() };
    this.entries = [...this.entries, entry];
    this.options.storage?.put(entry);
    this.changed();
    this.pump();
  }

  /** The item is stored. Unknown ids are ignored: answers may come twice. */
  acked(id: string): void {
    if (!this.find(id)) return;
    this.backoff.reset();
    this.forget(id);
    this.pump();
  }

  /** The item was refused. Refusals that pass by themselves are tried again. */
  refused(id: string, refusal: Refusal): void {
    const entry = this.find(id);
    if (!entry) return;
    this.settle(id);
    if (refusal.transient) {
      this.answers.set(id, setTimeout(() => this.requeue(id), this.backoff.next()));
      return;
    }
    this.replace({ ...entry, state: "failed", code: refusal.code, detail: refusal.detail, ...(refusal.fields?.length && { fields: refusal.fields }) });
    this.pump();
  }

  /** Sends a failed item again. */
  retry(id: string): void {
    const entry = this.find(id);
    if (entry?.state !== "failed") return;
    this.replace({ item: entry.item, at: Date.now(), state: "queued" });
    this.pump();
  }

  /** Gives an item up. If it was on its way it may still arrive. */
  discard(id: string): void {
    this.forget(id);
    this.pump();
  }

  /** The connection is (again) there: everything unanswered goes out once more. */
  resume(): void {
    for (const entry of this.entries) if (entry.state === "sending") this.unsend(entry);
    this.pump();
  }

  /** Sends over another way while the connection is away: one item per lane at a time. */
  async deliver(post: (item: T) => Promise<void>): Promise<void> {
    await Promise.all(this.heads().map((entry) => this.deliverOne(entry, post)));
  }

  private async deliverOne(entry: OutboxEntry<T>, post: (item: T) => Promise<void>): Promise<void> {
    const id = entry.item.client_msg_id;
    this.sending(entry);
    try {
      await post(entry.item);
      this.acked(id);
    } catch (error) {
      const { transient, ...refusal } = refusalOf(error);
      const current = this.find(id);
      if (!transient) this.refused(id, refusal);
      else if (current) this.unsend(current);
    }
  }

  private pump(): void {
    for (const entry of this.heads()) if (this.options.transmit(entry.item)) this.sending(entry);
  }

  /** The next item of each lane that has nothing under way. */
  private heads(): OutboxEntry<T>[] {
    const lanes = new Set<string>();
    const heads: OutboxEntry<T>[] = [];
    for (const entry of this.entries) {
      if (entry.state === "failed") continue;
      const lane = this.options.lane(entry.item);
      if (lanes.has(lane)) continue;
      lanes.add(lane);
      if (entry.state === "queued") heads.push(entry);
    }
    return heads;
  }

  private sending(entry: OutboxEntry<T>): void {
    const id = entry.item.client_msg_id;
    this.replace({ ...entry, state: "sending" }, false);
    this.settle(id);
    this.answers.set(id, setTimeout(() => this.requeue(id), ANSWER_MS));
  }

  private requeue(id: string): void {
    const entry = this.find(id);
    if (entry?.state === "sending") this.unsend(entry);
    this.pump();
  }

  private unsend(entry: OutboxEntry<T>): void {
    this.settle(entry.item.client_msg_id);
    this.replace({ ...entry, state: "queued" }, false);
  }

  private find(id: string): OutboxEntry<T> | undefined {
    return this.entries.find((entry) => entry.item.client_msg_id === id);
  }

  private replace(entry: OutboxEntry<T>, persist = true): void {
    const id = entry.item.client_msg_id;
    this.entries = this.entries.map((old) => (old.item.client_msg_id === id ? entry : old));
    if (persist) this.options.storage?.put(entry);
    this.changed();
  }

  private forget(id: string): void {
    this.settle(id);
    this.entries = this.entries.filter((entry) => entry.item.client_msg_id !== id);
    this.options.storage?.remove(id);
    this.changed();
  }

  private settle(id: string): void {
    clearTimeout(this.answers.get(id));
    this.answers.delete(id);
  }

  private changed(): void {
    this.options.onChange?.(this.entries);
  }
}

function restored<T extends Sendable>(entry: OutboxEntry<T>, now: number): OutboxEntry<T> {
  const { item, at } = entry;
  return now - at > STALE_MS ? { item, at, state: "failed", code: "outbox.stale" } : { item, at, state: "queued" };
}
