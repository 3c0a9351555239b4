import { ApiError } from "@patchbay/client/api";
import { fieldErrors } from "@/api/errors";
import { i18n } from "@/i18n";

/** The problems of single fields by JSON pointer, in words that know what the fields of a customer are. */
export function peopleErrors(error: unknown): Record<string, string> {
  const { t, te } = i18n.global;
  const known = fieldErrors(error);
  for (const { pointer, code } of error instanceof ApiError ? error.fields : []) {
    const key = `people.wrong.${pointer.split("/")[1] ?? ""}_${code.replaceAll(".", "_")}`;
    if (te(key, "en")) known[pointer] = t(key);
  }
  return known;
}
