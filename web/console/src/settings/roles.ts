import type { Role } from "@patchbay/client/types";

export const roles: readonly Role[] = ["owner", "administrator", "supervisor", "agent"];

/** Whether a member of one role may change one of another: owners everybody, administrators all but owners. */
export function mayChange(own: Role, other: Role): boolean {
  return own === "owner" || (own === "administrator" && other !== "owner");
}
