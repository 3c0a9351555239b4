/** Does it at most once in a time, and forgets that it failed: the next call tries again. */
export function seldom(ms: number, act: () => Promise<unknown>): () => void {
  let last = 0;
  return () => {
    if (Date.now() - last < ms) return;
    last = Date.now();
    act().catch(() => undefined);
  };
}
