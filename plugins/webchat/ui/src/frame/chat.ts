import { ApiError, TypingSignal, uuidv7, VisitorSocket, type Attachment, type CallbackWish, type LinkStatus, type OfflineMessage, type PageView, type PreChat, type PublicQuote, type SessionRequest, type VisitorOptions, type VisitorSession } from "@patchbay/client/visitor";
import { Files } from "./files";
import type { Host } from "./host";
import type { WatchedHttp } from "./http";
import { subjectOf } from "./identity";
import type { Memory } from "./memory";
import { initialState, phaseOf, unreadAfter, type ChatState, type Queue, type Reach } from "./state";
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
  private shown = true;
  private unread = -1;
  private settling?: ReturnType<typeof setTimeout>;
  /** The site's word on who the visitor is. */
  private identity?: string;
  /** The token of the session there is, or that is being gone on with. */
  private aim?: string;
  /** Whether it is being said just now: said twice at once it counts as another browser's. */
  private presenting = false;
  /** Who it said the session is. */
  private subject?: string;
  private started = false;
  private listening = false;
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
        session: (session) => this.welcome(session),
        ending: (code) => this.ending(code),
        read: (read) => this.update({ read }),
        change: (change) => this.update({ changes: [...this.current.changes, change] }),
        reset: () => this.reset(),
        typing: (typing) => this.update({ typing }),
        queue: (position, available, standing) => this.wait(position > 0 ? { position, available, ...standing } : undefined),
        outbox: (unsent) => this.update({ unsent }),
        refused: (error) => this.update({ phase: "refused", refusal: error?.status === 403 ? error.message : undefined, signIn: error?.code === "identity.required" }),
        status: (status) => this.follow(status, status.state === "ready" ? "unknown" : this.reach),
      },
    });
    this.current = { ...this.current, unsent: this.socket.unsent };
    host.watch((open) => this.look(open));
    host.onKept((key) => key === "token" && this.elsewhere());
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
    if (inbox && !this.started) this.update({ settings: inbox.settings, available: inbox.available, opensAt: inbox.opens_at });
  }

  /** Tells everybody that looks: what stands beside the state has changed. */
  touch(): void {
    this.update({});
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    this.listen();
    this.socket.start();
  }

  private listen(): void {
    if (this.listening) return;
    this.listening = true;
    addEventListener("offline", () => this.follow(this.status, this.reach));
    addEventListener("online", () => {
      this.follow(this.status, this.reach);
      this.files.resume();
    });
    globalThis.document?.addEventListener("visibilitychange", () => this.count());
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
    if (this.current.noted !== undefined) this.update({ noted: undefined });
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
    const ticket = await this.options.http.offline(this.socket.sessionToken, { ...message, client_msg_id: uuidv7() });
    this.options.memory.keepAnswered();
    this.update({ left: true, answered: true, ...(ticket && { ticket }) });
  }

  /** Takes a place in the line, and asks what else there is than to wait where that may be another answer now. */
  private wait(queue?: Queue): void {
    const before = this.current.queue;
    this.update({ queue: queue && { ...queue, ...(before?.callback && { callback: before.callback }) } });
    if (!queue || (before && before.available === queue.available && before.closed === queue.closed && before.wait_s === queue.wait_s)) return;
    this.options.http.waiting(this.socket.sessionToken).then(
      ({ callback }) => this.current.queue && this.update({ queue: { ...this.current.queue, callback } }),
      () => undefined, // then there is only waiting
    );
  }

  /** Does not want to wait any longer. */
  async leaveQueue(): Promise<void> {
    await this.options.http.leaveQueue(this.socket.sessionToken);
  }

  /** Would rather be called back. Nothing is sent twice: the same wish has the same id. */
  async callBack(wish: CallbackWish): Promise<void> {
    this.update({ noted: (await this.options.http.callBack(this.socket.sessionToken, wish)) ?? "" });
  }

  async rate(score: number, comment: string): Promise<void> {
    await this.options.http.rate(this.socket.sessionToken, score, comment);
  }

  /** What was said, as a page to keep. */
  transcript(): Promise<Blob> {
    return this.options.http.transcript(this.socket.sessionToken, "html");
  }

  /** The site says who the visitor is. What somebody else had is forgotten before it is asked. */
  identify(identity: string): void {
    if (this.identity === identity) return;
    const { subject } = this.options.memory;
    if (subject !== undefined && subject !== subjectOf(identity)) return this.logout(identity);
    this.identity = identity;
    if (!this.started) return;
    this.update({ phase: "connecting", refusal: undefined });
    this.socket.restartSession();
  }

  /** The visitor has left: the session ends and nothing of it stays in this browser. `next` may be here already. */
  logout(next?: string): void {
    const { http, memory } = this.options;
    // What does not get through is of no use to anybody: the secret is forgotten here.
    if (memory.token) void http.endSession(memory.token).catch(() => undefined);
    this.forget(false, next);
  }

  /** Forgets whoever was here. An open chat goes on with whoever comes next. */
  private forget(elsewhere: boolean, identity?: string): void {
    this.identity = identity;
    this.subject = this.aim = undefined;
    this.options.memory.forget(elsewhere);
    this.files.take();
    this.socket.leave();
    this.update({ ...initialState, settings: this.current.settings, available: this.current.available, opensAt: this.current.opensAt, person: this.current.person + 1 });
    this.started &&= this.shown;
    if (this.started) this.socket.start();
  }

  /**
   * Another tab signed in as somebody else, or out, or got a session. The site's last word holds in
   * all tabs; a session of nobody in particular does not take the place of one it vouched for.
   */
  private elsewhere(): void {
    const { memory } = this.options;
    const { token, subject } = memory;
    if (token === this.aim) return;
    if (!token) return this.forget(true);
    if (this.subject !== undefined && subject === undefined) return memory.keepToken(this.socket.sessionToken, this.subject);
    if (this.subject !== undefined && this.subject !== subject) return this.forget(true);
    if (this.identity && subject !== undefined && subjectOf(this.identity) !== subject) this.identity = undefined;
    if (this.started && !(this.identity && this.presenting)) this.socket.restartSession();
  }

  /** Why the session ends, before it does. */
  private ending(code: string): void {
    if (code === "identity.subject_changed") this.identity = undefined; // as another tab says now
    if (code === "visitor.logged_out") this.forget(true);
  }

  private welcome({ token, settings, resumed, verified }: VisitorSession): void {
    const { memory } = this.options;
    this.aim = token;
    if (!resumed) memory.begin();
    this.subject = !verified ? undefined : this.identity ? subjectOf(this.identity) : memory.subject;
    memory.keepToken(token, this.subject);
    this.update({ settings, refusal: undefined, verified: verified ?? false, answered: memory.answered, left: false });
    void this.lookAround();
  }

  /** Pages the visitor looked at, where the inbox wants to know. */
  async tellPages(views: PageView[], consent: boolean): Promise<boolean> {
    const wanted = this.current.settings.page_views;
    if (views.length === 0 || !this.socket.sessionToken || !(wanted === "on" || (wanted === "consent" && consent))) return false;
    await this.options.http.pageViews(this.socket.sessionToken, views, consent || undefined);
    return true;
  }

  /** The visitor does not agree any more to be followed. What does not get through is said by telling nothing. */
  async withdrawConsent(): Promise<void> {
    if (this.socket.sessionToken) await this.options.http.pageViews(this.socket.sessionToken, [], false).catch(() => undefined);
  }

  /** Whether somebody is there decides between the chat and the form for later. */
  private async lookAround(): Promise<void> {
    const { offline, proactive } = this.current.settings;
    if (!offline?.enabled && !proactive?.length) return;
    const inbox = await this.options.http.inbox().catch(() => undefined);
    this.update({ available: inbox?.available, opensAt: inbox?.opens_at });
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
   * The session of the last visit, or of another tab; a new one when that has ended.
   * What the page says is cut to what the server takes: a long address must not cost the chat.
   */
  private async openSession() {
    const { host, http, memory } = this.options;
    const { url, title, referrer, locale } = host.page;
    const { token } = memory; // as it is by now: another tab may have got a new one
    this.aim = token;
    const request = {
      page_url: url.slice(0, 2000),
      page_title: cleaned(title.slice(0, 500)),
      referrer: referrer.slice(0, 2000),
      locale: locale.slice(0, 35),
      embed_origin: host.origin,
      ...(token && { token }),
    };
    const { identity } = this;
    if (!identity) return http.openSession(request);
    this.presenting = true;
    return http
      .openSession({ ...request, identity })
      .finally(() => (this.presenting = false))
      .catch((error: unknown) => this.unvouched(error, request, identity));
  }

  /**
   * The site's word was not taken: the page is told, and the visitor goes on as anybody. A session
   * of somebody whom the site vouched for goes on only if the site meant them now, too.
   */
  private unvouched(error: unknown, { token, ...request }: SessionRequest, identity: string) {
    const { host, http, memory } = this.options;
    if (!(error instanceof ApiError) || !error.code.startsWith("identity.")) throw error;
    if (this.identity === identity) this.identity = undefined;
    host.event("error", { code: error.code, detail: error.message });
    const theirs = memory.subject === undefined || memory.subject === subjectOf(identity);
    return http.openSession({ ...request, ...(token && theirs && { token }) });
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
