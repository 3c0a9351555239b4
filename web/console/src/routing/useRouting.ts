import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { RoutingApi, type RoutingDemand, type RoutingDraft, type RoutingEffects, type RoutingRules } from "@patchbay/client/api";
import type { FilterField } from "@patchbay/client/member";
import type { FilterNode } from "@patchbay/client/types";
import { api as server } from "@/api";
import { useChoices, type Choice, type Choices } from "@/conversations/list/choices";
import { describe } from "@/conversations/list/describe";
import { useCalendars } from "@/hours/hours";
import { found } from "@/keys/commands";
import { useQueues, useSkills } from "@/query/desk";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

/** The order in which fields are offered; own attributes come last. */
const order = ["text", "inbox", "channel", "language", "page_url", "page_title", "contact.organisation", "verified", "returning", "team", "label", "priority", "finding", "open_hours", "weekday", "hour"];

/** Those that lists of conversations do not have, or call otherwise. */
const own = new Set(["text", "channel", "language", "page_url", "page_title", "verified", "returning", "finding", "open_hours", "weekday", "hour"]);

/** The routing rules, what they can ask about and do, and their words. */
export function useRouting() {
  const { t } = useI18n();
  const { id } = useWorkspace();
  const api = new RoutingApi(server, id);
  const client = useQueryClient();
  const { data: book, error, refetch } = useQuery({ queryKey: keys.routing(id), queryFn: () => api.get() });
  const { data: queues } = useQueues();
  const { data: skills } = useSkills();
  const { data: calendars } = useCalendars();
  const usual = useChoices();

  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const fields = computed(() => {
    const known = [...(book.value?.fields ?? [])].sort((a, b) => place(a.name) - place(b.name) || a.name.localeCompare(b.name));
    return new Map(known.map((one): [string, FilterField] => [one.name, { name: one.name, kind: one.kind, ...(one.options ? { options: one.options } : {}) }]));
  });

  function options(field: FilterField): Choice[] | undefined {
    if (field.name === "open_hours") return (calendars.value ?? []).map((one) => ({ key: one.id, name: one.name }));
    if (field.name === "weekday" || field.name === "channel") return (field.options ?? []).map((key) => ({ key, name: t(`routing.options.${key}`) }));
    return undefined;
  }
  const choices: Choices = {
    fieldName: (name) => (own.has(name) ? t(`routing.fields.${name}`) : usual.fieldName(name)),
    choices: (field, search) => options(field)?.filter((one) => found(one.name, search)) ?? usual.choices(field, search),
    valueName: (field, value) => (field && options(field)?.find((one) => one.key === value)?.name) ?? usual.valueName(field, value),
  };

  /** The conditions of a rule in a line. */
  const asked = (when: FilterNode): string => describe(when, { t: (name, values) => t(name, values ?? {}), fields: fields.value, fieldName: choices.fieldName, valueName: choices.valueName, time: String });

  const queueName = (queue: string) => queues.value?.find((one) => one.id === queue)?.name ?? t("routing.queueGone");

  const skillName = (skill: string) => skills.value?.find((one) => one.id === skill)?.name ?? t("routing.skillGone");

  /** What a conversation asks of who is given it, in a few words each. */
  function demanded(of: RoutingDemand): string[] {
    return [...(of.skills ?? []).map((need) => t("routing.needs", { skill: skillName(need.skill_id), level: need.level })), ...(of.value ? [t("routing.worth", { value: of.value })] : [])];
  }

  /** What a rule does, in a few words each. */
  function done(then: RoutingEffects): string[] {
    return [...(then.queue_id ? [t("routing.to", { name: queueName(then.queue_id) })] : []), ...(then.priority ? [t("rules.effects.priority", { name: t(`priorities.${then.priority}`) })] : []), ...demanded(then)];
  }

  async function save(rules: readonly RoutingDraft[], zone = book.value?.time_zone ?? ""): Promise<RoutingRules> {
    const saved = await api.put(book.value?.revision ?? 0, zone, rules);
    client.setQueryData(keys.routing(id), saved);
    return saved;
  }

  return { api, book, error, refetch, fields, choices, queues, queueName, asked, demanded, done, save };
}

export type Routing = ReturnType<typeof useRouting>;
