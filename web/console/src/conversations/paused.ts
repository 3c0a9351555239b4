import type { Inbox } from "@patchbay/client/types";

/** Whether what is written waits: the other side has refused the inbox's credentials for good, and nothing is sent until somebody mends them. */
export function isPaused(inbox: Inbox | undefined): boolean {
  return inbox?.enabled === true && inbox.condition.state === "credentials";
}
