import { nextTick, watch, type Ref } from "vue";

/**
 * Ties the browser's own modal dialog to a flag: it keeps the focus inside, closes by Escape and
 * lies over everything. Returns what to do on its events.
 */
export function useNativeDialog(box: Ref<HTMLDialogElement | undefined>, open: Ref<boolean>) {
  /** A content that scrolls would take the focus itself: the first field has it. */
  function begin(): void {
    if (document.activeElement?.matches("dialog, .body")) box.value?.querySelector<HTMLElement>(".body :is(input, select, textarea):not(:disabled)")?.focus();
  }

  watch(
    open,
    async (shown) => {
      await nextTick();
      if (shown && !box.value?.open) {
        box.value?.showModal();
        begin();
      }
      if (!shown) box.value?.close();
    },
    { immediate: true, flush: "post" },
  );
  return {
    /** The browser tells it late: the dialog may be open again, with another question. */
    closed: () => {
      if (!box.value?.open) open.value = false;
    },
    /** A press on the veil, which is the dialog's own box around its content. */
    pressed: (event: MouseEvent) => {
      if (event.target === box.value) open.value = false;
    },
  };
}
