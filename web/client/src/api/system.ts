import type { components } from "./schema";
import type { Api } from "./client";

const BASE = "/api/v1/workspaces/{workspace}/system" as const;

export type SystemReport = components["schemas"]["ReportBody"];
export type SystemFinding = components["schemas"]["FindingBody"];
export type SystemTrial = components["schemas"]["TrialTicketBody"];
export type SystemHeard = components["schemas"]["TrialBody"];
export type BundleItem = components["schemas"]["ItemBody"];

/** How the installation is doing. */
export class SystemApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    private readonly workspace: string,
  ) {
    this.path = { workspace };
  }

  report(): Promise<SystemReport> {
    return this.api.call("get", BASE, { path: this.path });
  }

  /** A path under which a WebSocket may be tried. */
  trial(): Promise<SystemTrial> {
    return this.api.call("get", `${BASE}/trial`, { path: this.path });
  }

  async bundleContents(): Promise<BundleItem[]> {
    return (await this.api.call("get", `${BASE}/bundle/contents`, { path: this.path })).items;
  }

  /** Where the browser downloads the support bundle. */
  bundleFile(): string {
    return `${BASE.replace("{workspace}", encodeURIComponent(this.workspace))}/bundle`;
  }
}
