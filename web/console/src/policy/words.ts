import { computed } from "vue";
import { useI18n } from "vue-i18n";
import type { Need, PolicyDayGroup, PolicyQueueFigures } from "@patchbay/client/types";
import { clock } from "@/charts/plot";
import { useQueues, useSkills, useTeams } from "@/query/desk";
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

/** What the customers and the members of a day are called: those of a recorded one by the workspace's own names. */
export function useDayWords() {
  const { t } = useI18n();
  const { channelName } = usePolicyWords();
  const { data: queues } = useQueues();
  const { data: teams } = useTeams();
  const { data: skills } = useSkills();
  const names = computed(() => new Map([queues, teams, skills].flatMap(({ value }) => (value ?? []).map(({ id, name }) => [id, name] as const))));

  /** The skills of a made-up day have numbers for names. */
  function needText({ skill_id, level }: Need): string {
    const made = /^skill-(\d+)$/.exec(skill_id);
    return made ? t("policy.compare.skill", { n: made[1] }) : t("policy.simulate.need", { skill: names.value.get(skill_id) ?? t("policy.simulate.gone"), level });
  }

  const joined = (parts: (string | false | undefined)[]) => parts.filter(Boolean).join(" · ");
  const groupText = (group: PolicyDayGroup) =>
    joined([
      group.team_ids.map((id) => names.value.get(id) ?? t("policy.simulate.gone")).join(" + "),
      ...group.skills.map(needText),
      t("policy.simulate.capacity", { n: group.capacity }),
      [...new Set([group.from_s, group.to_s].map(clock))].join("–"),
    ]);

  function streamText(stream: PolicyQueueFigures): string {
    if (stream.queue_id) return joined([names.value.get(stream.queue_id) ?? t("policy.simulate.gone"), channelName(stream.channel), ...(stream.skills ?? []).map(needText), stream.value > 0 && t("policy.simulate.worth", { n: stream.value })]);
    const name = stream.value ? t("policy.compare.important", { channel: channelName(stream.channel) }) : channelName(stream.channel);
    return joined([name, stream.skill && t("policy.compare.skill", { n: stream.skill })]);
  }

  return { groupText, streamText };
}
