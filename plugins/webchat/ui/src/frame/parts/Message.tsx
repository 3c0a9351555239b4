import type { MessageRow } from "../transcript";
import { useLanguage } from "./context";
import { Attachments } from "./Attachments";
import { AlertIcon, CheckIcon, ClockIcon, ReplyIcon } from "./icons";
import { MessageText } from "./MessageText";

interface Props {
  row: MessageRow;
  onResend: (id: string) => void;
  onDiscard: (id: string) => void;
  /** Answers this message; absent where that is not possible. */
  onQuote?: (row: MessageRow) => void;
}

/** One bubble, with who, when, and what became of it. */
export function Message({ row, onResend, onDiscard, onQuote }: Props) {
  const { t, time, moment } = useLanguage();
  const name = row.side === "agent" || row.side === "bot" ? row.name || t("agent") : row.side === "visitor" ? t("you") : "";
  const shape = `message ${row.side === "bot" ? "agent" : row.side}${row.first ? " first" : ""}${row.last ? " last" : ""}${row.state ? ` ${row.state}` : ""}`;
  return (
    <div class={shape} data-testid="widget-message" data-side={row.side} data-state={row.state}>
      {row.first && name && <div class={row.side === "agent" || row.side === "bot" ? "name" : "aside"}>{name}</div>}
      {row.quote && (
        <blockquote class="quote" dir="auto">
          <b>{row.quote.sender.kind === "visitor" ? t("you") : row.quote.sender.name || t("agent")}</b>
          {row.quote.text || (row.quote.attachment_kind ? "" : t("recalled"))}
        </blockquote>
      )}
      {row.attachments.length > 0 && <Attachments files={row.attachments} />}
      {row.recalled && (
        <div class="bubble recalled" data-testid="widget-recalled">
          {t("recalled")}
        </div>
      )}
      {row.text && (
        <div class="bubble" dir="auto">
          <MessageText text={row.text} />
        </div>
      )}
      {onQuote && row.id && !row.recalled && (
        <button type="button" class="answer" aria-label={t("quote")} title={t("quote")} data-testid="widget-quote" onClick={() => onQuote(row)}>
          <ReplyIcon />
        </button>
      )}
      {row.state === "failed" ? (
        <Failed row={row} onResend={onResend} onDiscard={onDiscard} />
      ) : (
        (row.last || row.state || row.edited) && (
          <div class="meta">
            <time dateTime={row.at.toISOString()} title={moment(row.at)}>
              {time(row.at)}
            </time>
            {row.edited && <span data-testid="widget-edited">{t("edited")}</span>}
            {row.state && <Progress state={row.state} />}
          </div>
        )
      )}
    </div>
  );
}

function Progress({ state }: { state: "sent" | "seen" | "sending" | "waiting" }) {
  const { t } = useLanguage();
  return (
    <span class="progress">
      {state === "sent" || state === "seen" ? <CheckIcon /> : <ClockIcon />}
      {t(state)}
    </span>
  );
}

function Failed({ row, onResend, onDiscard }: Props) {
  const { t } = useLanguage();
  const reason = row.code === "outbox.stale" ? t("failed.stale") : row.detail || t("failed");
  return (
    <div class="meta failure">
      <span class="progress">
        <AlertIcon />
        {reason}
      </span>
      <button type="button" class="link" onClick={() => onResend(row.key)}>
        {t("resend")}
      </button>
      <button type="button" class="link" onClick={() => onDiscard(row.key)}>
        {t("discard")}
      </button>
    </div>
  );
}
