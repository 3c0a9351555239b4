import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { useQuery } from "@tanstack/vue-query";
import { AccessApi, type RoleDefinition } from "@patchbay/client/api";
import type { Role } from "@patchbay/client/types";
import { api } from "@/api";
import { useWorkspace } from "@/session/workspace";
import { keys } from "./keys";

/** The roles of the workspace, what they are called, and which of them this member may give to others. */
export function useRoles() {
  const { t, te } = useI18n();
  const { id, may } = useWorkspace();
  const access = new AccessApi(api, id);
  const query = useQuery({ queryKey: keys.roles(id), queryFn: () => access.roles(), enabled: may("role.read") });
  const known = computed(() => new Map((query.data.value ?? []).map((role) => [role.id, role])));

  /** A built-in role is named in the reader's language; one of the workspace as its maker wrote. */
  function nameOf(role: Role): string {
    return te(`roles.${role}`, "en") ? t(`roles.${role}`) : (known.value.get(role)?.name ?? t("roles.custom"));
  }

  const mayGive = (role: Role): boolean => known.value.get(role)?.may_give ?? false;

  /** Those that may be given, and the one that somebody has already. */
  function choices(current?: Role): { value: Role; label: string }[] {
    return (query.data.value ?? []).filter((role) => role.may_give || role.id === current).map((role) => ({ value: role.id, label: nameOf(role.id) }));
  }

  /** What a role is for, in a line. */
  function hintOf(role: RoleDefinition | undefined): string | undefined {
    if (!role) return undefined;
    return te(`roleHints.${role.id}`, "en") ? t(`roleHints.${role.id}`) : role.description || undefined;
  }

  return { ...query, access, known, nameOf, mayGive, choices, hintOf };
}
