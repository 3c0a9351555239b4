import type { Member, PresenceEntry, PresenceStatus } from "@patchbay/client/types";

/** A member as the assign menu shows them. */
export interface Assignee {
  id: string;
  name: string;
  status: PresenceStatus;
  /** Why away, as it was said. */
  reason?: string;
  /** Open work of capacity, "2/5"; empty when unknown. */
  load: string;
}

const rank: Record<PresenceStatus, number> = { available: 0, away: 1, offline: 2 };

/** Colleagues in the order to choose from: oneself first, then those who are there, by name. */
export function assignees(members: readonly Member[], presence: ReadonlyMap<string, PresenceEntry>, self: string): Assignee[] {
  return members
    .map(({ id, name }) => {
      const entry = presence.get(id);
      return { id, name, status: entry?.status ?? "offline", reason: entry?.reason, load: entry ? `${entry.open}/${entry.capacity}` : "" };
    })
    .sort((a, b) => Number(b.id === self) - Number(a.id === self) || rank[a.status] - rank[b.status] || a.name.localeCompare(b.name));
}
