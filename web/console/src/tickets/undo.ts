import type { BulkTickets } from "@patchbay/client/api";
import type { Ticket } from "@patchbay/client/types";
import { grouped, type Step } from "@/rows/undo";

/**
 * What takes an action back for tickets as they were before it. Empty where there is no way back: what
 * was new is not new again, what is closed stays closed, and another type may have dropped values.
 */
export function undoOf(action: BulkTickets, before: readonly Ticket[]): Step<BulkTickets>[] {
  switch (action.action) {
    case "status":
      if (action.status === "closed") return [];
      return grouped(before, (row) => (row.status === "closed" || row.status === action.status ? undefined : { action: "status", status: row.status === "new" ? "open" : row.status }));
    case "assign":
      return grouped(before, (row) => ({ action: "assign", assignee_id: row.assignee_id ?? "", team_id: row.team_id ?? "" }));
    case "priority":
      return grouped(before, (row) => (row.priority === action.priority ? undefined : { action: "priority", priority: row.priority }));
    case "label":
    case "unlabel": {
      const back = action.action === "label" ? "unlabel" : "label";
      const changed = (row: Ticket, label: string) => row.labels.includes(label) === (action.action === "unlabel");
      return action.label_ids.flatMap((label) => grouped(before, (row) => (changed(row, label) ? { action: back, label_ids: [label] } : undefined)));
    }
    case "type":
      return [];
  }
}
