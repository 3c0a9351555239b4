import type { BulkAction } from "@patchbay/client/api";
import type { Conversation } from "@patchbay/client/types";

/** One call that takes a part of an action back. */
export interface Step {
  ids: string[];
  action: BulkAction;
}

/**
 * What takes an action back for rows as they were before it: each as it was, those that were so
 * already left alone. Empty where there is no way back, as of having read.
 */
export function undoOf(action: BulkAction, before: readonly Conversation[]): Step[] {
  switch (action.action) {
    case "resolve":
    case "reopen":
    case "snooze":
      return grouped(before, stateBack(action.action));
    case "assign":
      return grouped(before, (row) => ({ action: "assign", member_id: row.assignee_id ?? "", team_id: row.team_id ?? "" }));
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

/** Rows that need the same, together. */
function grouped(rows: readonly Conversation[], back: (row: Conversation) => BulkAction | undefined): Step[] {
  const steps = new Map<string, Step>();
  for (const row of rows) {
    const action = back(row);
    if (!action) continue;
    const key = JSON.stringify(action);
    const step = steps.get(key) ?? { ids: [], action };
    step.ids.push(row.id);
    steps.set(key, step);
  }
  return [...steps.values()];
}
