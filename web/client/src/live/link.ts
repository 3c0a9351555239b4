import { Backoff } from "./backoff";
import { browserConnect, browserOnline, browserWake, intervalTicker, type Environment, type SocketLike } from "./environment";
import { CLOSE_REFUSED, CLOSE_RESTART, CLOSE_SESSION_ENDED, CLOSE_SLOW_READER, type ReadyFrame } from "./frames";

/**
 * stopped: not started. connecting: a socket is being opened or shakes hands. ready: frames flow.
 * waiting: the next attempt is at `retryAt`. ended: the session is over, a new one is needed.
 * refused: policy forbids us, no retry.
 */
export type LinkState = "stopped" | "connecting" | "ready" | "waiting" | "ended" | "refused";

/**
 * Why the link is down, as far as a browser can tell. offline: this machine has no network.
 * unreachable: no answer. restarting: the server said so. handshake: the socket opens but nothing
 * comes back. silent: no answer to a ping. slow: we read too slowly. cut: closed in the middle.
 * proxy: cut repeatedly after the same time (`afterMs`), as idle time-outs of proxies do.
 */
export type Trouble = "offline" | "unreachable" | "restarting" | "handshake" | "silent" | "slow" | "cut" | "proxy";

export interface LinkStatus {
  state: LinkState;
  trouble?: Trouble;
  /** Failures in a row. */
  failures: number;
  /** When the next attempt starts (Date.now() scale), while waiting. */
  retryAt?: number;
  /** How long the connections lived, for trouble "proxy". */
  afterMs?: number;
}

export interface LinkOptions extends Environment {
  url: () => string;
  /** The first frame of a connection, built when the socket opens. */
  hello: () => object;
  onReady: (frame: ReadyFrame) => void;
  onFrame: (frame: { op: string }) => void;
  onStatus?: (status: LinkStatus) => void;
}

const HANDSHAKE_MS = 10_000;
/** Less than a heartbeat, so that a missing answer is noticed before the next ping. */
const PONG_MS = 8_000;
const PROBE_MS = 4_000;
/** A connection that lived this long was a good one: the back-off starts again. */
const STABLE_MS = 5_000;
/** A shorter life is not an idle time-out. */
const PROXY_MIN_MS = 15_000;
const PROXY_SPREAD_MS = 3_000;

/**
 * A WebSocket that comes back: says hello, waits for `ready`, keeps a heartbeat, notices silence
 * and reconnects with jitter. It knows nothing of what the frames mean.
 */
export class Link {
  private readonly options: LinkOptions;
  private readonly backoff: Backoff;
  private readonly online: () => boolean;
  private socket?: SocketLike;
  private opened = false;
  private readyAt = 0;
  private byeRetry?: number;
  private lastLife = 0;
  private current: LinkStatus = { state: "stopped", failures: 0 };
  private retryTimer?: ReturnType<typeof setTimeout>;
  private guardTimer?: ReturnType<typeof setTimeout>;
  private stopTicker?: () => void;
  private stopWake?: () => void;

  constructor(options: LinkOptions) {
    this.options = options;
    this.backoff = new Backoff({ random: options.random });
    this.online = options.online ?? browserOnline;
  }

  get status(): LinkStatus {
    return this.current;
  }

  /** Connects, from stopped, ended or refused. Otherwise does nothing. */
  start(): void {
    if (this.socket || this.current.state === "waiting") return;
    this.stopWake ??= (this.options.wake ?? browserWake)(() => this.wake());
    this.open();
  }

  /** Closes for good; start() may begin again. */
  stop(): void {
    this.release(1000);
    clearTimeout(this.retryTimer);
    this.stopWake?.();
    this.stopWake = undefined;
    this.backoff.reset();
    this.report({ state: "stopped", failures: 0 });
  }

  /** Sends a frame if the link is ready; says whether it was handed to the socket. */
  send(frame: object): boolean {
    if (this.current.state !== "ready" || !this.socket) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Tries now instead of at retryAt. */
  retry(): void {
    if (this.current.state !== "waiting") return;
    clearTimeout(this.retryTimer);
    this.open();
  }

  /** Drops the connection and makes a new one: for callers that found it inconsistent. */
  reconnect(): void {
    if (this.socket) this.lose("cut");
  }

  private wake(): void {
    if (this.current.state === "ready") this.ping(PROBE_MS);
    else if (this.online()) this.retry();
  }

  private open(): void {
    const socket = (this.options.connect ?? browserConnect)(this.options.url());
    this.socket = socket;
    this.opened = false;
    this.byeRetry = undefined;
    this.report({ ...this.current, state: "connecting", retryAt: undefined });
    this.guard(HANDSHAKE_MS, () => this.lose(this.opened ? "handshake" : "unreachable"));
    socket.onopen = () => {
      this.opened = true;
      socket.send(JSON.stringify(this.options.hello()));
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.closed(event.code);
  }

  private receive(data: unknown): void {
    const frame = parse(data);
    if (!frame) return this.lose("handshake");
    if (this.current.state === "ready") clearTimeout(this.guardTimer); // any frame is a sign of life
    if (frame.op === "ready") this.ready(frame as ReadyFrame);
    else if (frame.op === "bye") this.byeRetry = (frame as unknown as { retry_ms: number }).retry_ms;
    else if (frame.op !== "pong") this.options.onFrame(frame);
  }

  private ready(frame: ReadyFrame): void {
    clearTimeout(this.guardTimer);
    this.readyAt = Date.now();
    this.stopTicker = (this.options.ticker ?? intervalTicker)(frame.heartbeat_ms, () => this.ping(PONG_MS));
    this.report({ state: "ready", failures: 0 });
    this.options.onReady(frame);
  }

  private ping(answerWithin: number): void {
    if (this.send({ op: "ping" })) this.guard(answerWithin, () => this.lose("silent"));
  }

  private guard(ms: number, expired: () => void): void {
    clearTimeout(this.guardTimer);
    this.guardTimer = setTimeout(expired, ms);
  }

  private closed(code: number): void {
    const opened = this.opened;
    const life = this.readyAt ? Date.now() - this.readyAt : 0;
    if (code === CLOSE_SESSION_ENDED) return this.end("ended");
    if (code === CLOSE_REFUSED) return this.end("refused");
    if (code === CLOSE_RESTART) return this.again("restarting", this.backoff.spread(this.byeRetry ?? 1_000));
    if (code === CLOSE_SLOW_READER) return this.again("slow", this.backoff.spread(200));
    if (!life) return this.lose(opened ? "handshake" : "unreachable");
    const proxied = life > PROXY_MIN_MS && Math.abs(life - this.lastLife) < PROXY_SPREAD_MS;
    this.lastLife = life;
    this.lose(proxied ? "proxy" : "cut", proxied ? life : undefined);
  }

  private end(state: "ended" | "refused"): void {
    this.release(1000);
    this.report({ state, failures: this.backoff.failures });
  }

  private lose(trouble: Trouble, afterMs?: number): void {
    if (this.readyAt && Date.now() - this.readyAt >= STABLE_MS) this.backoff.reset();
    this.again(trouble, this.backoff.next(), afterMs);
  }

  private again(trouble: Trouble, wait: number, afterMs?: number): void {
    this.release(4000);
    this.report({
      state: "waiting",
      trouble: this.online() ? trouble : "offline",
      failures: Math.max(1, this.backoff.failures),
      retryAt: Date.now() + wait,
      afterMs,
    });
    this.retryTimer = setTimeout(() => this.open(), wait);
  }

  private release(code: number): void {
    clearTimeout(this.guardTimer);
    this.stopTicker?.();
    this.stopTicker = undefined;
    this.readyAt = 0;
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  private report(status: LinkStatus): void {
    this.current = status;
    this.options.onStatus?.(status);
  }
}

function parse(data: unknown): { op: string } | undefined {
  try {
    const frame = JSON.parse(String(data)) as { op?: unknown } | null;
    return typeof frame?.op === "string" ? (frame as { op: string }) : undefined;
  } catch {
    return undefined;
  }
}
