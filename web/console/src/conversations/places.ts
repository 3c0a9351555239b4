import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { useLabels, useQueues, useTeams } from "@/query/desk";
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

/** So many teams and so many queues are counted. */
const MOST_COUNTED = 20;

/** Every list there is: the built-in ones, those of teams and queues, and the saved views. */
export function usePlaces() {
  const { t } = useI18n();
  const { may, memberID } = useWorkspace();
  const { data: views } = useViews();
  const { data: teams } = useTeams();
  const { data: queues } = useQueues();
  const { data: labels } = useLabels();
  const { data: inboxes } = useInboxes();

  /** One's own teams; of those who look after teams, all. */
  const ownTeams = computed(() => (teams.value ?? []).filter((team) => may("team.manage") || team.member_ids.includes(memberID)));

  /** Those that one's own teams serve, or everybody. */
  const ownQueues = computed(() => (queues.value ?? []).filter((queue) => !queue.team_id || ownTeams.value.some((team) => team.id === queue.team_id)));
  /** Lists beside the built-in ones of which it is said how much is in them. */
  const counted = computed(() => [ownTeams.value, ownQueues.value].flatMap((list) => list.slice(0, MOST_COUNTED).map((one) => one.id)));

  const places = computed<ListPlace[]>(() => {
    const built = builtinViews.map((key): ListPlace => ({ key, name: t(`list.views.${key}`) }));
    const ofTeams = ownTeams.value.map((team): ListPlace => ({ key: team.id, name: team.name, group: t("views.teams") }));
    const ofQueues = ownQueues.value.map((queue): ListPlace => ({ key: queue.id, name: queue.name, group: t("views.queues") }));
    const saved = (views.value ?? []).map((view): ListPlace & { rank: number } => {
      const team = view.scope === "team" ? (teams.value?.find((one) => one.id === view.team_id)?.name ?? t("views.team")) : undefined;
      const rank = { personal: 0, team: 1, workspace: 2 }[view.scope];
      return { key: view.id, name: view.name, rank, group: team ? t("views.ofTeam", { team }) : t(`views.${view.scope}`) };
    });
    saved.sort((a, b) => a.rank - b.rank || (a.group ?? "").localeCompare(b.group ?? ""));
    return [...built, ...ofTeams, ...ofQueues, ...saved];
  });

  /** What a list is called; also one that is not in the menu. */
  function titleOf(key: string): string {
    const known = places.value.find((one) => one.key === key)?.name;
    if (known) return known;
    const all = [...(labels.value ?? []), ...(inboxes.value ?? []), ...(teams.value ?? []), ...(queues.value ?? [])];
    return all.find((one) => one.id === key)?.name ?? (key.startsWith("vie_") ? t("views.one") : t("list.views.all"));
  }

  return { places, titleOf, counted };
}
