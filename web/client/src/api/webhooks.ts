import type { FilterNode, Webhook, WebhookDelivery, WebhookTest, WebhookTrace } from "../types";
import type { Api } from "./client";

const BASE = "/api/v1/workspaces/{workspace}/webhooks";

/** What an endpoint becomes; what is left out stays. */
export interface WebhookBody {
  url?: string;
  description?: string;
  events?: string[];
  inbox_ids?: string[];
  /** Of conversations; null takes it away. */
  filter?: FilterNode | null;
  active?: boolean;
}

/** Which deliveries are sent again. */
export interface Replay {
  delivery_id?: string;
  state?: "delivered" | "dead";
  since?: string;
}

/** Other systems that are told what happens. */
export class WebhooksApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.path = { workspace };
  }

  async list(): Promise<Webhook[]> {
    return (await this.api.call("get", BASE, { path: this.path })).items;
  }

  async events(): Promise<{ type: string; group: string }[]> {
    return (await this.api.call("get", `${BASE}/events`, { path: this.path })).items;
  }

  get(webhook: string): Promise<Webhook> {
    return this.api.call("get", `${BASE}/{webhook}`, { path: { ...this.path, webhook } });
  }

  /** The answer alone carries the secret. */
  create(body: WebhookBody): Promise<Webhook & { secret: string; kid: string }> {
    return this.api.call("post", BASE, { path: this.path, body: sent(body) });
  }

  update(webhook: string, body: WebhookBody): Promise<Webhook> {
    return this.api.call("patch", `${BASE}/{webhook}`, { path: { ...this.path, webhook }, body: sent(body) });
  }

  async remove(webhook: string): Promise<void> {
    await this.api.call("delete", `${BASE}/{webhook}`, { path: { ...this.path, webhook } });
  }

  /** The answer alone carries the secret. The one before signs beside it for some hours more. */
  rotate(webhook: string, overlapHours: number): Promise<{ kid: string; secret: string }> {
    return this.api.call("post", `${BASE}/{webhook}/secrets`, { path: { ...this.path, webhook }, body: { overlap_hours: overlapHours } });
  }

  /** Ends a previous secret now. */
  async expire(webhook: string, kid: string): Promise<void> {
    await this.api.call("delete", `${BASE}/{webhook}/secrets/{kid}`, { path: { ...this.path, webhook, kid } });
  }

  async deliveries(webhook: string, state: "" | WebhookDelivery["state"], cursor?: string): Promise<{ items: WebhookDelivery[]; next?: string }> {
    const query = { limit: 30, ...(state && { state }), ...(cursor && { cursor }) };
    const { items, next_cursor: next } = await this.api.call("get", `${BASE}/{webhook}/deliveries`, { path: { ...this.path, webhook }, query });
    return { items, ...(next && { next }) };
  }

  delivery(delivery: string): Promise<WebhookTrace> {
    return this.api.call("get", `${BASE}/deliveries/{delivery}`, { path: { ...this.path, delivery } });
  }

  async replay(webhook: string, which: Replay): Promise<number> {
    return (await this.api.call("post", `${BASE}/{webhook}/replay`, { path: { ...this.path, webhook }, body: which })).deliveries;
  }

  test(webhook: string): Promise<WebhookTest> {
    return this.api.call("post", `${BASE}/{webhook}/test`, { path: { ...this.path, webhook } });
  }
}

/** The description of the API has no word for null: it stands for "no filter". */
function sent({ filter, ...body }: WebhookBody): Omit<WebhookBody, "filter"> & { filter?: Record<string, unknown> } {
  return filter === undefined ? body : { ...body, filter: filter as unknown as Record<string, unknown> };
}
