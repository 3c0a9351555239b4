import { onScopeDispose, ref, watch, type Ref } from "vue";
import { useIsFetching } from "@tanstack/vue-query";

/** So long nothing was fetched, and the page is there; never later than MOST_MS. */
const QUIET_MS = 300;
const MOST_MS = 4_000;

/** True from when the page shows what it has: what it can do without until then is loaded after it. */
export function useSettled(): Ref<boolean> {
  const settled = ref(false);
  const fetching = useIsFetching();
  let quiet: ReturnType<typeof setTimeout> | undefined;
  const settle = () => {
    settled.value = true;
    stop();
  };
  const most = setTimeout(settle, MOST_MS);
  const unwatch = watch(
    fetching,
    (running) => {
      clearTimeout(quiet);
      if (running === 0) quiet = setTimeout(settle, QUIET_MS);
    },
    { immediate: true },
  );
  function stop(): void {
    clearTimeout(quiet);
    clearTimeout(most);
    unwatch();
  }
  onScopeDispose(stop);
  return settled;
}
