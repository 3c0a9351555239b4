import { ref, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { useSubmit, type Submit } from "@/auth/useSubmit";
import { useWorkspace } from "@/session/workspace";
import { notifyDone, notifyFailed } from "@/ui/notices";

/** One kind of thing that the people of a workspace keep a list of. */
export interface Kind<T> {
  name: "labels" | "attributes" | "canned" | "teams";
  list: () => Promise<T[]>;
  save: (item: Partial<T>) => Promise<T>;
  /** Query keys, after the workspace, of what shows these things elsewhere. */
  elsewhere?: string[];
}

/** A list of one kind, what is being edited, and what is about to go. */
export interface Catalog<T> {
  items: Ref<T[] | undefined>;
  error: Ref<Error | null>;
  refetch: () => Promise<unknown>;
  editing: Ref<Partial<T> | undefined>;
  removing: Ref<T | undefined>;
  form: Submit;
  remove: () => Promise<void>;
}

export function useCatalog<T extends { id: string }>(kind: Kind<T>): Catalog<T> {
  const { t } = useI18n();
  const { api, id } = useWorkspace();
  const client = useQueryClient();
  const { data: items, error, refetch } = useQuery({ queryKey: [id, kind.name], queryFn: kind.list });

  const editing = ref<Partial<T>>() as Ref<Partial<T> | undefined>;
  const removing = ref<T>() as Ref<T | undefined>;
  const refresh = () => Promise.all([kind.name, ...(kind.elsewhere ?? [])].map((name) => client.invalidateQueries({ queryKey: [id, name] })));

  const form = useSubmit(async () => {
    if (!editing.value) return;
    await kind.save(editing.value);
    await refresh();
    editing.value = undefined;
    notifyDone(t("common.saved"));
  });

  async function remove(): Promise<void> {
    if (!removing.value) return;
    try {
      await api.catalog.remove(kind.name, removing.value.id);
      await refresh();
    } catch (failure) {
      notifyFailed(failure);
    } finally {
      removing.value = undefined;
    }
  }

  return { items, error, refetch, editing, removing, form, remove };
}
