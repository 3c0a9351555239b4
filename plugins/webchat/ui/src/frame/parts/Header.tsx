import type { ComponentChildren } from "preact";
import type { Phase } from "../state";
import { useLanguage } from "./context";
import { ChatIcon, DownIcon } from "./icons";

interface Props {
  title: string;
  phase: Phase;
  onClose?: () => void;
  children?: ComponentChildren;
}

/** Whom one talks to, how the connection is, and the way out. */
export function Header({ title, phase, onClose, children }: Props) {
  const { t } = useLanguage();
  return (
    <header class="header">
      <span class="emblem">
        <ChatIcon />
      </span>
      <div class="heading">
        <h1>{title}</h1>
        <p class={`status status-${phase}`} role="status" data-testid="widget-status" data-phase={phase}>
          <i class="dot" />
          {t(`status.${phase}`)}
        </p>
      </div>
      {children}
      {onClose && (
        <button type="button" class="round" aria-label={t("close")} onClick={onClose}>
          <DownIcon />
        </button>
      )}
    </header>
  );
}
