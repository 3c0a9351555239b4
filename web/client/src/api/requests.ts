import type { ChannelRequest, ChannelRequestTrace } from "../types";
import type { Api } from "./client";

const BASE = "/api/v1/workspaces/{workspace}/inboxes/{inbox}/requests";

/** Which requests are listed; failed: refused and given_up. */
export type RequestOutcome = ChannelRequest["outcome"] | "failed";

/** What far sides posted to an inbox, with what became of it. */
export class RequestsApi {
  private readonly path: { workspace: string; inbox: string };

  constructor(
    private readonly api: Api,
    workspace: string,
    inbox: string,
  ) {
    this.path = { workspace, inbox };
  }

  /** The newest first. */
  async list(outcome: "" | RequestOutcome, cursor?: string): Promise<{ items: ChannelRequest[]; next?: string }> {
    const query = { limit: 20, ...(outcome && { outcome }), ...(cursor && { cursor }) };
    const { items, next_cursor: next } = await this.api.call("get", BASE, { path: this.path, query });
    return { items, ...(next && { next }) };
  }

  /** What is raw of it is there for those who may read every conversation; that they read it is recorded. */
  get(request: string): Promise<ChannelRequestTrace> {
    return this.api.call("get", `${BASE}/{request}`, { path: { ...this.path, request } });
  }

  /** It waits then, and is processed within seconds. */
  replay(request: string): Promise<ChannelRequest> {
    return this.api.call("post", `${BASE}/{request}/replay`, { path: { ...this.path, request } });
  }

  /** In the order they came, a thousand at most; how many. */
  async replayAll(outcome: "failed" | "refused" | "forged" | "given_up"): Promise<number> {
    return (await this.api.call("post", `${BASE}/replay`, { path: this.path, body: { outcome } })).requests;
  }
}
