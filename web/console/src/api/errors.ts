import { ApiError, type FieldProblem } from "@patchbay/client/api";
import { i18n } from "@/i18n";

/** What went wrong, for people: a sentence in their language where we have one, and the code. */
export interface Shown {
  text: string;
  code: string;
  /** Whether trying again may help. */
  transient: boolean;
}

/** The sentence of an error code, or what the server said. */
export function sentenceOf(code: string, detail?: string): string {
  const { t, te } = i18n.global;
  const key = `errors.${code.replaceAll(".", "_")}`;
  return te(key, "en") ? t(key) : detail || t("errors.unknown");
}

export function shownError(error: unknown): Shown {
  if (error instanceof ApiError) {
    return { text: sentenceOf(error.code, error.message), code: error.code, transient: error.transient };
  }
  return { text: i18n.global.t("errors.unknown"), code: "client.failed", transient: true };
}

/** The problems of single fields by JSON pointer ("/email"), in the reader's language where we have it. */
export function fieldErrors(error: unknown): Record<string, string> {
  const fields = error instanceof ApiError ? error.fields : [];
  return byPointer(fields.map((field) => [field.pointer, fieldSentence(field)]));
}

/** The sentences of each field, a line for each: one field can be wrong in several ways. */
export function byPointer(faults: readonly (readonly [pointer: string, sentence: string])[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [pointer, sentence] of faults) out[pointer] = out[pointer] ? `${out[pointer]}\n${sentence}` : sentence;
  return out;
}

/**
 * The sentence of the field's own code, of the code, or what the server said: that is English and more
 * exact than the general sentence, which those who read another language get.
 */
function fieldSentence(field: FieldProblem): string {
  const { t, te, locale } = i18n.global;
  const code = field.code.replaceAll(".", "_");
  const own = [`fieldErrors.${field.pointer.split("/").at(-1)}_${code}`, `fieldErrors.${code}`].find((key) => te(key, "en"));
  if (own) return t(own);
  const general = `fieldGeneral.${code}`;
  if (te(general, "en") && (locale.value !== "en" || !field.detail)) return t(general, { detail: field.detail });
  return field.detail || field.code;
}
