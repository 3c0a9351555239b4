import { sentenceOf, type Shown } from "@/api/errors";
import { i18n } from "@/i18n";

/** Why a way by a provider ended without us: the code that the address brings back. */
export function providerFailure(code: string): Shown {
  const { t, te } = i18n.global;
  const own = `signInErrors.${code.replaceAll(".", "_")}`;
  return { text: te(own, "en") ? t(own) : sentenceOf(code), code, transient: false };
}
