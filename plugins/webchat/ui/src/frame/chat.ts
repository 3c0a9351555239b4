import { TypingSignal, uuidv7, VisitorSocket, type LinkStatus, type VisitorOptions } from "@patchbay/client/visitor";
import type { Host } from "./host";
import type { WatchedHttp } from "./http";
import type { Memory } from "./memory";
import { initialState, phaseOf, unreadAfter, type ChatState, type Reach } from "./state";
import { cleaned } from "./text";

/** After the connection stands, how long what arrives still counts as history. */
const SETTLE_MS = 600;

export interface ChatOptions {
  host: Host;
  memory: Memory;
  http: WatchedHttp;
  url: VisitorOptions["url"];
  online?: () => boolean;
  /** Parts of the client's surroundings, for tests. */
  environment?: Partial<VisitorOptions>;
}

/**
 * One visitor's chat: the connection, and the state the screen shows. Lifecycle: start once;
 * lives as long as its window.
 */
export class Chat {
  private current = initialState;
  private readonly listeners = new Set<() => void>();
  private readonly socket: VisitorSocket;
  private readonly signal: TypingSignal;
  private readonly online: () => boolean;
  private status: LinkStatus = { state: "stopped", failures: 0 };
  private reach: Reach = "unknown";
  private hadSession = false;
  private shown = true;
  private unread = -1;
  private settling?: ReturnType<typeof setTimeout>;

  constructor(private readonly options: ChatOptions) {
    const { host, memory, http, url } = options;
    this.online = options.online ?? (() => navigator.onLine);
    this.signal = new TypingSignal((on) => this.socket.typing(on));
    http.onReach = (reach) => this.follow(this.status, reach);
    this.socket = new VisitorSocket({
      ...options.environment,
      url,
      http,
      storage: memory.outbox,
      openSession: () => this.openSession(),
      handlers: {
        session: ({ token, settings, resumed }) => {
          this.hadSession = true;
          if (!resumed) memory.keepSeen(0);
          memory.keepToken(token);
          this.update({ settings, refusal: undefined });
        },
        change: (change) => this.update({ changes: [...this.current.changes, change] }),
        reset: () => this.reset(),
        typing: (typing) => this.update({ typing }),
        queue: (position, available) => this.update({ queue: position > 0 ? { position, available } : undefined }),
        outbox: (unsent) => this.update({ unsent }),
        refused: (error) => this.update({ phase: "refused", refusal: error?.status === 403 ? error.message : undefined }),
        status: (status) => this.follow(status, status.state === "ready" ? "unknown" : this.reach),
      },
    });
    this.current = { ...this.current, unsent: this.socket.unsent };
    host.watch((open) => this.look(open));
  }

  get state(): ChatState {
    return this.current;
  }

  /** Calls back after each change of the state; the answer ends it. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    addEventListener("offline", () => this.follow(this.status, this.reach));
    addEventListener("online", () => this.follow(this.status, this.reach));
    this.socket.start();
  }

  /** Tries now what would be tried later; after a refusal, from the beginning. */
  retry(): void {
    if (this.current.phase !== "refused") return this.socket.reconnect();
    this.socket.stop();
    this.update({ phase: "connecting", refusal: undefined });
    this.socket.start();
  }

  send(text: string): void {
    this.signal.stop();
    this.socket.send({ client_msg_id: uuidv7(), text });
  }

  resend(id: string): void {
    this.socket.retry(id);
  }

  discard(id: string): void {
    this.socket.discard(id);
  }

  typing(on: boolean): void {
    if (on) this.signal.input();
    else this.signal.stop();
  }

  /**
   * The session of the last visit; a new one when that has ended, which is why we are asked again.
   * What the page says is cut to what the server takes: a long address must not cost the chat.
   */
  private async openSession() {
    const { host, http, memory } = this.options;
    const { url, title, referrer, locale } = host.page;
    if (this.hadSession) memory.keepToken(undefined);
    this.hadSession = false;
    return http.openSession({
      page_url: url.slice(0, 2000),
      page_title: cleaned(title.slice(0, 500)),
      referrer: referrer.slice(0, 2000),
      locale: locale.slice(0, 35),
      embed_origin: host.origin,
      ...(memory.token && { token: memory.token }),
    });
  }

  private reset(): void {
    this.update({ changes: [], queue: undefined, synced: false });
    this.settle();
  }

  private follow(status: LinkStatus, reach: Reach): void {
    const ready = status.state === "ready";
    if (ready && this.status.state !== "ready") this.settle();
    this.status = status;
    this.reach = reach;
    if (this.current.phase === "refused" && status.state !== "ready") return;
    const phase = phaseOf(status, reach, this.current.phase, this.online());
    this.update({ phase, queue: ready ? this.current.queue : undefined });
  }

  private settle(): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.update({ synced: true }), SETTLE_MS);
  }

  private look(open: boolean): void {
    this.shown = open;
    this.count();
  }

  /** What is on the screen counts as seen. */
  private count(): void {
    const { host, memory } = this.options;
    const { changes } = this.current;
    if (this.shown) memory.keepSeen(Math.max(memory.seen, changes.at(-1)?.seq ?? 0));
    const unread = unreadAfter(changes, memory.seen);
    if (unread === this.unread) return;
    this.unread = unread;
    host.unread(unread);
  }

  private update(part: Partial<ChatState>): void {
    const { changes } = this.current;
    this.current = { ...this.current, ...part };
    if (this.current.changes !== changes) this.count();
    for (const listener of this.listeners) listener();
  }
}
