/** Brings something into the middle of what is seen, gives it the focus and lets it shine for a moment. */
export function pointAt(found: HTMLElement): void {
  found.scrollIntoView({ block: "center" });
  found.focus({ preventScroll: true });
  found.animate?.([{ background: "var(--accent-soft)" }, { background: "transparent" }], { duration: 1_200 });
}
