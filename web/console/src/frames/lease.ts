import { ApiError } from "@patchbay/client/api";

/** A page that may be shown: its address, and the token with which it may call, until it expires. */
export interface Lease {
  src: string;
  token: string;
  expires_at: string;
}

/** A token is renewed so long before it expires, in milliseconds. */
export const MARGIN_MS = 60_000;
const AGAIN_MS = 10_000;

/** What the server says of a token that is no longer good. */
const isSpent = (error: unknown) => error instanceof ApiError && error.code === "panel.frame_token";

/**
 * Keeps a page's token fresh for as long as the page is shown. `changed` is told of the first lease and whenever the
 * page itself is another one: a new version of the plugin. Concurrent renewals are one.
 */
export class Leased {
  private held: Lease | undefined;
  private renewing: Promise<Lease> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(
    private readonly ask: () => Promise<Lease>,
    private readonly changed: (src: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  async begin(): Promise<void> {
    await this.renew();
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  /** Does something with a good token; with a fresh one when the server says that it was not. */
  async use<T>(call: (token: string) => Promise<T>): Promise<T> {
    const { token } = await this.fresh();
    try {
      return await call(token);
    } catch (error) {
      if (!isSpent(error)) throw error;
      return call((await this.renew()).token);
    }
  }

  /** The tab slept, and its timers with it. */
  private fresh(): Promise<Lease> {
    return this.held && Date.parse(this.held.expires_at) - this.now() > 5_000 ? Promise.resolve(this.held) : this.renew();
  }

  private renew(): Promise<Lease> {
    this.renewing ??= this.ask()
      .then((next) => this.take(next))
      .finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  private take(next: Lease): Lease {
    const other = next.src !== this.held?.src;
    this.held = next;
    if (!this.ended) {
      this.plan(Math.max(Date.parse(next.expires_at) - this.now() - MARGIN_MS, AGAIN_MS));
      if (other) this.changed(next.src);
    }
    return next;
  }

  private plan(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.renew().catch(() => !this.ended && this.plan(AGAIN_MS)), ms);
  }
}
