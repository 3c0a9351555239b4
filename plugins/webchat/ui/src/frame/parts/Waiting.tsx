import { useEffect, useRef, useState } from "preact/hooks";
import type { Queue } from "../state";
import { useLanguage } from "./context";
import { CheckIcon } from "./icons";
import { QueueNotice } from "./Notices";

interface Props {
  queue: Queue;
  onCallBack: () => void;
  onLeave: () => Promise<void>;
}

/** The place in the line, and what there is beside waiting. Who wants to leave is asked once more. */
export function Waiting({ queue, onCallBack, onLeave }: Props) {
  const { t } = useLanguage();
  const [asking, ask] = useState(false);
  const [state, setState] = useState<"" | "busy" | "failed">("");
  const stay = useRef<HTMLButtonElement>(null);
  const go = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asking) stay.current?.focus();
  }, [asking]);
  const close = () => {
    ask(false);
    setState("");
    requestAnimationFrame(() => go.current?.focus());
  };
  const leave = () => {
    setState("busy");
    onLeave().catch(() => setState("failed"));
  };
  const callback = queue.callback && (
    <button type="button" class="link" data-testid="widget-callback-open" onClick={onCallBack}>
      {t(`callback.${queue.callback}`)}
    </button>
  );
  if (!asking)
    return (
      <QueueNotice queue={queue}>
        <p class="acts">
          {callback}
          <button ref={go} type="button" class="link faint" data-testid="widget-leave" onClick={() => ask(true)}>
            {t("leave")}
          </button>
        </p>
      </QueueNotice>
    );
  return (
    <div
      class="notice"
      role="group"
      aria-labelledby="leave-title"
      data-testid="widget-leaving"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault(); // it leaves the question, not the chat
        close();
      }}
    >
      <div>
        <strong id="leave-title">{t("leave.title")}</strong>
        <span>{t("leave.text")}</span>
        {state === "failed" && (
          <p class="wrong" role="alert">
            {t("form.failed")}
          </p>
        )}
        <p class="acts">
          <button ref={stay} type="button" class="pill" data-testid="widget-stay" onClick={close}>
            {t("leave.no")}
          </button>
          {callback}
          <button type="button" class="link" aria-disabled={state === "busy"} data-testid="widget-leave-yes" onClick={() => state !== "busy" && leave()}>
            {t("leave")}
          </button>
        </p>
      </div>
    </div>
  );
}

/** A request to be called back was taken. */
export function Noted({ number }: { number: string }) {
  const { t } = useLanguage();
  return (
    <div class="notice" role="status" data-testid="widget-noted">
      <CheckIcon />
      <div>
        <strong>{t("callback.noted")}</strong>
        {number && <span>{t("offline.ticket", { number })}</span>}
      </div>
    </div>
  );
}
