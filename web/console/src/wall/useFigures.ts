import { computed, onScopeDispose, ref } from "vue";
import { useQuery } from "@tanstack/vue-query";
import { FiguresApi } from "@patchbay/client/api";
import { api } from "@/api";
import { useLive } from "@/live/live";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

/** After so long without new figures they are asked for, in milliseconds: live ones come every five seconds at least. */
const POLL_MS = 8_000;
/** Older than this they are shown as old. */
const STALE_MS = 20_000;
const TICK_MS = 1_000;

/**
 * The figures of now, kept new, and a clock that runs with them: by the server's time, so that a wait is
 * as long as it is there. It stands still while nothing new comes.
 */
export function useFigures() {
  const { id } = useWorkspace();
  const source = new FiguresApi(api, id);
  const { status, watchFigures } = useLive();
  const query = useQuery({ queryKey: keys.figures(id), queryFn: () => source.figures(), refetchInterval: POLL_MS, gcTime: 0 });
  watchFigures();

  const tick = ref(Date.now());
  const timer = setInterval(() => (tick.value = Date.now()), TICK_MS);
  onScopeDispose(() => clearInterval(timer));

  const figures = query.data;
  const age = computed(() => Math.max(0, tick.value - query.dataUpdatedAt.value));
  const stale = computed(() => Boolean(figures.value) && (age.value > STALE_MS || (status.value.state !== "ready" && status.value.failures > 0)));
  const at = computed(() => Date.parse(figures.value?.at ?? new Date(tick.value).toISOString()));
  const now = computed(() => at.value + (stale.value ? 0 : age.value));
  const since = (time: string | undefined) => (time ? Math.max(0, now.value - Date.parse(time)) : undefined);

  return { figures, error: query.error, refetch: query.refetch, stale, at, now, since };
}

/** The wall's clock, and how long ago something was by it. */
export type WallClock = Pick<ReturnType<typeof useFigures>, "now" | "since">;
