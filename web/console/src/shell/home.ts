import type { RouteLocationRaw } from "vue-router";
import type { Permission } from "@/session/workspace";

/** Where a day begins, by what somebody may see: the work first, then what the administrators watch over. */
const beginnings: readonly (readonly [Permission, RouteLocationRaw])[] = [
  ["conversation.read", { name: "conversations", params: { view: "mine" } }],
  ["ticket.read", { name: "tickets" }],
  ["contact.read", { name: "contacts" }],
  ["workspace.manage", { name: "workspace" }],
  ["audit.read", { name: "audit" }],
  ["member.manage", { name: "members" }],
  ["inbox.read", { name: "inboxes" }],
  ["member.read", { name: "members" }],
];

/** The first page that these permissions allow; everybody has a profile. */
export function home(permissions: readonly string[]): RouteLocationRaw {
  return beginnings.find(([permission]) => permissions.includes(permission))?.[1] ?? { name: "profile" };
}
