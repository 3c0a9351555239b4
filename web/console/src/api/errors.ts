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
  return Object.fromEntries(fields.map((field) => [field.pointer, fieldSentence(field)]));
}

function fieldSentence(field: FieldProblem): string {
  const { t, te } = i18n.global;
  const key = `fieldErrors.${field.code.replaceAll(".", "_")}`;
  return te(key, "en") ? t(key) : field.detail || field.code;
}
