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

/** Where the visitor stands while no agent has taken over. */
export function QueueNotice({ queue }: { queue: Queue }) {
  const { t } = useLanguage();
  const place = queue.position === 1 ? t("queue.next") : t("queue.place", { n: queue.position });
  return (
    <div class="notice" role="status" data-testid="widget-queue" data-position={queue.position}>
      {queue.available ? <LineIcon /> : <ClockIcon />}
      <div>
        <strong>{place}</strong>
        <span>{t(queue.available ? "queue.waiting" : "queue.away")}</span>
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
