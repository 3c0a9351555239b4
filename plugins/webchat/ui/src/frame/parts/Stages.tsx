import type { WidgetSettings } from "@patchbay/client/types";
import { textFor } from "../../locale";
import { questionsOf, type Answers, type Question } from "../questions";
import { useLanguage } from "./context";
import { Form } from "./Form";

/** The questions before the chat. */
export function Questions({ form, onSend }: { form: NonNullable<WidgetSettings["pre_chat"]>; onSend: (answers: Answers) => Promise<void> }) {
  const { t, locale } = useLanguage();
  const questions = questionsOf(form.fields ?? [], (texts) => textFor(texts, locale), t);
  return <Form title={t("form.title")} text="" questions={questions} consent={form.consent_text} action={t("form.start")} testid="widget-prechat" onSend={onSend} />;
}

/** A message for when somebody is there again. */
export function Offline({ text, opens, onSend }: { text?: string; opens?: string; onSend: (answers: Answers) => Promise<void> }) {
  const { t, opening } = useLanguage();
  const back = opens ? " " + t("offline.opens", { when: opening(new Date(opens)) }) : "";
  const question = (key: "name" | "email" | "message", type: Question["type"]): Question => ({ key, label: t(`form.${key}`), required: true, type });
  const questions = [question("name", "text"), question("email", "email"), question("message", "multiline")];
  return <Form title={t("offline.title")} text={(text || t("offline.text")) + back} questions={questions} action={t("offline.send")} testid="widget-offline" onSend={onSend} />;
}
