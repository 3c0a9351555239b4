import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useQuery } from "@tanstack/vue-query";
import type { Panel, PanelSlot } from "@patchbay/client/api";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

/** What a panel is about, where it is about something. */
export interface PanelSubject {
  conversation_id?: string;
  ticket_id?: string;
}

/** Connections change seldom, and their events ask again; a plugin that was installed meanwhile has none. */
const STALE_MS = 5 * 60_000;

/** The panels of a place that this member may see. Which they are does not depend on what is open. Where an inbox may be new they are asked for again. */
export function usePanels(slot: PanelSlot, enabled: MaybeRefOrGetter<boolean> = true, staleTime = STALE_MS) {
  const { api, id } = useWorkspace();
  return useQuery({ queryKey: keys.panels(id, slot), queryFn: () => api.panels.list({ slot }), staleTime, enabled: computed(() => toValue(enabled)) });
}

/** One panel among those of all connections. */
export const panelKey = ({ connection, panel }: Panel) => `${connection}/${panel}`;
