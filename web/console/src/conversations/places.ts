import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { useLabels, useTeams } from "@/query/desk";
import { useInboxes } from "@/query/queries";
import { builtinViews, useViews } from "@/query/views";
import { useWorkspace } from "@/session/workspace";

/** A list that one can go to. */
export interface ListPlace {
  /** As in the address. */
  key: string;
  name: string;
  /** What it stands under in a menu. */
  group?: string;
}

/** Every list there is: the built-in ones, those of teams, and the saved views. */
export function usePlaces() {
  const { t } = useI18n();
  const { may, memberID } = useWorkspace();
  const { data: views } = useViews();
  const { data: teams } = useTeams();
  const { data: labels } = useLabels();
  const { data: inboxes } = useInboxes();

  /** One's own teams; of those who look after teams, all. */
  const ownTeams = computed(() => (teams.value ?? []).filter((team) => may("team.manage") || team.member_ids.includes(memberID)));

  const places = computed<ListPlace[]>(() => {
    const built = builtinViews.map((key): ListPlace => ({ key, name: t(`list.views.${key}`) }));
    const queues = ownTeams.value.map((team): ListPlace => ({ key: team.id, name: team.name, group: t("views.teams") }));
    const saved = (views.value ?? []).map((view): ListPlace & { rank: number } => {
      const team = view.scope === "team" ? (teams.value?.find((one) => one.id === view.team_id)?.name ?? t("views.team")) : undefined;
      const rank = { personal: 0, team: 1, workspace: 2 }[view.scope];
      return { key: view.id, name: view.name, rank, group: team ? t("views.ofTeam", { team }) : t(`views.${view.scope}`) };
    });
    saved.sort((a, b) => a.rank - b.rank || (a.group ?? "").localeCompare(b.group ?? ""));
    return [...built, ...queues, ...saved];
  });

  /** What a list is called; also one that is not in the menu. */
  function titleOf(key: string): string {
    const known = places.value.find((one) => one.key === key)?.name;
    if (known) return known;
    const all = [...(labels.value ?? []), ...(inboxes.value ?? []), ...(teams.value ?? [])];
    return all.find((one) => one.id === key)?.name ?? (key.startsWith("vie_") ? t("views.one") : t("list.views.all"));
  }

  return { places, titleOf, ownTeams };
}
