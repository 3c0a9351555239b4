import { useI18n } from "vue-i18n";
import { spanText } from "@/ui/span";
import { channels, type Draft, type Fact } from "./policy";

/** What a policy says, in words. */
export function usePolicyWords() {
  const { t, te, locale, n } = useI18n();
  const channelName = (channel: string) => (te(`policy.channels.${channel}`, "en") ? t(`policy.channels.${channel}`) : channel);
  const span = (seconds: number) => (seconds ? spanText(seconds, locale.value) : t("policy.none"));
  const limit = (items: number) => (items === 0 ? t("policy.limits.room") : items < 0 ? t("policy.limits.never") : String(items));

  function facts(draft: Draft): Fact[] {
    const out: Fact[] = [
      { id: "order", label: t("policy.order"), text: t(`policy.orders.${draft.order}`) + (draft.order === "ageing" ? ` (${span(draft.boost_s)})` : "") },
      { id: "starvation", label: t("policy.starvation"), text: draft.starvation ? t("policy.times", { n: n(draft.starvation) }) : t("policy.never") },
      { id: "agents", label: t("policy.agents"), text: t(`policy.choices.${draft.agents}`) },
      { id: "reserve", label: t("policy.reserve"), text: draft.free ? t("policy.reserved", { n: draft.free, channels: draft.reserved.map(channelName).join(", ") || t("policy.none") }) : t("policy.none") },
      { id: "sticky", label: t("policy.sticky"), text: span(draft.sticky_s) },
    ];
    for (const channel of channels) {
      const { weight, limit: most, exclusive, target_s, cost, handling_s } = draft.channels[channel];
      const of = (id: string, text: string) => out.push({ id: `${channel}/${id}`, label: t("policy.of", { channel: channelName(channel), what: t(`policy.fields.${id}`) }), text });
      of("weight", String(weight));
      of("limit", limit(most));
      of("exclusive", exclusive ? t("policy.yes") : t("policy.no"));
      of("target", span(target_s));
      if (draft.order !== "cost") continue;
      of("cost", n(cost));
      of("handling", span(handling_s));
    }
    return out;
  }

  /** A warning of the server, by what it is about. */
  function warning(one: { code: string; pointer: string; detail: string }): string {
    const key = `policy.warnings.${one.code}_${one.pointer.split("/").at(-1) ?? ""}`;
    if (te(key, "en")) return t(key);
    return te(`policy.warnings.${one.code}`, "en") ? t(`policy.warnings.${one.code}`) : one.detail;
  }

  return { facts, warning, channelName, span };
}
