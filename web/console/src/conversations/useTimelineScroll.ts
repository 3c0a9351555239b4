import { nextTick, onMounted, onUnmounted, ref, type Ref } from "vue";
import { notifyFailed } from "@/ui/notices";

const NEAR_END = 64;
const NEAR_TOP = 200;

/** Where one reads in a history: it stays there; at the end it follows what comes. */
export function useTimelineScroll(scroller: Ref<HTMLElement | undefined>, content: Ref<HTMLElement | undefined>, hasOlder: () => boolean, loadOlder: () => Promise<void>) {
  const atEnd = ref(true);
  const unseen = ref(0);
  const loadingOlder = ref(false);

  function toEnd(): void {
    const box = scroller.value;
    if (box) box.scrollTop = box.scrollHeight;
    unseen.value = 0;
  }

  function scrolled(): void {
    const box = scroller.value;
    if (!box) return;
    atEnd.value = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
    if (atEnd.value) unseen.value = 0;
    if (box.scrollTop < NEAR_TOP) void older();
  }

  /** Adds the page before; what is being read keeps its place. False when there is none or it failed. */
  async function older(): Promise<boolean> {
    const box = scroller.value;
    if (!box || loadingOlder.value || !hasOlder()) return false;
    loadingOlder.value = true;
    try {
      const fromEnd = box.scrollHeight - box.scrollTop;
      await loadOlder();
      await nextTick();
      box.scrollTop = box.scrollHeight - fromEnd;
      return true;
    } catch (failure) {
      notifyFailed(failure);
      return false;
    } finally {
      loadingOlder.value = false;
    }
  }

  // The room for the history shrinks and grows with the composer and the keyboard of a phone.
  const observer = new ResizeObserver(() => atEnd.value && toEnd());
  onMounted(() => {
    toEnd();
    if (scroller.value) observer.observe(scroller.value);
    if (content.value) observer.observe(content.value);
  });
  onUnmounted(() => observer.disconnect());

  return { atEnd, unseen, loadingOlder, toEnd, scrolled, older };
}
