import type { TicketStatus } from "@patchbay/client/types";

/** Why a ticket cannot go from one column to another; undefined when it can. */
export function obstacle(from: TicketStatus, to: TicketStatus): "closed" | "new" | undefined {
  if (from === "closed") return "closed";
  return to === "new" && from !== "new" ? "new" : undefined;
}

/** Whether a move can be taken back: what was new is not new again, and what is closed stays so. */
export const canReturn = (from: TicketStatus, to: TicketStatus): boolean => from !== "new" && to !== "closed";
