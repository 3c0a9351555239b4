/** Where the server stops counting. */
const MOST = 1_000;

/** How much is in a view, for a narrow place; nothing for nothing. */
export function countText(count: number | undefined): string {
  if (!count) return "";
  return count >= MOST ? `${MOST - 1}+` : String(count);
}
