import { useI18n } from "vue-i18n";
import type { Change } from "@patchbay/client/types";
import { useAttributes, useLabels, useQueues, useSkills, useTeams } from "@/query/desk";
import { useMembers } from "@/query/queries";
import { namesSkills, type EventNames } from "./events";

/** Names of what changes mention; what is gone since has a word of its own. Skills, which few changes name, are asked for when one does. */
export function useEventNames(changes: () => readonly Change[]): EventNames {
  const { t } = useI18n();
  const { data: labels } = useLabels();
  const { data: members } = useMembers();
  const { data: teams } = useTeams();
  const { data: queues } = useQueues();
  const { data: skills } = useSkills(() => changes().some(namesSkills));
  const { data: attributes } = useAttributes();
  const named = (list: readonly { id: string; name: string }[] | undefined, id: string) => list?.find((one) => one.id === id)?.name ?? t("events.gone");
  return {
    label: (id) => named(labels.value, id),
    member: (id) => named(members.value, id),
    team: (id) => named(teams.value, id),
    queue: (id) => named(queues.value, id),
    skill: (id) => (skills.value ? named(skills.value, id) : ""),
    attribute: (key) => attributes.value?.find((one) => one.key === key)?.name ?? key,
  };
}
