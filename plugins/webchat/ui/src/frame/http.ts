import { ApiError, VisitorHttp, type VisitorMessage } from "@patchbay/client/visitor";
import type { Reach } from "./state";

/** The visitor's routes, saying after each request whether the server was reached. */
export class WatchedHttp extends VisitorHttp {
  /** Set by whoever wants to know. */
  onReach: (reach: Reach) => void = () => undefined;

  override changes(token: string, after: number) {
    return this.watch(super.changes(token, after));
  }

  override postMessage(token: string, message: VisitorMessage) {
    return this.watch(super.postMessage(token, message));
  }

  private watch<T>(request: Promise<T>): Promise<T> {
    request.then(
      () => this.onReach("reached"),
      (error: unknown) => this.onReach(error instanceof ApiError && !error.transient ? "reached" : "unreachable"),
    );
    return request;
  }
}
