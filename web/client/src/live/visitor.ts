import type { ApiError } from "../problem";
import type { PublicChange, VisitorSession } from "../types";
import { Backoff } from "./backoff";
import type { Environment } from "./environment";
import type { QueueStanding, ReadyFrame, VisitorFrame, VisitorReady } from "./frames";
import { Link, type LinkStatus } from "./link";
import { Outbox, type OutboxEntry, type OutboxStorage } from "./outbox";
import { Poller } from "./poller";
import { Sequence } from "./sequence";
import { TypingTracker } from "./typing";
import { wireVisitorMessage, type VisitorHttp, type VisitorMessage } from "./visitorhttp";

export interface VisitorHandlers {
  /** One change of the conversation: every one, once, in order. */
  change: (change: PublicChange) => void;
  /** Forget all changes: they follow again from the first. */
  reset: () => void;
  /** A session was opened or resumed; its token is to be kept for the next visit. */
  session?: (session: VisitorSession) => void;
  /** The inbox's policy or the server refuses us for good. */
  refused?: (error: ApiError | undefined) => void;
  /** Names of those who are typing. */
  typing?: (names: string[]) => void;
  /** How far the company has read; the seq of a change. */
  read?: (seq: number) => void;
  /** Place in the queue, 1 = next; 0 when no longer waiting. */
  queue?: (position: number, available: boolean, standing: QueueStanding) => void;
  outbox?: (entries: readonly OutboxEntry<VisitorMessage>[]) => void;
  status?: (status: LinkStatus) => void;
  /** The server says why the session ends, before it ends it: `visitor.logged_out`, `identity.subject_changed`. */
  ending?: (code: string) => void;
}

export interface VisitorOptions extends Environment {
  url: () => string;
  http: VisitorHttp;
  /** Opens a session, or resumes the one of an earlier token. Called again when a session ends. */
  openSession: () => Promise<VisitorSession>;
  storage?: OutboxStorage<VisitorMessage>;
  handlers: VisitorHandlers;
}

/** A visitor's live connection to one inbox. */
export class VisitorSocket {
  private readonly link: Link;
  private readonly sequence: Sequence<PublicChange>;
  private readonly outbox: Outbox<VisitorMessage>;
  private readonly typists: TypingTracker;
  private readonly poller: Poller;
  private readonly sessionBackoff: Backoff;
  private sessionTimer?: ReturnType<typeof setTimeout>;
  private token = "";
  private session = "";
  /** Counts openings of sessions: the answer to an earlier one is not taken. */
  private opening = 0;
  private epoch = "";
  private running = false;
  private seen = 0;
  private told = 0;

  constructor(private readonly options: VisitorOptions) {
    const { handlers } = options;
    this.sessionBackoff = new Backoff({ random: options.random });
    this.typists = new TypingTracker((_, typists) => handlers.typing?.(typists.map((who) => who.name ?? "")));
    this.sequence = new Sequence<PublicChange>({
      position: (change) => change.seq,
      apply: (change) => this.apply(change),
      fetch: (after) => this.authorized(options.http.changes(this.token, after)),
      onLost: () => this.startOver(),
      random: options.random,
    });
    this.poller = new Poller(() => this.poll(), options.random);
    this.link = new Link({
      ...options,
      hello: () => ({ op: "hello", token: this.token, epoch: this.epoch, after: this.sequence.last }),
      onReady: (frame) => this.ready(frame),
      onFrame: (frame) => this.receive(frame as VisitorFrame),
      onStatus: (status) => this.statusChanged(status),
    });
    this.outbox = new Outbox<VisitorMessage>({
      lane: () => "",
      transmit: (message) => this.link.send({ op: "send", ref: message.client_msg_id, ...wireVisitorMessage(message) }),
      storage: options.storage,
      onChange: handlers.outbox,
      random: options.random,
    });
  }

  get status(): LinkStatus {
    return this.link.status;
  }

  get unsent(): readonly OutboxEntry<VisitorMessage>[] {
    return this.outbox.list;
  }

  /** Opens a session and connects. */
  start(): void {
    if (this.running) return;
    this.running = true;
    void this.openSession();
  }

  stop(): void {
    this.running = false;
    this.cancelSessionTimer();
    this.link.stop();
    this.sequence.halt();
    this.typists.clear();
  }

  /** Tries to connect now instead of after the back-off. */
  reconnect(): void {
    if (this.sessionTimer) this.openSessionIn(0);
    else this.link.retry();
  }

  /** Takes a message; it is sent until it is stored or refused, over reconnects and reloads. */
  send(message: VisitorMessage): void {
    this.outbox.add(message);
    this.poller.nudge();
  }

  retry(clientMessageID: string): void {
    this.outbox.retry(clientMessageID);
    this.poller.nudge();
  }

  discard(clientMessageID: string): void {
    this.outbox.discard(clientMessageID);
  }

  typing(on: boolean): void {
    this.link.send({ op: "typing", on });
  }

  /** Says how far the visitor has read; a seq that was said before is not said again. */
  read(seq: number): void {
    if (seq <= this.seen) return;
    this.seen = seq;
    this.tellRead();
  }

  /** The secret of the session, once there is one. */
  get sessionToken(): string {
    return this.token;
  }

  /** Opens a session anew: who the visitor is has changed. What is held goes when it turns out to be another one. */
  restartSession(): void {
    this.stop();
    this.start();
  }

  /** Forgets the session, its conversation and what waits to be sent: somebody else may come. */
  leave(): void {
    this.stop(); // first: what is given up must not be sent
    this.token = this.session = "";
    for (const { item } of this.outbox.list) this.outbox.discard(item.client_msg_id);
    this.forget();
  }

  private tellRead(): void {
    if (this.seen > this.told && this.link.send({ op: "read", seq: this.seen })) this.told = this.seen;
  }

  private async openSession(): Promise<void> {
    const opening = ++this.opening;
    const stale = () => !this.running || opening !== this.opening;
    try {
      const session = await this.options.openSession();
      if (stale()) return;
      if (this.session && (!session.resumed || session.session_id !== this.session)) this.forget();
      this.token = session.token;
      this.session = session.session_id;
      this.options.handlers.session?.(session);
      this.link.start();
    } catch (error) {
      if (!stale()) this.sessionFailed(error as ApiError);
    }
  }

  private sessionFailed(error: ApiError): void {
    if (error.transient === false) {
      this.running = false;
      return this.options.handlers.refused?.(error);
    }
    const wait = Math.max(this.sessionBackoff.next(), error.retryAfter ?? 0);
    this.options.handlers.status?.({
      state: "waiting",
      trouble: "unreachable",
      failures: this.sessionBackoff.failures,
      retryAt: Date.now() + wait,
    });
    this.openSessionIn(wait);
  }

  private openSessionIn(ms: number): void {
    this.cancelSessionTimer();
    this.sessionTimer = setTimeout(() => {
      this.sessionTimer = undefined;
      void this.openSession();
    }, ms);
  }

  private cancelSessionTimer(): void {
    clearTimeout(this.sessionTimer);
    this.sessionTimer = undefined;
  }

  private ready(frame: ReadyFrame): void {
    const { epoch, resync, read_seq } = frame as VisitorReady;
    this.sessionBackoff.reset();
    this.options.handlers.read?.(read_seq ?? 0);
    this.tellRead();
    if (this.follow(epoch) || resync) {
      this.restart();
      void this.sequence.catchUp();
    }
    this.outbox.resume();
  }

  /** Takes over the server's epoch; says whether what we hold is of another one. */
  private follow(epoch: string): boolean {
    const other = this.epoch !== "" && this.epoch !== epoch;
    if (this.epoch === "") this.sequence.reset(this.sequence.last, epoch);
    this.epoch = epoch;
    return other;
  }

  private restart(): void {
    this.sequence.reset(0, this.epoch);
    this.options.handlers.reset();
  }

  private receive(frame: VisitorFrame): void {
    const { handlers } = this.options;
    switch (frame.op) {
      case "change":
        return this.sequence.offer(frame.change);
      case "ack":
        return this.stored(frame.ref, frame.change);
      case "typing":
        return this.typists.set("", { kind: "agent", name: frame.name }, frame.on);
      case "read":
        return handlers.read?.(frame.seq);
      case "queue":
        return handlers.queue?.(frame.position, frame.available ?? true, { closed: frame.closed, opens_at: frame.opens_at, wait_s: frame.wait_s });
      case "error":
        if (frame.ref) this.outbox.refused(frame.ref, frame);
        else handlers.ending?.(frame.code);
    }
  }

  /** A message leaves the outbox when its change is applied, so that it is shown exactly once. */
  private stored(clientMessageID: string, change: PublicChange): void {
    if (change.seq <= this.sequence.last) this.outbox.acked(clientMessageID);
    else this.sequence.offer(change);
  }

  private apply(change: PublicChange): void {
    const { message } = change;
    if (message?.sender.kind === "agent" || message?.sender.kind === "bot") this.typists.clear();
    this.options.handlers.change(change);
    if (message?.client_msg_id) this.outbox.acked(message.client_msg_id);
  }

  private statusChanged(status: LinkStatus): void {
    if (status.state !== "ready") this.typists.clear();
    this.options.handlers.status?.(status);
    if (status.state === "refused") this.options.handlers.refused?.(undefined);
    if (status.state === "ended" && this.running) this.sessionEnded();
    this.poller.follow(status);
  }

  private sessionEnded(): void {
    this.openSessionIn(this.sessionBackoff.next());
  }

  /** Passes a request's answer on; one that says the session is over ends it, as close 4401 does. */
  private authorized<T>(request: Promise<T>): Promise<T> {
    const { token } = this;
    return request.catch((error: ApiError) => {
      if (error.status === 401 && token === this.token && this.running && !this.sessionTimer) {
        this.link.stop();
        this.sequence.halt();
        this.sessionEnded();
      }
      throw error;
    });
  }

  private startOver(): void {
    this.forget();
    this.link.reconnect();
  }

  private forget(): void {
    this.epoch = "";
    this.seen = 0;
    this.told = 0;
    this.restart();
  }

  private async poll(): Promise<void> {
    await Promise.all([this.pollChanges(), this.deliver()]);
  }

  private async pollChanges(): Promise<void> {
    if (!this.epoch) this.follow((await this.authorized(this.options.http.changes(this.token, this.sequence.last))).epoch);
    await this.sequence.catchUp();
  }

  /** Sends what waits, one after the other, for as long as it gets through. */
  private async deliver(): Promise<void> {
    for (let stored = true; stored; ) {
      stored = false;
      await this.outbox.deliver(async (message) => {
        const { change } = await this.authorized(this.options.http.postMessage(this.token, message));
        this.sequence.offer(change);
        if (change.seq > this.sequence.last) await this.sequence.catchUp();
        stored = true;
      });
    }
  }
}
