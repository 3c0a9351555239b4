import type { MessageRow } from "../transcript";
import { useLanguage } from "./context";
import { AlertIcon, CheckIcon, ClockIcon } from "./icons";
import { MessageText } from "./MessageText";

interface Props {
  row: MessageRow;
  onResend: (id: string) => void;
  onDiscard: (id: string) => void;
}

/** One bubble, with who, when, and what became of it. */
export function Message({ row, onResend, onDiscard }: Props) {
  const { t, time, moment } = useLanguage();
  const name = row.side === "agent" ? row.name || t("agent") : row.side === "visitor" ? t("you") : "";
  const shape = `message ${row.side}${row.first ? " first" : ""}${row.last ? " last" : ""}${row.state ? ` ${row.state}` : ""}`;
  return (
    <div class={shape} data-testid="widget-message" data-side={row.side} data-state={row.state}>
      {row.first && name && <div class={row.side === "agent" ? "name" : "aside"}>{name}</div>}
      <div class="bubble" dir="auto">
        <MessageText text={row.text} />
      </div>
      {row.state === "failed" ? (
        <Failed row={row} onResend={onResend} onDiscard={onDiscard} />
      ) : (
        (row.last || row.state) && (
          <div class="meta">
            <time dateTime={row.at.toISOString()} title={moment(row.at)}>
              {time(row.at)}
            </time>
            {row.state && <Progress state={row.state} />}
          </div>
        )
      )}
    </div>
  );
}

function Progress({ state }: { state: "sent" | "sending" | "waiting" }) {
  const { t } = useLanguage();
  return (
    <span class="progress">
      {state === "sent" ? <CheckIcon /> : <ClockIcon />}
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
