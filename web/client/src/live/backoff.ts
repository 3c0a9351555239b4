export interface BackoffOptions {
  /** Upper bound of the first wait, in milliseconds. */
  first?: number;
  /** Upper bound of every wait, in milliseconds. */
  cap?: number;
  random?: () => number;
}

/**
 * Waits that double up to a cap, each drawn from the upper half of its range, so that a thousand
 * clients of one restarted server do not come back in the same instant.
 */
export class Backoff {
  private attempt = 0;
  private readonly first: number;
  private readonly cap: number;
  private readonly random: () => number;

  constructor(options: BackoffOptions = {}) {
    this.first = options.first ?? 500;
    this.cap = options.cap ?? 30_000;
    this.random = options.random ?? Math.random;
  }

  /** Failures in a row since the last reset. */
  get failures(): number {
    return this.attempt;
  }

  /** The next wait in milliseconds; counts one failure. */
  next(): number {
    const bound = Math.min(this.cap, this.first * 2 ** this.attempt);
    this.attempt++;
    return Math.round(bound / 2 + (this.random() * bound) / 2);
  }

  /** Spreads a wait the server asked for: at least `ms`, at most twice as long. */
  spread(ms: number): number {
    return Math.round(ms + this.random() * ms);
  }

  reset(): void {
    this.attempt = 0;
  }
}
