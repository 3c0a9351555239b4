import { useEffect, useRef, useState } from "preact/hooks";
import { languages, type Locale } from "../../locale";
import { useLanguage } from "./context";
import { MoreIcon } from "./icons";

interface Props {
  /** Languages to choose from; none are offered when there is one. */
  offered: readonly Locale[];
  onLanguage: (locale: Locale) => void;
  /** Fetches the transcript; absent when there is none to have. */
  onTranscript?: () => Promise<void>;
}

/** What is needed now and then: the language, and the conversation to keep. */
export function Menu({ offered, onLanguage, onTranscript }: Props) {
  const { t, locale } = useLanguage();
  const [open, setOpen] = useState(false);
  const [failed, setFailed] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    box.current!.querySelector<HTMLElement>("select, button")?.focus();
    const leave = (event: Event) => {
      if (!box.current!.contains(event.target as Node) && !button.current!.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", leave);
    return () => removeEventListener("pointerdown", leave);
  }, [open]);

  if (offered.length < 2 && !onTranscript) return null;
  return (
    <div
      class="menu"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.preventDefault(); // it closes the menu, not the chat
        setOpen(false);
        button.current!.focus();
      }}
    >
      <button ref={button} type="button" class="round" aria-label={t("menu")} aria-expanded={open} data-testid="widget-menu" onClick={() => setOpen(!open)}>
        <MoreIcon />
      </button>
      {open && (
        <div ref={box} class="sheet">
          {offered.length > 1 && (
            <label>
              {t("menu.language")}
              <select value={locale} data-testid="widget-language" onChange={(event) => onLanguage(event.currentTarget.value as Locale)}>
                {offered.map((tag) => (
                  <option key={tag} value={tag} lang={tag}>
                    {languages[tag]}
                  </option>
                ))}
              </select>
            </label>
          )}
          {onTranscript && (
            <button
              type="button"
              class="item"
              data-testid="widget-transcript"
              onClick={() => {
                setFailed(false);
                onTranscript().then(
                  () => setOpen(false),
                  () => setFailed(true),
                );
              }}
            >
              {t("menu.transcript")}
            </button>
          )}
          {failed && <p role="alert">{t("transcript.failed")}</p>}
        </div>
      )}
    </div>
  );
}
