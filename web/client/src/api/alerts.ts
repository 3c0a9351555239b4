import type { Alert, AlertRules } from "../types";
import type { Api } from "./client";

/** What supervisors are to know, and when they are told. */
export class AlertsApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}`;
  }

  /** Those that stand and are in reach, the oldest first. */
  async standing(): Promise<Alert[]> {
    return (await this.api.request<{ items: Alert[] }>("get", `${this.base}/alerts`)).items;
  }

  /** Who was first stays. */
  acknowledge(alert: string): Promise<Alert> {
    return this.api.request("post", `${this.base}/alerts/${encodeURIComponent(alert)}/acknowledge`);
  }

  rules(): Promise<AlertRules> {
    return this.api.request("get", `${this.base}/alert-rules`);
  }

  /** They name the revision that was read. */
  saveRules(rules: AlertRules): Promise<AlertRules> {
    return this.api.request("put", `${this.base}/alert-rules`, { body: rules });
  }
}
