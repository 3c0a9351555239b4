import { computed, ref, watch } from "vue";
import type { MessageTemplate } from "@patchbay/client/api";
import { useWorkspace } from "@/session/workspace";
import { readKept, writeKept } from "./kept";
import { faultOf, keyOf, type Values } from "./templates";

/** The template that is chosen in a conversation and what is filled in, kept in this browser until it is sent. */
export function useTemplateDraft(conversation: string) {
  const { id } = useWorkspace();
  const held = readKept(id, conversation);
  const template = ref<MessageTemplate | undefined>(held.template);
  const all = ref<Record<string, Values>>(held.values);
  /** Somebody wanted to send: what is missing is said. */
  const tried = ref(false);
  /** What the server said of single values, by their names, until they are changed. */
  const refused = ref<Record<string, string>>({});

  const values = computed<Values>({
    get: () => (template.value && all.value[keyOf(template.value)]) ?? {},
    set: (next) => {
      if (!template.value) return;
      for (const name of Object.keys(refused.value)) if (next[name] !== values.value[name]) delete refused.value[name];
      all.value = { ...all.value, [keyOf(template.value)]: next };
    },
  });
  const faults = computed(() => Object.fromEntries((template.value?.fields ?? []).flatMap((field) => {
    const fault = faultOf(field, values.value[field.name]);
    return fault && (tried.value || fault === "max_length") ? [[field.name, fault] as const] : [];
  })));
  const whole = computed(() => (template.value?.fields ?? []).every((field) => !faultOf(field, values.value[field.name])));

  watch([template, all], () => writeKept(id, conversation, { template: template.value, values: all.value }));

  function look(one: MessageTemplate): void {
    if (!template.value || keyOf(one) !== keyOf(template.value)) {
      tried.value = false;
      refused.value = {};
    }
    template.value = one;
  }

  /** It is on its way: what was filled in is not needed any more. */
  function sent(): void {
    template.value = undefined;
    all.value = {};
    tried.value = false;
    refused.value = {};
  }

  /** It was refused: it is here again, with what was wrong. */
  function restore(one: MessageTemplate, filled: Values, wrong: Record<string, string>): void {
    template.value = one;
    all.value = { ...all.value, [keyOf(one)]: filled };
    refused.value = wrong;
  }

  return { template, values, faults, whole, tried, refused, look, sent, restore };
}

export type TemplateDraft = ReturnType<typeof useTemplateDraft>;
