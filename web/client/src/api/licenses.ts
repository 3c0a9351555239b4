import type { Api } from "./client";
import type { components } from "./schema";

/** Where a paid plugin stands. */
export type LicenseStanding = components["schemas"]["StandingBody"];
export type LicenseState = LicenseStanding["state"];
/** A license that was added; its text is never shown again. */
export type License = components["schemas"]["LicenseBody"];

const BASE = "/api/v1/workspaces/{workspace}/licenses" as const;

/** Licenses of paid plugins: the installation's, the same in every workspace. */
export class LicensesApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.path = { workspace };
  }

  async list(): Promise<License[]> {
    return (await this.api.call("get", BASE, { path: this.path })).items;
  }

  add(token: string): Promise<License> {
    return this.api.call("post", BASE, { path: this.path, body: { token } });
  }

  async remove(license: string): Promise<void> {
    await this.api.call("delete", `${BASE}/{license}`, { path: { ...this.path, license } });
  }
}
