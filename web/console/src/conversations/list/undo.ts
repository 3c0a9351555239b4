import type { BulkAction } from "@patchbay/client/api";
import type { Conversation } from "@patchbay/client/types";
import { grouped, type Step } from "@/rows/undo";

/**
 * What takes an action back for rows as they were before it: each as it was, those that were so
 * already left alone. Empty where there is no way back, as of having read.
 */
export function undoOf(action: BulkAction, before: readonly Conversation[]): Step<BulkAction>[] {
  switch (action.action) {
    case "resolve":
    case "reopen":
    case "snooze":
      return grouped(before, stateBack(action.action));
    case "assign":
      return [
        // A queue may have the team that they had: then naming the team alone leaves them in it.
        ...(action.queue_id ? grouped(before, (row): BulkAction | undefined => (row.queue_id ? undefined : { action: "assign", queue_id: "" })) : []),
        ...grouped(before, (row): BulkAction => ({ action: "assign", member_id: row.assignee_id ?? "", ...(row.queue_id ? { queue_id: row.queue_id } : { team_id: row.team_id ?? "" }) })),
      ];
    case "label":
      return action.label_ids.flatMap((label) => grouped(before, (row) => ((row.labels ?? []).includes(label) ? undefined : { action: "unlabel", label_ids: [label] })));
    case "unlabel":
      return action.label_ids.flatMap((label) => grouped(before, (row) => ((row.labels ?? []).includes(label) ? { action: "label", label_ids: [label] } : undefined)));
    case "priority":
      return grouped(before, (row) => ({ action: "priority", priority: row.priority ?? "" }));
    case "read":
      return [];
  }
}

const stateBack = (did: BulkAction["action"]) => (row: Conversation): BulkAction | undefined => {
  if (row.state === "snoozed" && row.snoozed_until) return { action: "snooze", snoozed_until: row.snoozed_until };
  if (row.state === "resolved") return did === "resolve" ? undefined : { action: "resolve" };
  return did === "reopen" ? undefined : { action: "reopen" };
};
