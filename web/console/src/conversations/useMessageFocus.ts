import { ref, type Ref } from "vue";

/**
 * Walks the messages by the arrow keys, and knows which one is meant: the one with the focus, else
 * the one under the pointer. `active` is its id.
 */
export function useMessageFocus(scroller: Ref<HTMLElement | undefined>) {
  const active = ref<string>();

  function rows(): HTMLElement[] {
    return [...(scroller.value?.querySelectorAll<HTMLElement>("[data-testid=message]") ?? [])];
  }

  function rowOf(target: EventTarget | null): HTMLElement | undefined {
    return (target as HTMLElement | null)?.closest?.<HTMLElement>("[data-testid=message]") ?? undefined;
  }

  /** Up from the history itself goes to the last message that is in sight. */
  function move(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const own = event.target === scroller.value || event.target === rowOf(event.target);
    if (!step || !own || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const all = rows();
    const at = all.indexOf(rowOf(event.target) as HTMLElement);
    const next = at < 0 ? lastInSight(all) : all[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  function lastInSight(all: HTMLElement[]): HTMLElement | undefined {
    const bottom = scroller.value?.getBoundingClientRect().bottom ?? 0;
    return all.findLast((row) => row.getBoundingClientRect().top < bottom - 8) ?? all.at(-1);
  }

  return {
    active,
    move,
    enter: (event: Event) => (active.value = rowOf(event.target)?.dataset["message"]),
    /** Not while the focus is on its way to another place in the history: nobody has it then. */
    leave: (event: PointerEvent | FocusEvent) => {
      const held = [document.activeElement, event.relatedTarget as Node | null].some((one) => one && scroller.value?.contains(one));
      if (!held) active.value = undefined;
    },
    /** The row of a message that is drawn. */
    row: (id: string) => rows().find((row) => row.dataset["message"] === id),
    focusLast: () => (lastInSight(rows()) ?? scroller.value)?.focus(),
  };
}
