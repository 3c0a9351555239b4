/** One call that takes a part of an action back. */
export interface Step<Action> {
  ids: string[];
  action: Action;
}

/** Rows that need the same to be as they were, together; those that need nothing are left out. */
export function grouped<Row extends { id: string }, Action>(rows: readonly Row[], back: (row: Row) => Action | undefined): Step<Action>[] {
  const steps = new Map<string, Step<Action>>();
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
