import { computed, nextTick, onScopeDispose, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { locale } from "@/i18n";
import { check, type Problem } from "./check";
import { settingsOf, valueAt, type Schema, type Setting, type Values } from "./schema";
import { initialValues, secretsToSend, toSend } from "./values";

/** What a form is filled with: the schema, what is stored, and which secrets the server holds. */
export interface FormSource {
  schema: MaybeRefOrGetter<Schema | undefined>;
  stored: MaybeRefOrGetter<Values>;
  held?: MaybeRefOrGetter<Readonly<Record<string, boolean>>>;
  /** Begins anew when it changes: the revision that is stored. */
  revision?: MaybeRefOrGetter<unknown>;
  /** What the server found wrong, by pointer below `base`. */
  fields: Ref<Record<string, string>>;
}

/** The pointers of a form begin with it, as the server's do. */
export const BASE = "/config";

/**
 * The state of a form: its values, what is wrong with them and whether anything was changed. What the schema finds
 * wrong is said of a field once somebody left it, and of all when they are sent; what the server found wrong, until
 * that value is changed.
 */
export function useSchemaForm(source: FormSource) {
  const { t } = useI18n();
  const values = ref<Values>({});
  const touched = ref(new Set<string>());
  const tried = ref(false);
  const begun = ref("{}");
  /** What the server refused, with the value it refused. */
  const refused = ref<Record<string, { text: string; value: string }>>({});

  const settings = computed<Setting[]>(() => {
    const schema = toValue(source.schema);
    return schema ? settingsOf(schema, locale.value) : [];
  });
  const held = computed(() => toValue(source.held) ?? {});
  const problems = computed(() => check(settings.value, values.value, held.value));
  const errors = computed(() => {
    const shown: Record<string, string> = {};
    for (const [pointer, { text, value }] of Object.entries(refused.value)) {
      if (print(valueAt(values.value, pointer.slice(BASE.length))) === value) shown[pointer] = text;
    }
    for (const [pointer, problem] of problems.value) if (tried.value || isTouched(pointer)) shown[BASE + pointer] = sentence(problem);
    return shown;
  });
  const dirty = computed(() => print(values.value) !== begun.value);

  const isTouched = (pointer: string) => [...touched.value].some((one) => pointer === one || pointer.startsWith(`${one}/`));
  const sentence = ({ code, limit }: Problem) => t(`forms.problems.${code}`, { limit });

  function reset(): void {
    values.value = initialValues(settings.value, toValue(source.stored));
    begun.value = print(values.value);
    touched.value = new Set();
    tried.value = false;
    refused.value = {};
  }
  // Somebody else's change is taken over when it is stored; the language alone changes no value.
  watch([() => toValue(source.schema), () => toValue(source.revision)], reset, { immediate: true });
  watch(source.fields, (fields) => {
    refused.value = Object.fromEntries(Object.entries(fields).map(([pointer, text]) => [pointer, { text, value: print(valueAt(values.value, pointer.slice(BASE.length))) }]));
  });

  /** Whether it may be sent; if not, all that is wrong is shown and the first of it gets the focus. */
  function ready(): boolean {
    tried.value = true;
    if (problems.value.size === 0) return true;
    void nextTick(focusFirstWrong);
    return false;
  }

  return {
    settings, values, errors, held, dirty, reset, ready,
    /** A field was left. */
    touch: (pointer: string) => touched.value.add(pointer.slice(BASE.length)),
    /** What is stored now is what is shown. */
    settle: () => (begun.value = print(values.value)),
    config: () => toSend(settings.value, values.value),
    secrets: () => secretsToSend(settings.value, values.value),
    /** The secrets, where any was written or taken away. */
    sent: (): { secrets?: Record<string, string | null> } => {
      const secrets = secretsToSend(settings.value, values.value);
      return Object.keys(secrets).length > 0 ? { secrets } : {};
    },
  };
}

export type SchemaFormState = ReturnType<typeof useSchemaForm>;

function print(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

/** To the first field that is wrong: in a long form it is far from the button that was pressed. */
export function focusFirstWrong(): void {
  const form = document.querySelector("dialog[open]") ?? document;
  form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
}

/** The browser asks before the page goes while something is unsaved. */
export function useLeaveWarning(dirty: () => boolean): void {
  const warn = (event: BeforeUnloadEvent) => dirty() && event.preventDefault();
  addEventListener("beforeunload", warn);
  onScopeDispose(() => removeEventListener("beforeunload", warn));
}
