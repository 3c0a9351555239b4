import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useQuery } from "@tanstack/vue-query";
import { useWorkspace } from "@/session/workspace";
import { keys } from "./keys";

/** What the people of a workspace share is small and seldom changes: fetched whole, patched by events. */
export function useLabels() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.labels(id), queryFn: () => api.catalog.labels(), enabled: may("catalog.read") });
}

export function useAttributes() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.attributes(id), queryFn: () => api.catalog.attributes(), enabled: may("catalog.read") });
}

export function useCanned() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.canned(id), queryFn: () => api.catalog.canned(), enabled: may("catalog.read") });
}

export function useTeams() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.teams(id), queryFn: () => api.catalog.teams(), enabled: may("team.read") });
}

export function useQueues() {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.queues(id), queryFn: () => api.queues.queues(), enabled: may("team.read") });
}

export function useSkills(wanted: () => boolean = () => true) {
  const { api, id, may } = useWorkspace();
  return useQuery({ queryKey: keys.skills(id), queryFn: () => api.queues.skills(), enabled: computed(() => may("team.read") && wanted()) });
}

/** What is to be sent later in a conversation, by its time. */
export function useScheduled(conversation: MaybeRefOrGetter<string>) {
  const { api, id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => keys.scheduled(id, toValue(conversation))),
    queryFn: async ({ queryKey }) => (await api.desk.scheduled(queryKey[2])).sort((a, b) => Date.parse(a.send_at) - Date.parse(b.send_at)),
  });
}

/** Who wrote in a group lately, while it is wanted. */
export function useGroupMembers(conversation: MaybeRefOrGetter<string>, wanted: MaybeRefOrGetter<boolean>) {
  const { api, id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => keys.groupMembers(id, toValue(conversation))),
    queryFn: async ({ queryKey }) => (await api.desk.groupMembers(queryKey[2])).flatMap(({ id: member, name }) => (name ? [{ id: member, name }] : [])),
    enabled: computed(() => toValue(wanted)),
    staleTime: 15_000,
  });
}

/** What was whispered in a conversation, in the order in which it was written. The live connection adds to it. */
export function useWhispers(conversation: MaybeRefOrGetter<string>) {
  const { api, id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => keys.whispers(id, toValue(conversation))),
    queryFn: async ({ queryKey }) => (await api.desk.whispers(queryKey[2])).reverse(),
  });
}

/** The way of one message; asked anew each time it is opened. */
export function useDelivery(conversation: MaybeRefOrGetter<string>, message: MaybeRefOrGetter<string>) {
  const { api, id } = useWorkspace();
  return useQuery({
    queryKey: computed(() => keys.delivery(id, toValue(message))),
    queryFn: ({ queryKey }) => api.desk.delivery(toValue(conversation), queryKey[2]),
    staleTime: 0,
  });
}
