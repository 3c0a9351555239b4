import { inject, onScopeDispose, provide, reactive, shallowRef, type InjectionKey, type ShallowRef } from "vue";
import { useQueryClient } from "@tanstack/vue-query";
import {
  MemberSocket,
  socketURL,
  uuidv7,
  webStorage,
  type LinkStatus,
  type Looker,
  type MemberMessage,
  type OutboxEntry,
  type Typist,
} from "@patchbay/client/member";
import type { AppNotification, FeedEvent, PresenceEntry, ServerDraft, Whisper } from "@patchbay/client/types";
import { askAgain } from "@/query/client";
import { keys } from "@/query/keys";
import { useSession } from "@/session/session";
import type { WorkspaceContext } from "@/session/workspace";
import { ConversationCache } from "./cache";
import { reactions } from "./stale";
import { TicketCache } from "./tickets";
import { workerTicker } from "./ticker";
import { takeWhisper } from "./whispers";

export interface Live {
  status: ShallowRef<LinkStatus>;
  outbox: ShallowRef<readonly OutboxEntry<MemberMessage>[]>;
  presence: ShallowRef<ReadonlyMap<string, PresenceEntry>>;
  /** Who is typing, by conversation. */
  typing: ReadonlyMap<string, Typist[]>;
  cache: ConversationCache;
  tickets: TicketCache;
  /** Puts a message on its way; it is shown as unsent until it is stored. */
  send: (message: Outgoing) => void;
  retry: (clientMessageID: string) => void;
  discard: (clientMessageID: string) => void;
  /** Who has a conversation open, this member left out. */
  looking: ReadonlyMap<string, Looker[]>;
  /** Says what this member has open; an empty id: nothing. */
  look: (conversation: string) => void;
  signalTyping: (conversation: string, on: boolean, note: boolean) => void;
  reconnect: () => void;
  /** Calls back for every event of the feed, until the scope ends. */
  onEvent: (listen: (event: FeedEvent) => void) => void;
  /** How many of this member's notifications are unread. */
  unreadNotifications: ShallowRef<number>;
  /** Calls back for each notification that comes, and without one when some were read elsewhere or the connection is new. */
  onNotified: (listen: NotificationListener) => void;
  /** Calls back for each whisper that comes, until the scope ends. */
  onWhisper: (listen: WhisperListener) => void;
  /** Calls back for every new version of one's own drafts, until the scope ends. */
  onDraft: (listen: DraftListener) => void;
  /** Has the figures of the workspace kept new in the cache, until the scope ends. */
  watchFigures: () => void;
}

type DraftListener = (conversation: string, rev: number, draft: ServerDraft | undefined) => void;

type WhisperListener = (whisper: Whisper) => void;

type NotificationListener = (notification?: AppNotification) => void;

/** A message to be sent, before it has an identity. */
export type Outgoing = Omit<MemberMessage, "client_msg_id">;

const key: InjectionKey<Live> = Symbol("live");

export function useLive(): Live {
  const live = inject(key);
  if (!live) throw new Error("no live connection around this component");
  return live;
}

/** Opens the live connection of a workspace for as long as the calling component lives. */
export function provideLive(workspace: WorkspaceContext): Live {
  const client = useQueryClient();
  const session = useSession();
  const { api, id, memberID } = workspace;

  const status = shallowRef<LinkStatus>({ state: "stopped", failures: 0 });
  const presence = shallowRef<ReadonlyMap<string, PresenceEntry>>(new Map());
  const typing = reactive(new Map<string, Typist[]>());
  const looking = reactive(new Map<string, Looker[]>());
  const listeners = new Set<(event: FeedEvent) => void>();
  const draftListeners = new Set<DraftListener>();
  const whisperListeners = new Set<WhisperListener>();
  const unreadNotifications = shallowRef(0);
  const notificationListeners = new Set<NotificationListener>();
  let watchers = 0;
  const cache = new ConversationCache(client, id, memberID, {
    fetchAfter: (conversation, after) => api.timeline(conversation, { after, limit: 200 }),
    check: (ids, list) => api.views.check(ids, list),
  });

  const tickets = new TicketCache(client, id, () => cache.lists.world, (ticket, after) => api.tickets.changes(ticket, { after, limit: 200 }));

  const react: Partial<ReturnType<typeof reactions>> = reactions({
    client,
    cache,
    tickets,
    workspace: id,
    memberID,
    fetchContact: (contact) => api.contact(contact),
    refreshSession: () => session.refresh(),
  });

  const socket = new MemberSocket({
    url: () => socketURL(api.livePath),
    ticker: workerTicker,
    fetchEvents: (after) => api.events(after),
    postMessage: (message) => api.postMessage(message),
    storage: webStorage(`patchbay.outbox.${id}.${memberID}.`, localStorage),
    handlers: {
      event: (event) => {
        cache.take(event);
        tickets.take(event);
        void react[event.type]?.(event);
        for (const listener of listeners) listener(event);
      },
      rights: () => {
        void session.refresh();
        cache.forgetGone();
        tickets.forgetGone();
        void askAgain(client, keys.all(id));
      },
      resync: () => void askAgain(client, keys.all(id)),
      stored: ({ change }) => cache.takeChange(change),
      typing: (conversation, typists) => {
        const others = typists.filter((who) => who.id !== memberID);
        if (others.length > 0) typing.set(conversation, others);
        else typing.delete(conversation);
      },
      draft: (conversation, rev, draft) => {
        for (const listener of draftListeners) listener(conversation, rev, draft);
      },
      whisper: (whisper) => {
        takeWhisper(client, id, whisper);
        for (const listener of whisperListeners) listener(whisper);
      },
      figures: (figures) => client.setQueryData(keys.figures(id), figures),
      notified: (unread, notification) => {
        unreadNotifications.value = unread;
        for (const listener of notificationListeners) listener(notification);
      },
      looking: (conversation, members) => {
        const others = members.filter((who) => who.member_id !== memberID);
        if (others.length > 0) looking.set(conversation, others);
        else looking.delete(conversation);
      },
      presence: (members) => {
        presence.value = new Map([...presence.value, ...members.map((entry): [string, PresenceEntry] => [entry.member_id, entry])]);
      },
      outbox: (entries) => (outbox.value = entries),
      status: (next) => {
        status.value = next;
        if (next.state !== "ready") looking.clear();
        else void client.invalidateQueries({ queryKey: keys.everyWhisper(id) }); // No feed brings what was missed.
        if (next.state === "ended") session.ended();
        // Suspended, or the workspace asks for more than this session has: who one is now says which.
        if (next.state === "refused") session.refresh().catch(session.noticed);
      },
    },
  });
  const outbox = shallowRef<readonly OutboxEntry<MemberMessage>[]>(socket.unsent);

  const live: Live = {
    status,
    outbox,
    presence,
    typing,
    cache,
    tickets,
    send: (message) => socket.send({ client_msg_id: uuidv7(), ...message }),
    retry: (clientMessageID) => socket.retry(clientMessageID),
    discard: (clientMessageID) => socket.discard(clientMessageID),
    looking,
    look: (conversation) => socket.look(conversation),
    signalTyping: (conversation, on, note) => socket.typing(conversation, on, note),
    reconnect: () => socket.reconnect(),
    onEvent: (listen) => {
      listeners.add(listen);
      onScopeDispose(() => listeners.delete(listen));
    },
    unreadNotifications,
    onNotified: (listen) => {
      notificationListeners.add(listen);
      onScopeDispose(() => notificationListeners.delete(listen));
    },
    onWhisper: (listen) => {
      whisperListeners.add(listen);
      onScopeDispose(() => whisperListeners.delete(listen));
    },
    onDraft: (listen) => {
      draftListeners.add(listen);
      onScopeDispose(() => draftListeners.delete(listen));
    },
    watchFigures: () => {
      if (watchers++ === 0) socket.watchFigures(true);
      onScopeDispose(() => {
        if (--watchers === 0) socket.watchFigures(false);
      });
    },
  };
  const unwatch = [cache.watch(), tickets.watch()];
  socket.start();
  onScopeDispose(() => {
    socket.stop();
    for (const stop of unwatch) stop();
  });
  provide(key, live);
  return live;
}
