import { onScopeDispose, watch, type WatchSource } from "vue";

/** Marks the icon of the browser's tab while something is unread. */
export function useUnreadIcon(unread: WatchSource<number>): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const draw = (count: number) => link?.setAttribute("href", count > 0 ? "/favicon-unread.svg" : "/favicon.svg");
  watch(unread, draw, { immediate: true });
  onScopeDispose(() => draw(0));
}
