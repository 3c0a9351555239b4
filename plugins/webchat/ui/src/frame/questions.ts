import type { PreChat } from "@patchbay/client/visitor";
import type { PreChatField } from "@patchbay/client/types";
import type { Key } from "./i18n";

/** A field of a form, with what kind of answer it takes. */
export interface Question {
  key: string;
  label: string;
  required: boolean;
  type: NonNullable<PreChatField["type"]>;
}

export type Answers = Record<string, string>;

const own: Partial<Record<string, NonNullable<PreChatField["type"]>>> = { email: "email", phone: "phone", message: "multiline" };
const KNOWN = /^(name|email|phone|message)$/;
const PHONE = /^\+?[\d\s()./-]{5,31}$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/;

/** The inbox's questions, named in the reader's language. What is not a field is passed over. */
export function questionsOf(fields: readonly PreChatField[], named: (texts: Record<string, string> | undefined) => string, t: (key: Key) => string): Question[] {
  return fields
    .filter(({ key }) => KNOWN.test(key) || /^attributes\.[a-z][a-z0-9_]*$/.test(key))
    .map(({ key, label, required, type }) => ({
      key,
      label: named(label) || (KNOWN.test(key) ? t(`form.${key}` as Key) : key.slice("attributes.".length)),
      required: required ?? false,
      type: own[key] ?? type ?? "text",
    }));
}

/** What is wrong with the answers, by key. */
export function faults(questions: readonly Question[], answers: Answers): Record<string, Key> {
  const found: Record<string, Key> = {};
  for (const { key, required, type } of questions) {
    const answer = (answers[key] ?? "").trim();
    if (!answer) {
      if (required) found[key] = "form.required";
    } else if (type === "email" && !EMAIL.test(answer)) found[key] = "form.invalid.email";
    else if (type === "phone" && !PHONE.test(answer)) found[key] = "form.invalid.phone";
    else if (type === "number" && !Number.isFinite(Number(answer))) found[key] = "form.invalid.number";
  }
  return found;
}

/** The answers as the server takes them. */
export function preChatOf(answers: Answers): PreChat {
  const out: PreChat = {};
  for (const [key, value] of Object.entries(answers)) {
    const answer = value.trim();
    if (!answer) continue;
    if (key.startsWith("attributes.")) (out.attributes ??= {})[key.slice("attributes.".length)] = answer;
    else out[key as "name"] = answer;
  }
  return out;
}
