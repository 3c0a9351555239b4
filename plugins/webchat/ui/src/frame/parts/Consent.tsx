import { useState } from "preact/hooks";
import type { PageSide } from "../page";
import { useLanguage } from "./context";

/** Asks once whether the company may see the pages the visitor looks at. */
export function Consent({ page }: { page: PageSide }) {
  const { t } = useLanguage();
  const [asked, setAsked] = useState(page.consent === undefined);
  if (!asked) return null;
  const answer = (yes: boolean) => {
    page.agree(yes);
    setAsked(false);
  };
  return (
    <div class="banner" role="group" aria-label={t("pages.ask")} data-testid="widget-consent">
      <span>{t("pages.ask")}</span>
      <button type="button" class="link" onClick={() => answer(true)}>
        {t("pages.yes")}
      </button>
      <button type="button" class="link" onClick={() => answer(false)}>
        {t("pages.no")}
      </button>
    </div>
  );
}
