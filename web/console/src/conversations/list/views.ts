import type { SavedView, Team } from "@patchbay/client/types";

export interface ViewGroup {
  name: string;
  views: SavedView[];
}

/** Saved views by who sees them: one's own, each team's, everybody's; within, in their order. */
export function groupedViews(views: readonly SavedView[], teams: readonly Team[], names: Record<SavedView["scope"], string>): ViewGroup[] {
  const rank: Record<SavedView["scope"], number> = { personal: 0, team: 1, workspace: 2 };
  const groups = new Map<string, ViewGroup & { scope: SavedView["scope"] }>();
  for (const view of views) {
    const name = view.scope === "team" ? (teams.find((team) => team.id === view.team_id)?.name ?? names.team) : names[view.scope];
    const key = `${view.scope} ${view.team_id ?? ""}`;
    const group = groups.get(key) ?? { name, views: [], scope: view.scope };
    group.views.push(view);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => rank[a.scope] - rank[b.scope] || a.name.localeCompare(b.name));
}

/** The positions that change when a view of a group goes up or down by one. */
export function movedTo(group: readonly SavedView[], id: string, by: 1 | -1): Map<string, number> {
  const order = group.map((view) => view.id);
  const at = order.indexOf(id);
  const to = at + by;
  if (at < 0 || to < 0 || to >= order.length) return new Map();
  order.splice(at, 1);
  order.splice(to, 0, id);
  return new Map(order.map((one, position): [string, number] => [one, position]).filter(([one, position]) => group.find((view) => view.id === one)?.position !== position));
}
