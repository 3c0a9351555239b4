import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useQueries } from "@tanstack/vue-query";
import type { RecordObject } from "@patchbay/client/api";
import { locale } from "@/i18n";
import { useWorkspace } from "@/session/workspace";

/** The kinds of records of connected systems: names of fields, and what each takes. They seldom change. */
export function useObjects(connections: MaybeRefOrGetter<readonly string[]>) {
  const { api, id } = useWorkspace();
  const ids = computed(() => toValue(connections));
  const results = useQueries({
    queries: computed(() => ids.value.map((connection) => ({ queryKey: [id, "record-objects", connection, locale.value] as const, queryFn: () => api.panels.objects(connection, locale.value) }))),
  });
  const of = (connection: string): RecordObject[] => results.value[ids.value.indexOf(connection)]?.data ?? [];
  return {
    typeOf: (connection: string, object: string) => of(connection).find((one) => one.name === object),
    /** Those that can be made. */
    makes: (connection: string) => of(connection).filter((one) => one.upsert && one.fields.some((field) => field.writable)),
    searches: (connection: string) => of(connection).filter((one) => one.search),
  };
}
