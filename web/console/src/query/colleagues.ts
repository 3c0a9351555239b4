import { computed, type ComputedRef } from "vue";
import type { Member } from "@patchbay/client/types";
import type { Permission } from "@/session/workspace";
import { useMembers } from "./queries";
import { useRoles } from "./roles";

/**
 * The members to whom something can be given: those whose role lets them see it. Nobody is left out
 * for a role that is not known (yet).
 */
export function useColleagues(toSee: Permission): ComputedRef<Member[]> {
  const { data: members } = useMembers();
  const { known } = useRoles();
  return computed(() => (members.value ?? []).filter((one) => !one.suspended && (known.value.get(one.role)?.permissions.includes(toSee) ?? true)));
}
