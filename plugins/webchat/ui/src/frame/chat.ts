import { ApiError, TypingSignal, uuidv7, VisitorSocket, type Attachment, type LinkStatus, type OfflineMessage, type PageView, type PreChat, type PublicQuote, type SessionRequest, type VisitorOptions } from "@patchbay/client/visitor";
import { Files } from "./files";
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
  /** Whether the window is on the screen. */
  visible?: () => boolean;
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
  private readonly visible: () => boolean;
  private status: LinkStatus = { state: "stopped", failures: 0 };
  private reach: Reach = "unknown";
  private hadSession = false;
  private shown = true;
  private unread = -1;
  private settling?: ReturnType<typeof setTimeout>;
  private identity?: string;
  private renewed = false;
  private started = false;
  /** The files of the message being written. */
  readonly files: Files;

  constructor(private readonly options: ChatOptions) {
    const { host, memory, http, url } = options;
    this.visible = options.visible ?? (() => globalThis.document?.visibilityState !== "hidden");
    this.online = options.online ?? (() => navigator.onLine);
    this.signal = new TypingSignal((on) => this.socket.typing(on));
    this.files = new Files(
      () => http.uploads(() => this.socket.sessionToken),
      () => this.update({ files: this.files.pending }),
    );
    http.onReach = (reach) => this.follow(this.status, reach);
    this.socket = new VisitorSocket({
      ...options.environment,
      url,
      http,
      storage: memory.outbox,
      openSession: () => this.openSession(),
      handlers: {
        session: ({ token, settings, resumed, verified }) => {
          this.hadSession = true;
          if (!resumed) memory.begin();
          memory.keepToken(token);
          this.update({ settings, refusal: undefined, verified: verified ?? false, answered: memory.answered, left: false });
          void this.lookAround();
        },
        read: (read) => this.update({ read }),
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

  /** Learns how the inbox is set up without opening a session: for those who may never write. */
  async prepare(): Promise<void> {
    if (this.started) return;
    const inbox = await this.options.http.inbox().catch(() => undefined);
    if (inbox && !this.started) this.update({ settings: inbox.settings, available: inbox.available });
  }

  /** Tells everybody that looks: what stands beside the state has changed. */
  touch(): void {
    this.update({});
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    addEventListener("offline", () => this.follow(this.status, this.reach));
    addEventListener("online", () => {
      this.follow(this.status, this.reach);
      this.files.resume();
    });
    globalThis.document?.addEventListener("visibilitychange", () => this.count());
    this.socket.start();
  }

  /** Tries now what would be tried later; after a refusal, from the beginning. */
  retry(): void {
    if (this.current.phase !== "refused") return this.socket.reconnect();
    this.socket.stop();
    this.update({ phase: "connecting", refusal: undefined });
    this.socket.start();
  }

  send(text: string, attachments: Attachment[] = [], reply_to?: PublicQuote): void {
    this.signal.stop();
    this.socket.send({ client_msg_id: uuidv7(), text, ...(attachments.length > 0 && { attachments }), ...(reply_to && { reply_to }) });
  }

  /** Answers the form before the chat. */
  async preChat(answers: PreChat): Promise<void> {
    await this.options.http.preChat(this.socket.sessionToken, { ...answers, ...(answers.message && { client_msg_id: uuidv7() }) });
    this.options.memory.keepAnswered();
    this.update({ answered: true });
  }

  /** Leaves a message for when somebody is there. */
  async leave(message: Omit<OfflineMessage, "client_msg_id">): Promise<void> {
    await this.options.http.offline(this.socket.sessionToken, { ...message, client_msg_id: uuidv7() });
    this.options.memory.keepAnswered();
    this.update({ left: true, answered: true });
  }

  async rate(score: number, comment: string): Promise<void> {
    await this.options.http.rate(this.socket.sessionToken, score, comment);
  }

  /** What was said, as a page to keep. */
  transcript(): Promise<Blob> {
    return this.options.http.transcript(this.socket.sessionToken, "html");
  }

  /** The site says who the visitor is, or, with nothing, that they have left. */
  identify(token?: string): void {
    if (this.identity === token) return;
    this.identity = token;
    if (!token) this.options.memory.forget();
    this.renewed = true;
    if (!this.started) return;
    this.update({ changes: [], synced: false });
    this.socket.restartSession();
  }

  /** Pages the visitor looked at, where the inbox wants to know. */
  async tellPages(views: PageView[], consent: boolean): Promise<boolean> {
    const wanted = this.current.settings.page_views;
    if (views.length === 0 || !this.socket.sessionToken || !(wanted === "on" || (wanted === "consent" && consent))) return false;
    await this.options.http.pageViews(this.socket.sessionToken, views, consent);
    return true;
  }

  /** Whether somebody is there decides between the chat and the form for later. */
  private async lookAround(): Promise<void> {
    const { offline, proactive } = this.current.settings;
    if (!offline?.enabled && !proactive?.length) return;
    const { available } = await this.options.http.inbox().catch(() => ({ available: undefined }));
    this.update({ available });
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
    if (this.hadSession && !this.renewed) memory.keepToken(undefined);
    this.hadSession = false;
    this.renewed = false;
    const request = {
      page_url: url.slice(0, 2000),
      page_title: cleaned(title.slice(0, 500)),
      referrer: referrer.slice(0, 2000),
      locale: locale.slice(0, 35),
      embed_origin: host.origin,
      ...(memory.token && { token: memory.token }),
    };
    if (!this.identity) return http.openSession(request);
    return http.openSession({ ...request, identity: this.identity }).catch((error: unknown) => this.unvouched(error, request));
  }

  /** The site's word was not taken: the page is told, and the visitor goes on as anybody. */
  private unvouched(error: unknown, request: SessionRequest) {
    if (!(error instanceof ApiError) || !error.code.startsWith("identity.")) throw error;
    this.identity = undefined;
    this.options.host.event("error", { code: error.code, detail: error.message });
    return this.options.http.openSession(request);
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
    if (this.shown && this.visible()) {
      memory.keepSeen(Math.max(memory.seen, changes.at(-1)?.seq ?? 0));
      this.socket.read(changes.at(-1)?.seq ?? 0);
    }
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
