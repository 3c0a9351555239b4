import { Backoff } from "./backoff";

/** A range of a numbered stream, ascending, as the HTTP side gives it. */
export interface Range<T> {
  epoch: string;
  items: T[];
  has_more: boolean;
}

export interface SequenceOptions<T> {
  position: (item: T) => number;
  /** Called once per position, in order, with no gap. */
  apply: (item: T) => void;
  fetch: (after: number) => Promise<Range<T>>;
  /** The stream cannot be continued (other epoch, or the gap does not close): start over. */
  onLost: () => void;
  random?: () => number;
}

/** Answers in a row that do not close a gap before the stream counts as lost. */
const ATTEMPTS = 6;

/**
 * Puts a numbered stream in order: duplicates are dropped, items ahead of a gap wait while the
 * missing range is fetched. `apply` sees each position exactly once.
 */
export class Sequence<T> {
  private readonly options: SequenceOptions<T>;
  private readonly waiting = new Map<number, T>();
  private readonly backoff: Backoff;
  private position = 0;
  private life = 0;
  private filling?: Promise<void>;
  private epoch = "";

  constructor(options: SequenceOptions<T>) {
    this.options = options;
    this.backoff = new Backoff({ first: 400, cap: 10_000, random: options.random });
  }

  /** The last position applied. */
  get last(): number {
    return this.position;
  }

  /** Continues after `position` of `epoch`; whatever waited or is being fetched is forgotten. */
  reset(position: number, epoch: string): void {
    this.halt();
    this.position = position;
    this.epoch = epoch;
    this.waiting.clear();
    this.backoff.reset();
  }

  /** Takes an item as it arrives. */
  offer(item: T): void {
    const at = this.options.position(item);
    if (at <= this.position) return;
    this.waiting.set(at, item);
    this.drain();
    if (this.waiting.size > 0) void this.catchUp();
  }

  /** Stops fetching; offered items still count. */
  halt(): void {
    this.life++;
    this.filling = undefined;
  }

  /**
   * Fetches what follows `last` until the stream is whole, trying again for as long as the server
   * cannot be reached. Concurrent calls share one run.
   */
  catchUp(): Promise<void> {
    if (this.filling) return this.filling;
    const run = this.fill(this.life).finally(() => {
      if (this.filling === run) this.filling = undefined;
    });
    this.filling = run;
    return run;
  }

  private async fill(life: number): Promise<void> {
    let stuck = 0;
    while (life === this.life) {
      const range = await this.options.fetch(this.position).catch(() => undefined);
      if (life !== this.life) return;
      if (range) {
        if (range.epoch !== this.epoch) return this.options.onLost();
        range.items.forEach((item) => this.take(item));
        this.drain();
        if (range.items.length > 0) stuck = 0;
        if (range.has_more && range.items.length > 0) continue;
        if (this.waiting.size === 0) return this.backoff.reset();
        if (++stuck >= ATTEMPTS) return this.options.onLost();
      }
      await pause(this.backoff.next());
    }
  }

  private take(item: T): void {
    const at = this.options.position(item);
    if (at > this.position) this.waiting.set(at, item);
  }

  private drain(): void {
    for (let item = this.waiting.get(this.position + 1); item !== undefined; item = this.waiting.get(this.position + 1)) {
      this.position++;
      this.waiting.delete(this.position);
      this.options.apply(item);
    }
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
