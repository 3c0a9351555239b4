import { computed, ref, watch, type ComputedRef, type Ref } from "vue";

interface Keyed {
  id: string;
}

export interface Steady<T> {
  rows: ComputedRef<T[]>;
  /** How many rows would move or appear now. */
  waiting: ComputedRef<number>;
  /** Shows the true order. */
  settle: () => void;
}

/**
 * Keeps the order of a list while `held`, as long as a pointer is over it: rows change in place, but
 * none moves under the pointer. Another `source` (another list) is shown as it is.
 */
export function useSteadyOrder<T extends Keyed>(all: Ref<readonly T[]>, held: Ref<boolean>, source: Ref<string>): Steady<T> {
  const order = ref<string[]>([]);
  const lastKnown = new Map<string, T>();

  function settle(): void {
    order.value = all.value.map((row) => row.id);
    lastKnown.clear();
    for (const row of all.value) lastKnown.set(row.id, row);
  }

  watch([all, held], () => {
    const appended = isPrefix(order.value, all.value);
    if (!held.value || order.value.length === 0 || appended) settle();
  }, { immediate: true, flush: "sync" });
  watch(source, settle, { flush: "sync" });

  const rows = computed(() => {
    const now = new Map(all.value.map((row) => [row.id, row]));
    return order.value.flatMap((id) => {
      const row = now.get(id) ?? lastKnown.get(id);
      return row ? [row] : [];
    });
  });
  const waiting = computed(() => moved(order.value, all.value.map((row) => row.id)));

  return { rows, waiting, settle };
}

/** Whether rows were only added at the end, as by loading a page. */
function isPrefix(order: readonly string[], rows: readonly Keyed[]): boolean {
  return rows.length >= order.length && order.every((id, index) => rows[index]?.id === id);
}

/** How many of `next` stand above everything that kept its place: new ones and risen ones. */
function moved(before: readonly string[], next: readonly string[]): number {
  const place = new Map(before.map((id, index) => [id, index]));
  let lowest = Infinity;
  let count = 0;
  for (let index = next.length - 1; index >= 0; index--) {
    const was = place.get(next[index]!);
    if (was === undefined || was > lowest) count++;
    else lowest = was;
  }
  return count;
}
