import { onScopeDispose, ref, type Ref } from "vue";

const now = ref(Date.now());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, some seconds coarse: one timer for all that shows waiting times. */
export function useNow(): Ref<number> {
  now.value = Date.now();
  if (users++ === 0) timer = setInterval(() => (now.value = Date.now()), 10_000);
  onScopeDispose(() => {
    if (--users === 0) clearInterval(timer);
  });
  return now;
}
