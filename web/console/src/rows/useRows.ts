import { computed, nextTick, ref, watch, type Ref } from "vue";
import { useVirtualizer } from "@tanstack/vue-virtual";
import { MOST_SELECTED, useSelection } from "./selection";
import { useSteadyOrder } from "./steady";

/** Pages of rows that are fetched as one scrolls, as vue-query has them. */
interface Pages<T> {
  data: Readonly<Ref<{ pages: readonly { items: readonly T[] }[] } | undefined>>;
  error: Readonly<Ref<unknown>>;
  hasNextPage: Readonly<Ref<boolean>>;
  isFetchingNextPage: Readonly<Ref<boolean>>;
  fetchNextPage: () => Promise<unknown>;
}

interface Options {
  /** What is listed: another one is another list, from its beginning and with nothing chosen. */
  source: Ref<string>;
  /** Pixels of one row. */
  height: Ref<number>;
  selectable: boolean;
  /** The row that stands for the focus while none has it. */
  current?: () => string | undefined;
}

export type Rows<T extends { id: string }> = ReturnType<typeof useRows<T>>;

/**
 * A list of any length of which only those in sight are drawn, and more are fetched near its end. Its order
 * stands still under a pointer; rows are gone through and chosen by keys. `RowList` shows it.
 */
export function useRows<T extends { id: string }>({ data, error, hasNextPage, isFetchingNextPage, fetchNextPage }: Pages<T>, { source, height, selectable, current }: Options) {
  const scroller = ref<HTMLElement>();
  const hovered = ref(false);
  const loaded = computed<T[]>(() => data.value?.pages.flatMap((page) => page.items) ?? []);
  const { rows, waiting, settle } = useSteadyOrder(loaded, hovered, source);
  const selection = useSelection(computed(() => rows.value.map((row) => row.id)));
  const selected = computed(() => rows.value.filter((row) => selection.has(row.id)));

  const virtualizer = useVirtualizer(
    computed(() => ({
      count: rows.value.length,
      getScrollElement: () => scroller.value ?? null,
      estimateSize: () => height.value,
      getItemKey: (index: number) => rows.value[index]?.id ?? index,
      overscan: 8,
    })),
  );
  const shown = computed(() => virtualizer.value.getVirtualItems().flatMap((item) => (rows.value[item.index] ? [{ ...item, row: rows.value[item.index]! }] : [])));

  watch([shown, hasNextPage], ([items]) => {
    const last = items[items.length - 1];
    if ((rows.value.length === 0 || (last && last.index >= rows.value.length - 10)) && hasNextPage.value && !isFetchingNextPage.value) void fetchNextPage();
  });
  watch(source, () => {
    selection.clear();
    virtualizer.value.scrollToOffset(0);
  });
  watch(height, () => virtualizer.value.measure());

  function showNewest(): void {
    settle();
    virtualizer.value.scrollToOffset(0);
  }

  const focused = () => (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("[data-row]")?.dataset["row"];
  const meant = () => focused() ?? current?.();

  /** Moves the focus through the list. With `choose`, what is passed is chosen. */
  function step(by: number, choose = false): void {
    const at = rows.value.findIndex((row) => row.id === meant());
    const next = Math.min(rows.value.length - 1, Math.max(0, at + by));
    if (choose && selectable) for (const index of [at, next]) if (rows.value[index]) selection.add(rows.value[index].id);
    void focusRow(next);
  }

  /** Gives the focus to a row, if the list holds it. */
  async function focusOn(id: string): Promise<boolean> {
    const index = rows.value.findIndex((row) => row.id === id);
    await focusRow(index);
    return index >= 0;
  }

  /** Lets go of what is chosen; who worked with it goes on from there. */
  async function release(): Promise<void> {
    const first = selected.value[0]?.id;
    selection.clear();
    await nextTick();
    if (document.activeElement !== document.body || (first && (await focusOn(first)))) return;
    scroller.value?.focus();
  }

  async function focusRow(index: number): Promise<void> {
    const row = rows.value[index];
    if (!row) return;
    virtualizer.value.scrollToIndex(index);
    await nextTick();
    takeFocus(row.id, 10);
  }

  /** Focuses a row as soon as it is drawn: after a far scroll that takes a few frames. */
  function takeFocus(id: string, frames: number): void {
    requestAnimationFrame(() => {
      const link = scroller.value?.querySelector<HTMLElement>(`[data-row="${id}"] a`);
      if (link) link.focus();
      else if (frames > 0) takeFocus(id, frames - 1);
    });
  }

  function arrows(event: KeyboardEvent): void {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by, event.shiftKey);
  }

  /** Chooses the row that is meant or lets it go; with Shift all from the last one to it. */
  function toggle(event: KeyboardEvent): void {
    const id = meant();
    if (selectable && id) selection.toggle(id, event.shiftKey);
  }

  /** Chooses all that the list holds, as far as they can be changed at once. */
  async function selectAll(): Promise<void> {
    while (hasNextPage.value && rows.value.length < MOST_SELECTED) {
      await fetchNextPage();
      if (error.value) break;
    }
    settle();
    selection.all();
  }

  return {
    scroller, hovered, height, loaded, rows, waiting, shown, selectable, selection, selected, hasNextPage,
    /** Pixels of all rows together. */
    total: computed(() => virtualizer.value.getTotalSize()),
    focused, focusOn, release, step, arrows, toggle, selectAll, showNewest,
  };
}
