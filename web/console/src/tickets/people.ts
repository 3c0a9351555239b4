import { computed } from "vue";
import { useI18n } from "vue-i18n";
import type { Team } from "@patchbay/client/types";
import { assignees } from "@/conversations/assignees";
import { destinations, type Destination } from "@/conversations/desk/transfer";
import { useLive } from "@/live/live";
import { useColleagues } from "@/query/colleagues";
import { useLabels, useTeams } from "@/query/desk";
import { useInboxes, useMembers } from "@/query/queries";
import { useWorkspace } from "@/session/workspace";
import { useTicketTypes } from "./queries";

/** Names of what tickets mention by id, and who could have them. */
export function useTicketNames() {
  const { t } = useI18n();
  const { memberID } = useWorkspace();
  const { presence } = useLive();
  const { data: members } = useMembers();
  const colleagues = useColleagues("ticket.read");
  const { data: teams } = useTeams();
  const { data: labels } = useLabels();
  const { data: inboxes } = useInboxes();
  const { data: types } = useTicketTypes();
  const by = <T extends { id: string }>(list: readonly T[] | undefined) => new Map((list ?? []).map((one) => [one.id, one]));
  const memberByID = computed(() => by(members.value));
  const teamByID = computed(() => by<Team>(teams.value));
  const labelByID = computed(() => by(labels.value));
  const inboxByID = computed(() => by(inboxes.value));
  const typeByID = computed(() => by(types.value));
  const open = computed(() => (types.value ?? []).filter((one) => !one.archived));

  /** People and teams that fit what was typed; `nobody` takes both away. */
  function places(search: string, nobody: boolean): Destination[] {
    return destinations({ people: assignees(colleagues.value, presence.value, memberID), teams: teams.value ?? [], back: nobody ? t("tickets.nobody") : undefined, groups: { people: t("transfer.people"), teams: t("tickets.teams") } }, search);
  }

  return {
    /** Those who may be given tickets. */
    colleagues,
    teams,
    labels,
    types,
    /** Those that take new tickets. */
    openTypes: open,
    labelByID,
    typeByID,
    member: (id: string | undefined) => (id ? (memberByID.value.get(id)?.name ?? t("events.gone")) : ""),
    team: (id: string | undefined) => (id ? (teamByID.value.get(id)?.name ?? t("events.gone")) : ""),
    label: (id: string) => labelByID.value.get(id)?.name ?? t("events.gone"),
    inbox: (id: string | undefined) => (id ? (inboxByID.value.get(id)?.name ?? t("events.gone")) : ""),
    type: (id: string) => typeByID.value.get(id)?.name ?? "",
    places,
  };
}

export type TicketNames = ReturnType<typeof useTicketNames>;

/** What a hand-over to a destination asks for: a person keeps the team, a team has nobody yet. */
export function handoverTo({ who, team }: Destination): { assignee_id?: string; team_id?: string } {
  if (who) return { assignee_id: who.id };
  return team ? { assignee_id: "", team_id: team.id } : { assignee_id: "", team_id: "" };
}
