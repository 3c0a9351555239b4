import { conditionsOf, listed, viewFilter, type ListWorld, type Verdict, type View } from "@patchbay/client/member";
import type { Conversation, FeedEvent, FilterNode } from "@patchbay/client/types";

/** How many conversations are remembered. */
const MOST = 5_000;

/** What an event does to the counts of views. */
export interface CountStep {
  /** By how much each count moves. */
  moves: Record<string, number>;
  /** Counts that only the server can tell now. */
  ask: string[];
}

/** What a message alone cannot change, though rows do not tell it. */
const quiet = /^(mention|contact\.email|contact\.organisation|contact\.attributes\..+)$/;

/**
 * Keeps count of views by what conversations were in before and are in now. What was never seen, or
 * does not tell, has to be asked of the server; a message in a conversation that is known moves nothing.
 */
export class Counting {
  private readonly before = new Map<string, ReadonlyMap<string, Verdict>>();

  step(event: FeedEvent, names: readonly string[], world: ListWorld): CountStep {
    const row = event.conversation;
    const step: CountStep = { moves: {}, ask: [] };
    if (!row) return step;
    const was = this.before.get(row.id) ?? (event.type === "conversation.created" ? new Map(names.map((name) => [name, false as Verdict])) : undefined);
    const now = new Map(names.map((name) => [name, counted(name, row, world)]));
    this.keep(row.id, now);
    const plain = isPlainMessage(event);
    for (const [name, belongs] of now) {
      const old = was?.get(name);
      if (belongs === undefined) {
        if (!(plain && was?.has(name) && old === undefined && staysBy(name, world))) step.ask.push(name);
      } else if (old === undefined) step.ask.push(name);
      else if (old !== belongs) step.moves[name] = belongs ? 1 : -1;
    }
    return step;
  }

  /** Takes rows as they are now, so that what changes in them next is known. */
  seen(rows: readonly Conversation[], names: readonly string[], world: ListWorld): void {
    for (const row of rows) if (!this.before.has(row.id)) this.keep(row.id, new Map(names.map((name) => [name, counted(name, row, world)])));
  }

  private keep(id: string, now: ReadonlyMap<string, Verdict>): void {
    this.before.delete(id);
    this.before.set(id, now);
    const oldest = this.before.size > MOST ? this.before.keys().next().value : undefined;
    if (oldest !== undefined) this.before.delete(oldest);
  }
}

/** The built-in views, teams, queues and labels count what is open; a saved view says itself what it holds. */
function counted(name: string, row: Conversation, world: ListWorld): Verdict {
  if (name.startsWith("vie_")) return listed(row, { view: name as View, state: "any" }, world);
  if (name.startsWith("tea_")) return listed(row, { view: "all", state: "open", team: name }, world);
  if (name.startsWith("que_")) return listed(row, { view: "all", state: "open", queue: name }, world);
  if (name.startsWith("lab_")) return listed(row, { view: "all", state: "open", label: name }, world);
  return listed(row, { view: name as View, state: "open" }, world);
}

function isPlainMessage({ change }: FeedEvent): boolean {
  return (change?.type === "message.created" || change?.type === "note.created") && !change.message?.mentions?.length;
}

/** Whether all that a row does not tell of a view stays as it is when a message comes. */
function staysBy(name: string, world: ListWorld): boolean {
  const node: FilterNode | undefined = viewFilter(name as View, world.views);
  return node !== undefined && conditionsOf(node).every(({ field }) => quiet.test(field) || !["unread", "page_url"].includes(field));
}
