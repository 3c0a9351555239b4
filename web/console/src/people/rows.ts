/** Moves the focus between the rows of a list: from none to the first, and never off an end. */
export function moveFocus(list: HTMLElement | undefined, to: 1 | -1 | "first" | "last"): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
  const at = rows.findIndex((row) => row === document.activeElement);
  rows[nextRow(rows.length, at, to)]?.focus();
}

/** The index to go to from `at`; -1 is none. */
export function nextRow(count: number, at: number, to: 1 | -1 | "first" | "last"): number {
  if (count === 0) return -1;
  if (to === "first") return 0;
  if (to === "last") return count - 1;
  return at < 0 ? 0 : Math.min(count - 1, Math.max(0, at + to));
}
