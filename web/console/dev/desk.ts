/**
 * A member's console without its looks, for measuring and testing in Node: the real socket, the real
 * query cache with the real reactions, one list of conversations. `desks.mjs` bundles it.
 */
import { InfiniteQueryObserver, QueryClient } from "@tanstack/vue-query";
import { Api, WorkspaceApi } from "@patchbay/client/api";
import { MemberSocket, type ConversationFilter } from "@patchbay/client/member";
import type { Conversation, FeedEvent, ListPage } from "@patchbay/client/types";
import { ConversationCache, type ConversationPages } from "../src/live/cache";
import { reactions } from "../src/live/stale";
import { askAgain } from "../src/query/client";
import { keys } from "../src/query/keys";
import type { SocketLike } from "../../client/src/live/environment";

export interface DeskOptions {
  origin: string;
  /** Of the session. */
  cookie: string;
  workspace: string;
  memberID: string;
  connect: (url: string, cookie: string) => SocketLike;
  /** An event was taken: the list shows it. */
  shown?: (event: FeedEvent) => void;
}

const filter: ConversationFilter = { view: "all", state: "open" };

export class Desk {
  /** Requests to the API since the start. */
  requests = 0;
  /** Bytes of the frames that came. */
  bytes = 0;
  private readonly client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
  private readonly api: WorkspaceApi;
  private readonly socket: MemberSocket;
  private readonly key: readonly unknown[];
  private readonly stops: (() => void)[] = [];

  constructor(options: DeskOptions) {
    const { workspace, memberID } = options;
    this.key = keys.conversations(workspace, filter);
    const fetchAsMember = (request: Request) => {
      this.requests++;
      request.headers.set("cookie", options.cookie);
      return fetch(request);
    };
    this.api = new WorkspaceApi(new Api({ baseUrl: options.origin, fetch: fetchAsMember as typeof fetch }), workspace);
    const cache = new ConversationCache(this.client, workspace, memberID, {
      fetchAfter: (id, after) => this.api.timeline(id, { after, limit: 200 }),
      check: (ids, list) => this.api.views.check(ids, list),
    });
    const react = reactions({
      client: this.client,
      cache, tickets: { left: () => undefined },
      workspace,
      memberID,
      fetchContact: (id) => this.api.contact(id),
      refreshSession: () => Promise.resolve(),
    });
    this.socket = new MemberSocket({
      url: () => options.origin.replace(/^http/, "ws") + this.api.livePath,
      connect: (url) => this.counted(options.connect(url, options.cookie)),
      wake: () => () => {},
      online: () => true,
      fetchEvents: (after) => this.api.events(after),
      postMessage: () => Promise.reject(new Error("nothing is sent")),
      handlers: {
        event: (event) => {
          cache.take(event);
          void react[event.type](event);
          options.shown?.(event);
        },
        resync: () => void askAgain(this.client, keys.all(workspace)),
      },
    });
    this.stops.push(cache.watch());
  }

  /** Fetches the list and connects; resolves when both are done. */
  async open(): Promise<void> {
    const observer = new InfiniteQueryObserver(this.client, {
      queryKey: this.key,
      queryFn: ({ pageParam }) => this.api.conversations({ ...filter, view: "all", cursor: pageParam, limit: 50 }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page: ListPage<Conversation>) => page.next_cursor,
    });
    this.stops.push(observer.subscribe(() => {}));
    this.socket.start();
    const patience = Date.now() + 20_000;
    while (this.socket.status.state !== "ready" || this.client.isFetching() > 0 || !this.list) {
      if (Date.now() > patience) throw new Error(`a desk does not open: ${this.socket.status.state}`);
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  /** The first page of the list, as the member sees it. */
  get list(): Conversation[] | undefined {
    return this.client.getQueryData<ConversationPages>(this.key)?.pages[0]?.items;
  }

  /** The same, asked of the server anew. */
  async fetched(): Promise<Conversation[]> {
    return (await this.api.conversations({ ...filter, view: "all", limit: 50 })).items;
  }

  close(): void {
    this.socket.stop();
    this.stops.forEach((stop) => stop());
    this.client.clear();
  }

  private counted(socket: SocketLike): SocketLike {
    let take: SocketLike["onmessage"] = null;
    socket.onmessage = (event) => {
      this.bytes += Buffer.byteLength(String(event.data));
      take?.(event);
    };
    return new Proxy(socket, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value as (...all: unknown[]) => unknown).bind(target) : value;
      },
      set: (target, name, value) => {
        if (name === "onmessage") take = value as SocketLike["onmessage"];
        else Reflect.set(target, name, value);
        return true;
      },
    });
  }
}
