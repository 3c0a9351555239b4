import type { DispatchPolicy, ListPage, PolicyCompareBody, PolicyComparison, PolicyDays, PolicyDayView, PolicyDraftBody, PolicyRevision } from "../types";
import type { Api } from "./client";

/** How the workspace gives out its work. */
export class PolicyApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}/dispatch-policy`;
  }

  policy(): Promise<DispatchPolicy> {
    return this.api.request("get", this.base);
  }

  /** All of the draft, made of the revision that was read. */
  save(revision: number, draft: Omit<PolicyDraftBody, "revision">): Promise<DispatchPolicy> {
    return this.api.request("put", `${this.base}/draft`, { body: { ...draft, revision } });
  }

  publish(revision: number, note: string): Promise<DispatchPolicy> {
    return this.api.request("post", `${this.base}/publish`, { body: { revision, note } });
  }

  /** Puts an older one in force again. */
  restore(number: number, published: number, note: string): Promise<DispatchPolicy> {
    return this.api.request("post", `${this.base}/restore`, { body: { number, published, note } });
  }

  /** What was in force, the newest first. */
  revisions(cursor?: string): Promise<ListPage<PolicyRevision>> {
    return this.api.request("get", `${this.base}/revisions`, { query: { limit: 20, cursor } });
  }

  /** The days of the workspace's own that a comparison may be of, the newest first. */
  days(): Promise<PolicyDays> {
    return this.api.request("get", `${this.base}/days`);
  }

  /** A date that is listed, or a kind of made-up days. */
  day(name: string): Promise<PolicyDayView> {
    return this.api.request("get", `${this.base}/days/${name}`);
  }

  /** Two policies on the same day: each is "draft", "current" or the number of a revision. */
  compare(asked: PolicyCompareBody, signal?: AbortSignal): Promise<PolicyComparison> {
    return this.api.request("post", `${this.base}/compare`, { body: asked, signal });
  }
}
