import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { ExtensionsApi } from "@patchbay/client/api";
import { api } from "@/api";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

/** How a process fares is no event: it is asked for as long as somebody looks, in milliseconds. */
const LOOK_MS = 5_000;

export function useExtensions(): ExtensionsApi {
  return new ExtensionsApi(api, useWorkspace().id);
}

export function usePluginList() {
  const { id } = useWorkspace();
  const extensions = useExtensions();
  return useQuery({ queryKey: keys.plugins(id), queryFn: () => extensions.list(), refetchInterval: LOOK_MS });
}

export function useConnections(enabled: MaybeRefOrGetter<boolean> = true) {
  const { id } = useWorkspace();
  const extensions = useExtensions();
  return useQuery({ queryKey: keys.connections(id), queryFn: () => extensions.connections(), refetchInterval: LOOK_MS * 3, enabled: computed(() => toValue(enabled)) });
}

/** Everything that may look different after a change to a plugin or to what it is connected with. */
export function usePluginsChanged(): () => Promise<unknown> {
  const { id } = useWorkspace();
  const client = useQueryClient();
  return () => Promise.all([keys.plugins(id), keys.connections(id), keys.everyPanel(id)].map((queryKey) => client.invalidateQueries({ queryKey })));
}
