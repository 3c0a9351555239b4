import { useEffect, useRef, useState } from "preact/hooks";
import { useLanguage } from "./context";
import { StarIcon } from "./icons";

const SCORES = [1, 2, 3, 4, 5] as const;

/** Asks how it was; `score` is what was said already. */
export function Rating({ score, onRate }: { score?: number; onRate: (score: number, comment: string) => Promise<void> }) {
  const { t } = useLanguage();
  const [chosen, choose] = useState(0);
  const [comment, setComment] = useState("");
  const [state, setState] = useState<"asking" | "busy" | "failed" | "given">("asking");
  const card = useRef<HTMLFormElement>(null);
  // What opens below the stars must not open out of sight.
  useEffect(() => {
    if (chosen) card.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  if (score !== undefined || state === "given") {
    return (
      <p class="closing" role="status" data-testid="widget-rated">
        {t("rate.thanks")}
      </p>
    );
  }
  const send = async () => {
    setState("busy");
    await onRate(chosen, comment.trim()).then(
      () => setState("given"),
      () => setState("failed"),
    );
  };
  return (
    <form
      ref={card}
      class="card"
      data-testid="widget-rating"
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen) void send();
      }}
    >
      <fieldset class="stars">
        <legend>{t("rate.title")}</legend>
        {SCORES.map((value) => (
          <label key={value} class={value <= chosen ? "on" : ""} title={t(`rate.${value}`)}>
            <input type="radio" name="score" value={value} checked={value === chosen} aria-label={t(`rate.${value}`)} data-testid={`widget-score-${value}`} onChange={() => choose(value)} />
            <StarIcon />
          </label>
        ))}
      </fieldset>
      <p class="quiet">{chosen ? t(`rate.${chosen as 1}`) : t("rate.text")}</p>
      {chosen > 0 && (
        <>
          <textarea rows={2} maxLength={1000} value={comment} dir="auto" aria-label={t("rate.comment")} placeholder={t("rate.comment")} data-testid="widget-comment" onInput={(event) => setComment(event.currentTarget.value)} />
          {state === "failed" && <p role="alert">{t("form.failed")}</p>}
          <button type="submit" class="pill" disabled={state === "busy"} data-testid="widget-rate">
            {t("rate.send")}
          </button>
        </>
      )}
    </form>
  );
}
