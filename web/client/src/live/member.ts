import type { TemplateUse } from "../api/messagetemplates";
import type { Addressed, AppNotification, Change, FeedEvent, Figures, Message, MessageKind, PresenceEntry, ServerDraft, Whisper } from "../types";
import type { Environment } from "./environment";
import type { ErrorFrame, Looker, MemberFrame, MemberReady, ReadyFrame } from "./frames";
import { Link, type LinkStatus } from "./link";
import { Outbox, refusalOf, type OutboxEntry, type OutboxStorage, type Sendable } from "./outbox";
import { Poller } from "./poller";
import { Sequence, type Range } from "./sequence";
import { TypingTracker, type Typist } from "./typing";

/** A message of a member on its way. */
export interface MemberMessage extends Sendable {
  conversation_id: string;
  kind: MessageKind;
  text: string;
  attachment_ids?: string[];
  reply_to?: string;
  /** Ids of the members a note names. */
  mentions?: string[];
  /** Ids of the members of a group whom an answer names. */
  group_mentions?: string[];
  /** Of a mail: absent, it is addressed as the channel would. */
  envelope?: Addressed;
  /** What it is made of, in the place of a text of one's own: `text` is then what it says, drawn and never sent. */
  template?: TemplateUse;
  /** What to draw until the stored message comes; never sent. */
  shown?: Pick<Message, "attachments" | "reply_to" | "mentions" | "group_mentions" | "envelope" | "template">;
}

/** What of a message goes to the server. */
export function wireMessage({ shown: _shown, ...message }: MemberMessage): Omit<MemberMessage, "shown" | "text"> & { text?: string } {
  if (!message.template) return message;
  const { text: _text, ...rest } = message;
  return rest;
}

/** What the server answers once a message is stored. */
export interface Stored {
  message: Message;
  change: Change;
}

export interface FeedRange extends Range<FeedEvent> {
  /** The head of the feed. */
  feed: number;
}

export interface MemberHandlers {
  /** One event of the feed: every one, once, in order. */
  event: (event: FeedEvent) => void;
  /** The member may do or see something else now: what was fetched before, and who one is, is to be fetched again. */
  rights?: () => void;
  /** What was fetched before cannot be continued: fetch it again. Also called once at the start. */
  resync: () => void;
  /** A message of ours is stored. Its event follows, or came already. */
  stored?: (stored: Stored) => void;
  typing?: (conversationID: string, typists: Typist[]) => void;
  /** A draft of this member has a new version, from this window or another one; undefined: it is gone. */
  draft?: (conversationID: string, rev: number, draft: ServerDraft | undefined) => void;
  /** Something was whispered that this member may read. */
  whisper?: (whisper: Whisper) => void;
  /** Who has a conversation open now, this member among them. */
  looking?: (conversationID: string, members: Looker[]) => void;
  /** The whole list after ready, changed entries later. */
  presence?: (members: PresenceEntry[]) => void;
  /** How work stands and goes, about once a second while something happens, after `watchFigures`. */
  figures?: (figures: Figures) => void;
  /** A notification came, or, without one, some were read; and after each connect. With how many are unread. */
  notified?: (unread: number, notification?: AppNotification) => void;
  outbox?: (entries: readonly OutboxEntry<MemberMessage>[]) => void;
  status?: (status: LinkStatus) => void;
}

export interface MemberOptions extends Environment {
  url: () => string;
  /** GET events after a feed position. */
  fetchEvents: (after: number) => Promise<FeedRange>;
  /** POST messages: the way when no socket gets through. Must be idempotent by client_msg_id. */
  postMessage: (message: MemberMessage) => Promise<Stored>;
  storage?: OutboxStorage<MemberMessage>;
  handlers: MemberHandlers;
}

/** A member's live connection to a workspace. */
export class MemberSocket {
  private readonly link: Link;
  private readonly sequence: Sequence<FeedEvent>;
  private readonly outbox: Outbox<MemberMessage>;
  private readonly typists: TypingTracker;
  private readonly poller: Poller;
  private epoch = "";
  private lookingAt = "";
  private watching = false;
  private rights = "";

  constructor(private readonly options: MemberOptions) {
    const { handlers } = options;
    this.typists = new TypingTracker((place, typists) => handlers.typing?.(place, typists));
    this.sequence = new Sequence<FeedEvent>({
      position: (event) => event.feed,
      apply: (event) => this.apply(event),
      fetch: options.fetchEvents,
      onLost: () => this.startOver(),
      random: options.random,
    });
    this.poller = new Poller(() => this.poll(), options.random);
    this.link = new Link({
      ...options,
      hello: () => ({ op: "hello", epoch: this.epoch, feed: this.sequence.last, ...(this.rights && { rights: this.rights }) }),
      onReady: (frame) => this.ready(frame),
      onFrame: (frame) => this.receive(frame as MemberFrame),
      onStatus: (status) => this.statusChanged(status),
    });
    this.outbox = new Outbox<MemberMessage>({
      lane: (message) => message.conversation_id,
      transmit: (message) => (message.template ? this.post(message) : this.link.send({ op: "send", ref: message.client_msg_id, ...wireMessage(message) })),
      storage: options.storage,
      onChange: handlers.outbox,
      random: options.random,
    });
  }

  get status(): LinkStatus {
    return this.link.status;
  }

  get unsent(): readonly OutboxEntry<MemberMessage>[] {
    return this.outbox.list;
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.link.stop();
    this.sequence.halt();
    this.typists.clear();
  }

  /** Tries to connect now instead of after the back-off. */
  reconnect(): void {
    this.link.retry();
  }

  /** Takes a message; it is sent until it is stored or refused, over reconnects and reloads. */
  send(message: MemberMessage): void {
    this.outbox.add(message);
  }

  retry(clientMessageID: string): void {
    this.outbox.retry(clientMessageID);
  }

  discard(clientMessageID: string): void {
    this.outbox.discard(clientMessageID);
  }

  /** Says that this member is writing; of a note, colleagues alone hear. */
  typing(conversationID: string, on: boolean, note = false): void {
    this.link.send({ op: "typing", conversation_id: conversationID, on, ...(note && { note }) });
  }

  /** Says which conversation this member has open; an empty id: none. Said again after a reconnect. */
  look(conversationID: string): void {
    this.lookingAt = conversationID;
    this.link.send({ op: "look", conversation_id: conversationID });
  }

  /** Asks for figures as they change, or no more. Asked again after a reconnect. */
  watchFigures(on: boolean): void {
    this.watching = on;
    this.link.send({ op: "watch_figures", on });
  }

  private ready(frame: ReadyFrame): void {
    const { epoch, feed, resync, notifications_unread, rights = "" } = frame as MemberReady;
    const other = this.rights !== "" && rights !== this.rights;
    this.rights = rights;
    if (other) this.options.handlers.rights?.();
    if (resync || epoch !== this.epoch) this.continueFrom(epoch, feed);
    if (this.lookingAt) this.link.send({ op: "look", conversation_id: this.lookingAt });
    if (this.watching) this.link.send({ op: "watch_figures", on: true });
    this.options.handlers.notified?.(notifications_unread);
    this.outbox.resume();
  }

  private receive(frame: MemberFrame): void {
    const { handlers } = this.options;
    switch (frame.op) {
      case "event":
        return this.sequence.offer(frame);
      case "gone":
        return this.sequence.offer(goneEvent(frame));
      case "skip":
        return this.sequence.offer({ feed: frame.feed, type: "skip", at: "" });
      case "rights":
        this.rights = frame.rights;
        return handlers.rights?.();
      case "ack":
        handlers.stored?.(frame);
        return this.outbox.acked(frame.ref);
      case "typing":
        return this.typists.set(frame.conversation_id, frame.actor, frame.on);
      case "draft":
        return handlers.draft?.(frame.conversation_id, frame.rev, frame.draft ?? undefined);
      case "whisper":
        return handlers.whisper?.(frame.whisper);
      case "looking":
        return handlers.looking?.(frame.conversation_id, frame.members);
      case "notification":
        return handlers.notified?.(frame.unread, frame.notification);
      case "presence":
        return handlers.presence?.(frame.members);
      case "figures": {
        const { op: _op, ...figures } = frame;
        return handlers.figures?.(figures);
      }
      case "error":
        return this.failed(frame);
    }
  }

  private failed(frame: ErrorFrame): void {
    if (frame.ref) this.outbox.refused(frame.ref, frame);
  }

  private apply(event: FeedEvent): void {
    const { change } = event;
    if (change?.message && (change.type === "message.created" || change.type === "note.created")) {
      this.typists.set(change.conversation_id, change.actor, false);
      if (change.message.client_msg_id) this.outbox.acked(change.message.client_msg_id);
    }
    this.options.handlers.event(event);
  }

  private statusChanged(status: LinkStatus): void {
    if (status.state !== "ready") this.typists.clear();
    this.options.handlers.status?.(status);
    this.poller.follow(status);
  }

  private continueFrom(epoch: string, feed: number): void {
    this.epoch = epoch;
    this.sequence.reset(feed, epoch);
    this.options.handlers.resync();
  }

  private startOver(): void {
    this.epoch = "";
    this.link.reconnect();
  }

  private async poll(): Promise<void> {
    await Promise.all([this.pollEvents(), this.deliver()]);
  }

  private async pollEvents(): Promise<void> {
    if (this.epoch) return this.sequence.catchUp();
    const { epoch, feed } = await this.options.fetchEvents(0);
    this.continueFrom(epoch, feed);
  }

  private deliver(): Promise<void> {
    return this.outbox.deliver((message) => this.postNow(message));
  }

  private async postNow(message: MemberMessage): Promise<void> {
    const stored = await this.options.postMessage(message);
    this.options.handlers.stored?.(stored);
  }

  /** Beside the connection: an answer over HTTP says which value of a template is refused. False while there is none. */
  private post(message: MemberMessage): boolean {
    if (this.link.status.state !== "ready") return false;
    const id = message.client_msg_id;
    this.postNow(message).then(
      () => this.outbox.acked(id),
      (error: unknown) => this.outbox.refused(id, refusalOf(error)),
    );
    return true;
  }
}

/** The frame as the feed tells of it over HTTP. */
function goneEvent({ feed, conversation_id, ticket_id, seq }: Extract<MemberFrame, { op: "gone" }>): FeedEvent {
  return { feed, type: ticket_id ? "ticket.gone" : "conversation.gone", at: "", data: { id: ticket_id ?? conversation_id, seq } };
}
