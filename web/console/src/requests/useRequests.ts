import { useI18n } from "vue-i18n";
import { RequestsApi } from "@patchbay/client/api";
import type { ChannelRequest } from "@patchbay/client/types";
import { api as server } from "@/api";
import { locale } from "@/i18n";
import { fullTime } from "@/i18n/format";
import { useWorkspace } from "@/session/workspace";

/** The colours of outcomes, as StatusTag names them. */
export const tones = { processed: "ok", waiting: "degraded", refused: "down", forged: "down", given_up: "down" } as const;

/** The raw requests of an inbox, and their words. */
export function useRequests(inbox: string) {
  const { t, te } = useI18n();
  const { id } = useWorkspace();
  const api = new RequestsApi(server, id, inbox);
  const key = [id, "inbox-requests", inbox];

  /** Why a request is not in, in a sentence; "" when nothing is wrong. */
  function why({ outcome, code = "", detail = "" }: Pick<ChannelRequest, "outcome" | "code" | "detail">): string {
    if (outcome === "forged") return t("requests.forgedWhy");
    const known = `requests.codes.${code.replaceAll(".", "_")}`;
    const said = te(known, "en") ? t(known) : detail || code;
    return outcome === "given_up" ? [t("requests.givenUpWhy"), said].filter(Boolean).join(" ") : said;
  }

  /** What came of it, in a few words. */
  function fate(one: ChannelRequest): string {
    if (one.outcome === "waiting") {
      const failed = one.attempts ? t("requests.attempts", { n: one.attempts }, one.attempts) : "";
      return [failed, one.next_at && t("requests.next", { at: fullTime(one.next_at, locale.value) })].filter(Boolean).join(" · ");
    }
    const brought = (["accepted", "duplicates", "refused"] as const).filter((what) => one[what]).map((what) => t(`requests.brought.${what}`, { n: one[what] }));
    if (one.outcome === "processed" && brought.length === 0) brought.push(t("requests.brought.nothing"));
    return brought.join(" · ");
  }

  return { api, key, why, fate };
}

export type Requests = ReturnType<typeof useRequests>;
