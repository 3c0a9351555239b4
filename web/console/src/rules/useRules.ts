import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { RulesApi, type InboxRules, type RuleDraft, type RuleEffects } from "@patchbay/client/api";
import type { FilterField } from "@patchbay/client/member";
import type { FilterNode } from "@patchbay/client/types";
import { api as server } from "@/api";
import type { Choices } from "@/conversations/list/choices";
import { describe } from "@/conversations/list/describe";
import { useLabels, useTeams } from "@/query/desk";
import { useWorkspace } from "@/session/workspace";
import { useTicketTypes } from "@/tickets/queries";

/** The rules of an inbox, what they can ask about and do, and their words. */
export function useRules(inbox: string) {
  const { t } = useI18n();
  const { id } = useWorkspace();
  const api = new RulesApi(server, id, inbox);
  const client = useQueryClient();
  const key = [id, "inbox-rules", inbox];
  const { data: book, isError, refetch } = useQuery({ queryKey: key, queryFn: () => api.get() });
  const { data: teams } = useTeams();
  const { data: labels } = useLabels();
  const { data: types } = useTicketTypes();

  const order = ["from", "from_domain", "to", "to_tag", "subject", "text", "attachments", "verified", "automatic"];
  const fields = computed(() => {
    const known = [...(book.value?.fields ?? [])].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    return new Map(known.map((one): [string, FilterField] => [one.name, { name: one.name, kind: one.kind }]));
  });
  const choices: Choices = { fieldName: (name) => t(`rules.fields.${name}`), choices: () => [], valueName: (_field, value) => String(value) };

  /** The conditions of a rule in a line. */
  const asked = (when: FilterNode): string => describe(when, { t: (name, values) => t(name, values ?? {}), fields: fields.value, fieldName: choices.fieldName, valueName: choices.valueName, time: String });

  /** What a rule does, in a few words each. */
  function done(then: RuleEffects): string[] {
    const gone = (thing: string) => t("rules.gone", { thing: t(`rules.things.${thing}`) });
    const out: string[] = [];
    if (then.ignore) out.push(t("rules.effects.ignore"));
    if (then.team_id) out.push(t("rules.effects.team", { name: teams.value?.find((one) => one.id === then.team_id)?.name ?? gone("team") }));
    if (then.priority) out.push(t("rules.effects.priority", { name: t(`priorities.${then.priority}`) }));
    for (const label of then.label_ids ?? []) out.push(t("rules.effects.label", { name: labels.value?.find((one) => one.id === label)?.name ?? gone("label") }));
    if (then.ticket) {
      const type = types.value?.find((one) => one.id === then.ticket?.type_id)?.name;
      out.push(type ? t("rules.effects.ticketOf", { name: type }) : t("rules.effects.ticket"));
    }
    return out;
  }

  async function save(rules: readonly RuleDraft[]): Promise<InboxRules> {
    const saved = await api.put(book.value?.revision ?? 0, rules);
    client.setQueryData(key, saved);
    return saved;
  }

  return { api, book, isError, refetch, fields, choices, teams, labels, types, asked, done, save };
}

export type Rules = ReturnType<typeof useRules>;
