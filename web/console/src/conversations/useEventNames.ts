import { useI18n } from "vue-i18n";
import { useAttributes, useLabels, useQueues, useTeams } from "@/query/desk";
import { useMembers } from "@/query/queries";
import type { EventNames } from "./events";

/** Names of labels, members, teams and attributes; what is gone since has a word of its own. */
export function useEventNames(): EventNames {
  const { t } = useI18n();
  const { data: labels } = useLabels();
  const { data: members } = useMembers();
  const { data: teams } = useTeams();
  const { data: queues } = useQueues();
  const { data: attributes } = useAttributes();
  const named = (list: readonly { id: string; name: string }[] | undefined, id: string) => list?.find((one) => one.id === id)?.name ?? t("events.gone");
  return {
    label: (id) => named(labels.value, id),
    member: (id) => named(members.value, id),
    team: (id) => named(teams.value, id),
    queue: (id) => named(queues.value, id),
    attribute: (key) => attributes.value?.find((one) => one.key === key)?.name ?? key,
  };
}
