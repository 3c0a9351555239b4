import { nextTick, ref, type Ref } from "vue";

/**
 * A value that is written in its own place: leaving saves it, Escape does not. `save` answers what is wrong,
 * if anything: then it stays open. `field` and `button` are the elements that have the focus in turn.
 */
export function useInline(value: () => string, save: (text: string) => Promise<string | undefined>, field: Ref<HTMLElement | undefined>, button: Ref<HTMLElement | undefined>) {
  const editing = ref(false);
  const typed = ref("");
  const wrong = ref<string>();
  const saving = ref(false);

  async function edit(): Promise<void> {
    typed.value = value();
    wrong.value = undefined;
    editing.value = true;
    await nextTick();
    field.value?.focus();
  }

  async function leave(refocus: boolean): Promise<void> {
    editing.value = false;
    await nextTick();
    if (refocus) button.value?.focus();
  }

  async function commit(refocus: boolean): Promise<void> {
    if (!editing.value || saving.value) return;
    if (typed.value.trim() === value().trim()) return leave(refocus);
    saving.value = true;
    wrong.value = await save(typed.value.trim());
    saving.value = false;
    if (wrong.value === undefined) await leave(refocus);
  }

  return { editing, typed, wrong, edit, leave, commit };
}
