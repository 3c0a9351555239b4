import type { Api } from "./client";

export type LicenseState = "none" | "trial" | "valid" | "grace" | "expired";

/** Where a paid plugin stands. */
export interface LicenseStanding {
  model: "subscription" | "one_time";
  product: string;
  state: LicenseState;
  /** No license was given: the trial of the plugin itself runs, or ran. */
  host_trial: boolean;
  edition?: string;
  expires_at?: string;
  grace_until?: string;
  maintained_until?: string;
  /** This version runs for ever. */
  perpetual: boolean;
  /** This version was released after the maintenance ended. */
  too_new: boolean;
  on_expiry: "receive_only" | "read_only";
  /** `on_expiry` applies now. */
  barred: boolean;
  buy_url?: string;
}

/** A license that was added; its text is never shown again. */
export interface License {
  id: string;
  number: string;
  product: string;
  plugin?: string;
  vendor?: string;
  customer?: string;
  edition?: string;
  features: string[];
  limits: Record<string, number>;
  trial: boolean;
  /** Absent: it cannot be read, and `problem` says why. */
  state?: Exclude<LicenseState, "none"> | "not_yet";
  problem?: string;
  begins_at?: string;
  expires_at?: string;
  grace_until?: string;
  maintained_until?: string;
  perpetual: boolean;
  added_at: string;
  added_by?: string;
}

/** Licenses of paid plugins: the installation's, the same in every workspace. */
export class LicensesApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${encodeURIComponent(workspace)}/licenses`;
  }

  async list(): Promise<License[]> {
    return (await this.api.request<{ items: License[] }>("get", this.base)).items;
  }

  add(token: string): Promise<License> {
    return this.api.request("post", this.base, { body: { token } });
  }

  async remove(license: string): Promise<void> {
    await this.api.request("delete", `${this.base}/${encodeURIComponent(license)}`);
  }
}
