import { computed, nextTick, onScopeDispose, shallowReactive, watch, type Ref } from "vue";

/** The dialogs that are open, the one above all last. */
const opened = shallowReactive<HTMLDialogElement[]>([]);

/** The dialog above all: while there is one, everything outside it takes no press, no focus and no reader. */
export const topDialog = computed(() => opened.at(-1));

function forget(box: HTMLDialogElement): void {
  if (opened.includes(box)) opened.splice(opened.indexOf(box), 1);
}

/**
 * Ties the browser's own modal dialog to a flag: it keeps the focus inside, closes by Escape and
 * lies over everything. Returns what to do on its events.
 */
export function useNativeDialog(box: Ref<HTMLDialogElement | undefined>, open: Ref<boolean>) {
  /** A content that scrolls would take the focus itself: the first field has it. */
  function begin(): void {
    if (document.activeElement?.matches("dialog, .body")) box.value?.querySelector<HTMLElement>(".body :is(input, select, textarea):not(:disabled)")?.focus();
  }

  let shownBox: HTMLDialogElement | undefined;
  onScopeDispose(() => shownBox && forget(shownBox));

  watch(
    open,
    async (shown) => {
      await nextTick();
      if (shown && !box.value?.open) {
        box.value?.showModal();
        if ((shownBox = box.value)) opened.push(shownBox);
        begin();
      }
      if (!shown) {
        if (shownBox) forget(shownBox);
        box.value?.close();
      }
    },
    { immediate: true, flush: "post" },
  );
  return {
    /** The browser tells it late: the dialog may be open again, with another question. */
    closed: () => {
      if (box.value?.open) return;
      if (shownBox) forget(shownBox);
      open.value = false;
    },
    /** A press on the veil, which is the dialog's own box around its content. */
    pressed: (event: MouseEvent) => {
      if (event.target === box.value) open.value = false;
    },
  };
}
