import type { Figures } from "../types";
import type { Api } from "./client";

/** How the work of a workspace stands now, and went today: for who supervises. */
export class FiguresApi {
  constructor(
    private readonly api: Api,
    private readonly workspace: string,
  ) {}

  /** The queues and members in reach. The live connection tells the same as it changes: `MemberSocket.watchFigures`. */
  figures(): Promise<Figures> {
    return this.api.request("get", `/api/v1/workspaces/${this.workspace}/figures`);
  }
}
