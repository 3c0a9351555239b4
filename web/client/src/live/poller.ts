import type { LinkStatus } from "./link";

/** Failures in a row after which HTTP takes over until the socket is back. */
const PATIENCE = 2;
const EVERY_MS = 5_000;

/**
 * The way on when WebSockets do not get through: while the link keeps failing, `poll` runs every
 * five seconds or so, one run at a time.
 */
export class Poller {
  private timer?: ReturnType<typeof setTimeout>;
  private active = false;
  private running = false;

  constructor(
    private readonly poll: () => Promise<void>,
    private readonly random: () => number = Math.random,
  ) {}

  /** Follows the link: starts, goes on or stops. */
  follow(status: LinkStatus): void {
    const down = status.state === "waiting" || status.state === "connecting";
    const wanted = down && status.failures >= PATIENCE && status.trouble !== "offline";
    if (wanted === this.active) return;
    this.active = wanted;
    clearTimeout(this.timer);
    this.nudge();
  }

  /** Polls now instead of at the next turn, if HTTP is in charge. */
  nudge(): void {
    if (!this.active || this.running) return;
    clearTimeout(this.timer);
    void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    await this.poll().catch(() => undefined);
    this.running = false;
    if (this.active) this.timer = setTimeout(() => void this.run(), EVERY_MS * (0.8 + 0.4 * this.random()));
  }
}
