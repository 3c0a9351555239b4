import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { TemplatesApi } from "@patchbay/client/api";
import { api } from "@/api";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";

export function useTemplates(): TemplatesApi {
  return new TemplatesApi(api, useWorkspace().id);
}

export function useTemplateList() {
  const { id } = useWorkspace();
  const templates = useTemplates();
  return useQuery({ queryKey: keys.templates(id), queryFn: () => templates.list(), staleTime: 0 });
}

/** After an application or a removal: what was made tells of itself. */
export function useTemplatesChanged(): () => Promise<unknown> {
  const { id } = useWorkspace();
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: keys.templates(id) });
}
