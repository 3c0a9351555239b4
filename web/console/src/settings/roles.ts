import type { Role } from "@patchbay/client/types";

/** The roles to choose from: those who do the work. */
export const roles: readonly Role[] = ["owner", "administrator", "supervisor", "agent"];

/** The roles that every workspace has: also three administrators who see no customers. */
const builtIn: readonly Role[] = [...roles, "system_administrator", "security_administrator", "auditor"];

/** The key of a role's name; those that a workspace made itself share one. */
export const roleKey = (role: Role): string => (builtIn.includes(role) ? `roles.${role}` : "roles.custom");

/** Whether a member of one role may change one of another: owners everybody, administrators all but owners. */
export function mayChange(own: Role, other: Role): boolean {
  return own === "owner" || (own === "administrator" && other !== "owner");
}
