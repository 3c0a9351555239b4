import type { ComponentChildren } from "preact";
import { waitText } from "../i18n";
import type { Phase, Queue } from "../state";
import { useLanguage } from "./context";
import { AlertIcon, ClockIcon, LineIcon } from "./icons";

/** Says what is wrong with the connection and that nothing is lost by it. */
export function ConnectionBanner({ phase, onRetry }: { phase: Phase; onRetry: () => void }) {
  const { t } = useLanguage();
  if (phase !== "offline" && phase !== "unavailable") return null;
  return (
    <div class={`banner ${phase}`} role="status">
      <AlertIcon />
      <span>{t(`banner.${phase}`)}</span>
      {phase === "unavailable" && (
        <button type="button" class="link" onClick={onRetry}>
          {t("retry")}
        </button>
      )}
    </div>
  );
}

/** Where the visitor stands while no agent has taken over, or until when nobody does. */
export function QueueNotice({ queue, children }: { queue: Queue; children?: ComponentChildren }) {
  const language = useLanguage();
  const { t, opening } = language;
  const place = queue.position === 1 ? t("queue.next") : t("queue.place", { n: queue.position });
  const waiting = queue.available ? (waitText(language, queue.wait_s) ?? t("queue.waiting")) : t("queue.away");
  const back = queue.opens_at ? t("queue.opens", { when: opening(new Date(queue.opens_at)) }) : t("queue.closed_text");
  return (
    <div class="notice" role="status" data-testid="widget-queue" data-position={queue.position} data-closed={queue.closed}>
      {queue.available ? <LineIcon /> : <ClockIcon />}
      <div>
        <strong>{queue.closed ? t("queue.closed") : place}</strong>
        <span>{queue.closed ? back : waiting}</span>
        {children}
      </div>
    </div>
  );
}

/** The conversation is closed, and how it goes on. */
export function ResolvedNotice() {
  const { t } = useLanguage();
  return (
    <p class="closing" data-testid="widget-resolved">
      {t("resolved.hint")}
    </p>
  );
}

/** Instead of the chat, when policy refuses it here. */
export function Refused({ detail, onRetry }: { detail?: string; onRetry: () => void }) {
  const { t } = useLanguage();
  return (
    <div class="refused" role="alert">
      <AlertIcon />
      <p>{detail || t("refused")}</p>
      <button type="button" class="pill" onClick={onRetry}>
        {t("retry")}
      </button>
    </div>
  );
}
