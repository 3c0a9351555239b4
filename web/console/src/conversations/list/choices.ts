import { computed, reactive, ref, watch } from "vue";
import { useI18n } from "vue-i18n";
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import type { FilterField } from "@patchbay/client/member";
import { found } from "@/keys/commands";
import { useAttributes, useLabels, useQueues, useTeams } from "@/query/desk";
import { keys } from "@/query/keys";
import { useInboxes, useMembers } from "@/query/queries";
import { useWorkspace } from "@/session/workspace";
import { contactName } from "../names";

/** A value to choose, as it stands in a filter, and its name. */
export interface Choice {
  key: string;
  name: string;
  color?: string;
}

/** Names of things that are too many to be fetched whole, by id; "" while they are on their way. */
const PAUSE_MS = 200;

/** What fields are called and what there is to choose from, in the reader's language. */
export function useChoices() {
  const { t, te } = useI18n();
  const { api, id: workspace, may } = useWorkspace();
  const client = useQueryClient();
  const { data: members } = useMembers();
  const { data: teams } = useTeams();
  const { data: queues } = useQueues();
  const { data: labels } = useLabels();
  const { data: inboxes } = useInboxes();
  const { data: attributes } = useAttributes();
  const names = reactive(new Map<string, string>());

  const typed = ref("");
  const asked = ref<{ of: "contact" | "contact.organisation"; q: string }>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { data: remote } = useQuery({
    queryKey: computed(() => [workspace, "filter-choices", asked.value] as const),
    queryFn: async (): Promise<Choice[]> => {
      const { of, q } = asked.value!;
      if (of === "contact") return (await api.contacts(q)).items.map((one) => ({ key: one.id, name: contactName(one, t) }));
      return (await api.views.organisations(q)).map((one) => ({ key: one.id, name: one.name }));
    },
    enabled: computed(() => asked.value !== undefined && may("contact.read")),
    placeholderData: (held) => held,
    staleTime: 30_000,
  });
  watch(remote, (items) => items?.forEach((one) => names.set(one.key, one.name)));

  const custom = computed(() => new Map(attributes.value?.map((one) => [`${one.target === "contact" ? "contact." : ""}attributes.${one.key}`, one.name])));

  /** The name of a field; of one that is gone its own. */
  function fieldName(name: string): string {
    const key = `filter.fields.${name.replace(".", "_")}`;
    if (te(key)) return t(key);
    const own = custom.value.get(name);
    if (own === undefined) return name;
    return name.startsWith("contact.") ? t("filter.ofContact", { name: own }) : own;
  }

  /** All there is to choose for a field that takes few, in order. */
  function all(field: FilterField): Choice[] {
    const word: Choice[] = field.word ? [{ key: field.word, name: t(`filter.words.${field.word}`) }] : [];
    const people = () => (members.value ?? []).filter((one) => !one.suspended).map((one): Choice => ({ key: one.id, name: one.name }));
    switch (field.name) {
      case "assignee":
      case "offered":
      case "participant":
      case "mention":
        return [...word, ...people()];
      case "team":
        return [...word, ...(teams.value ?? []).map((one) => ({ key: one.id, name: one.name }))];
      case "queue":
        return (queues.value ?? []).map((one) => ({ key: one.id, name: one.name }));
      case "label":
        return (labels.value ?? []).map((one) => ({ key: one.id, name: one.name, color: one.color }));
      case "inbox":
        return (inboxes.value ?? []).map((one) => ({ key: one.id, name: one.name }));
      default:
        return (field.options ?? []).map((key) => ({ key, name: optionName(field.name, key) }));
    }
  }

  function optionName(field: string, key: string): string {
    if (field === "state") return t(`states.${key}`);
    if (field === "priority") return t(`priorities.${key}`);
    return field === "responder" ? t(`filter.responder.${key}`) : key;
  }

  const isRemote = (field: FilterField): field is FilterField & { name: "contact" | "contact.organisation" } => field.name === "contact" || field.name === "contact.organisation";

  /** The choices that fit what was typed. Contacts and organisations are asked of the server. */
  function choices(field: FilterField, search: string): Choice[] {
    if (!isRemote(field)) return all(field).filter((one) => found(one.name, search));
    if (typed.value !== search || asked.value?.of !== field.name) {
      typed.value = search;
      clearTimeout(timer);
      timer = setTimeout(() => (asked.value = { of: field.name, q: search }), PAUSE_MS);
    }
    return asked.value?.of === field.name ? (remote.value ?? []) : [];
  }

  /** The name of a value; of one that is gone its id. */
  function valueName(field: FilterField | undefined, value: unknown): string {
    if (typeof value !== "string" || !field) return String(value);
    if (!isRemote(field)) return all(field).find((one) => one.key === value)?.name ?? value;
    const known = names.get(value);
    if (known === undefined) void learn(field.name, value);
    return known || value;
  }

  async function learn(of: "contact" | "contact.organisation", value: string): Promise<void> {
    names.set(value, "");
    const name = of === "contact" ? client.fetchQuery({ queryKey: keys.contact(workspace, value), queryFn: () => api.contact(value) }).then((one) => contactName(one, t)) : api.views.organisation(value).then((one) => one.name);
    names.set(value, await name.catch(() => ""));
  }

  return { fieldName, choices, valueName };
}

export type Choices = ReturnType<typeof useChoices>;
