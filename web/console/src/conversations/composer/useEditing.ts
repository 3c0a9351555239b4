import { computed, nextTick, ref, shallowRef, watch, type Ref } from "vue";
import type { Message, MessageKind } from "@patchbay/client/types";
import { shownError } from "@/api/errors";
import { useWorkspace } from "@/session/workspace";

/** Edits a message that was written before, in the place of the draft, which stays as it is. */
export function useEditing(kind: Ref<MessageKind>, area: () => HTMLTextAreaElement | undefined) {
  const { api } = useWorkspace();
  const message = shallowRef<Message>();
  const text = ref("");
  const busy = ref(false);
  /** Why it was not changed. */
  const refused = ref("");
  let before: MessageKind = "text";

  async function focus(): Promise<void> {
    await nextTick();
    area()?.focus();
  }

  async function begin(one: Message): Promise<void> {
    if (!message.value) before = kind.value;
    kind.value = one.kind;
    message.value = one;
    text.value = one.changing?.act === "edit" && one.changing.text ? one.changing.text : one.text;
    refused.value = "";
    await focus();
    area()?.setSelectionRange(text.value.length, text.value.length);
  }

  function leave(): void {
    message.value = undefined;
    refused.value = "";
    kind.value = before;
    void focus();
  }

  async function save(): Promise<void> {
    const one = message.value;
    if (!one || busy.value) return;
    busy.value = true;
    refused.value = "";
    try {
      await api.desk.edit(one.conversation_id, one.id, text.value.trim());
      if (message.value === one) leave();
    } catch (error) {
      refused.value = shownError(error).text;
      void focus();
    } finally {
      busy.value = false;
    }
  }

  // Who turns to something else is not editing any more.
  watch(kind, (next) => {
    if (message.value && message.value.kind !== next) message.value = undefined;
  });

  const ready = computed(() => Boolean(message.value) && !busy.value && (text.value.trim() !== "" || (message.value?.attachments?.length ?? 0) > 0));
  return { message, text, busy, refused, ready, begin, leave, save };
}
