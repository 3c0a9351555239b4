import type { WidgetSettings } from "@patchbay/client/types";
import { uuidv7, type CallbackReach, type CallbackWish } from "@patchbay/client/visitor";
import { useState } from "preact/hooks";
import { textFor } from "../../locale";
import type { Key } from "../i18n";
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

/** How somebody who does not want to wait can be reached. */
export function CallBack({ ask, consent, onBack, onSend }: { ask: CallbackReach; consent?: string; onBack: () => void; onSend: (wish: CallbackWish) => Promise<void> }) {
  const { t } = useLanguage();
  const [id] = useState(uuidv7);
  const question = (key: string, label: string, type: Question["type"], required = false): Question => ({ key, label, required, type });
  const questions = [
    ...(ask === "email" ? [] : [question("phone", t("form.phone"), "phone", ask === "phone")]),
    ...(ask === "phone" ? [] : [question("email", t("form.email"), "email", ask === "email")]),
    question("when", t("callback.when"), "text"),
    question("note", t("callback.note"), "multiline"),
  ];
  const given = (answers: Answers): Omit<CallbackWish, "client_msg_id"> => Object.fromEntries(Object.entries(answers).flatMap(([key, text]) => (text.trim() ? [[key, text.trim()]] : [])));
  return (
    <Form
      title={t("callback.title")}
      text={t("callback.text")}
      questions={questions}
      consent={consent}
      action={t("send")}
      testid="widget-callback"
      check={(answers): Record<string, Key> => (ask === "either" && !answers["phone"]?.trim() && !answers["email"]?.trim() ? { phone: "callback.one" } : {})}
      back={{ text: t("leave.no"), go: onBack }}
      onSend={(answers) => onSend({ ...given(answers), client_msg_id: id })}
    />
  );
}
