import { ApiError } from "@patchbay/client/visitor";
import { useId, useRef, useState } from "preact/hooks";
import type { Key } from "../i18n";
import { faults, type Answers, type Question } from "../questions";
import { useLanguage } from "./context";

interface Props {
  title: string;
  text: string;
  questions: Question[];
  /** Must be ticked; empty asks for nothing. */
  consent?: string;
  action: string;
  testid: string;
  /** What else is wrong with the answers, by key. */
  check?: (answers: Answers) => Record<string, Key>;
  /** Goes back, with the word for it. */
  back?: { text: string; go: () => void };
  onSend: (answers: Answers) => Promise<void>;
}

const kinds = { text: "text", email: "email", phone: "tel", number: "text", multiline: "text" } as const;
const fills: Record<string, string> = { name: "name", email: "email", phone: "tel" };

/** A few questions. What is wrong is said beside the question, and the first such gets the cursor. */
export function Form({ title, text, questions, consent, action, testid, check, back, onSend }: Props) {
  const { t } = useLanguage();
  const [answers, setAnswers] = useState<Answers>({});
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const [agreed, agree] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const write = (key: string, value: string) => {
    setAnswers({ ...answers, [key]: value });
    setWrong({ ...wrong, [key]: "" }); // until it is looked at again
  };
  const submit = async () => {
    const found = Object.fromEntries(Object.entries({ ...check?.(answers), ...faults(questions, answers) }).map(([key, word]) => [key, t(word)]));
    if (consent && !agreed) found["consent"] = t("form.consent");
    setWrong(found);
    const [first] = Object.keys(found);
    if (first) return form.current!.querySelector<HTMLElement>(`[name="${first}"]`)?.focus();
    setBusy(true);
    setFailed("");
    await onSend(answers).catch((error: unknown) => setFailed((error instanceof ApiError && !error.transient && error.message) || t("form.failed")));
    setBusy(false);
  };
  return (
    <form
      ref={form}
      class="form"
      noValidate
      data-testid={testid}
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void submit();
      }}
    >
      <h2>{title}</h2>
      {text && (
        <p class="quiet" dir="auto">
          {text}
        </p>
      )}
      {questions.map((question) => (
        <Answer key={question.key} question={question} value={answers[question.key] ?? ""} wrong={wrong[question.key]} onInput={(value) => write(question.key, value)} />
      ))}
      {consent && (
        <div>
          <label class="consent" dir="auto">
            <input type="checkbox" name="consent" checked={agreed} aria-invalid={Boolean(wrong["consent"])} onChange={(event) => {
                agree(event.currentTarget.checked);
                setWrong({ ...wrong, consent: "" });
              }}
            />
            {consent}
          </label>
          {wrong["consent"] && (
            <p class="wrong" role="alert">
              {wrong["consent"]}
            </p>
          )}
        </div>
      )}
      {failed && (
        <p class="wrong" role="alert">
          {failed}
        </p>
      )}
      <div class="acts">
        <button type="submit" class="pill" aria-disabled={busy} data-testid={`${testid}-send`}>
          {action}
        </button>
        {back && (
          <button type="button" class="link" data-testid={`${testid}-back`} onClick={back.go}>
            {back.text}
          </button>
        )}
      </div>
    </form>
  );
}

function Answer({ question: { key, label, required, type }, value, wrong, onInput }: { question: Question; value: string; wrong?: string; onInput: (value: string) => void }) {
  const id = useId();
  const control = {
    id,
    name: key,
    value,
    dir: "auto" as const,
    "aria-required": required,
    "aria-invalid": Boolean(wrong),
    "aria-describedby": wrong ? `${id}-wrong` : undefined,
    "data-testid": `widget-field-${key}`,
    onInput: (event: { currentTarget: { value: string } }) => onInput(event.currentTarget.value),
  };
  return (
    <div>
      <label for={id} dir="auto">
        {label}
        {required && <span aria-hidden="true"> *</span>}
      </label>
      {type === "multiline" ? <textarea {...control} rows={3} maxLength={4000} /> : <input {...control} type={kinds[type] as "text"} inputMode={type === "number" ? "decimal" : undefined} autocomplete={fills[key] ?? "off"} maxLength={200} />}
      {wrong && (
        <p id={`${id}-wrong`} class="wrong">
          {wrong}
        </p>
      )}
    </div>
  );
}
