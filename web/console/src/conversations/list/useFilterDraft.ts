import { ref, watch } from "vue";
import { useI18n } from "vue-i18n";
import { ApiError } from "@patchbay/client/api";
import type { FilterNode } from "@patchbay/client/types";
import { locale } from "@/i18n";
import { draftOf, newGroup, nodeOf, partAt, type Group } from "./draft";

/** A filter that is being built. What the server refuses of it is told where it stands. */
export function useFilterDraft() {
  const { t } = useI18n();
  const draft = ref<Group>(newGroup("and"));
  const errors = ref<ReadonlyMap<number, string>>(new Map());
  let places: ReadonlyMap<string, number> = new Map();
  // What was told is about what was there.
  watch(draft, () => forget());

  function forget(): void {
    if (errors.value.size > 0) errors.value = new Map();
  }

  function begin(node: FilterNode | undefined): void {
    draft.value = draftOf(node);
    forget();
  }

  /** The filter as it stands; what is refused next is about this. */
  function built(): FilterNode {
    const made = nodeOf(draft.value);
    places = made.places;
    return made.node;
  }

  /** Whether a failure is about the filter; then it is told there. The server's words are more exact, but English. */
  function refused(failure: unknown): boolean {
    if (!(failure instanceof ApiError) || !failure.code.startsWith("filter.")) return false;
    const words = (detail: string) => (locale.value === "en" && detail ? detail : t(`filter.wrong.${failure.code.slice("filter.".length)}`));
    told(failure.fields.map((field) => ({ pointer: field.pointer, text: words(field.detail) })));
    return true;
  }

  /** Tells what is wrong by pointers into what was built. */
  function told(problems: readonly { pointer: string; text: string }[]): void {
    errors.value = new Map(problems.map((one) => [partAt(one.pointer, places) ?? draft.value.key, one.text]));
  }

  return { draft, errors, begin, built, refused, told, forget };
}
