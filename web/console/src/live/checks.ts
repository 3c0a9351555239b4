import type { Conversation } from "@patchbay/client/types";

/** Conversations that one list is not sure of. */
interface Pending<List> {
  list: List;
  rows: Map<string, Conversation>;
  timer: ReturnType<typeof setTimeout>;
}

/** As many as the server checks at once; more than that and the list is fetched again. */
export const MOST_CHECKED = 50;
/** A list asks at most this often, in milliseconds; a little more or less, so that desks do not ask as one. */
export const CHECK_MS = 1_500;

export interface CheckPorts<List> {
  /** Which of the rows the list holds. */
  ask: (list: List, rows: readonly Conversation[]) => Promise<ReadonlySet<string>>;
  /** What came of it. */
  settle: (list: List, rows: readonly Conversation[], held: ReadonlySet<string>) => void;
  /** The list has to be fetched again: nobody looks, there are too many, or asking failed. */
  refetch: (list: List) => void;
  seen: (list: List) => boolean;
}

/** Gathers what lists are not sure of and asks about it, once for all that comes within a while. */
export class Checks<List> {
  private readonly pending = new Map<string, Pending<List>>();

  constructor(private readonly ports: CheckPorts<List>) {}

  add(hash: string, list: List, row: Conversation): void {
    const held = this.pending.get(hash);
    if (held) return void held.rows.set(row.id, row);
    const timer = setTimeout(() => void this.run(hash), CHECK_MS * (0.75 + Math.random() / 2));
    this.pending.set(hash, { list, rows: new Map([[row.id, row]]), timer });
  }

  stop(): void {
    for (const { timer } of this.pending.values()) clearTimeout(timer);
    this.pending.clear();
  }

  private async run(hash: string): Promise<void> {
    const due = this.pending.get(hash);
    if (!due) return;
    this.pending.delete(hash);
    const { list } = due;
    const rows = [...due.rows.values()];
    if (!this.ports.seen(list) || rows.length > MOST_CHECKED) return this.ports.refetch(list);
    try {
      this.ports.settle(list, rows, await this.ports.ask(list, rows));
    } catch {
      this.ports.refetch(list);
    }
  }
}
