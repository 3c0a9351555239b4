import { inject, provide, type InjectionKey } from "vue";
import { WorkspaceApi } from "@patchbay/client/api";
import type { Membership } from "@patchbay/client/types";
import { api } from "@/api";

/** What a role may do; the server checks the same. */
export type Permission =
  | "workspace.read"
  | "workspace.manage"
  | "workspace.export"
  | "retention.manage"
  | "contact.erase"
  | "member.read"
  | "member.manage"
  | "role.read"
  | "role.manage"
  | "signin.manage"
  | "inbox.read"
  | "inbox.manage"
  | "plugin.read"
  | "plugin.manage"
  | "contact.read"
  | "contact.write"
  | "conversation.read"
  | "conversation.reply"
  | "conversation.assign"
  | "conversation.merge"
  | "conversation.supervise"
  | "catalog.read"
  | "catalog.manage"
  | "team.read"
  | "rating.read"
  | "rating.read_all"
  | "team.manage"
  | "contact.merge"
  | "contact.import"
  | "ticket.read"
  | "ticket.write"
  | "ticket.assign"
  | "ticket.merge"
  | "ticket.export"
  | "ticket.manage"
  | "audit.read"
  | "audit.export"
  | "retention.manage"
  | "apikey.own"
  | "webhook.read"
  | "webhook.manage"
  | "sandbox.manage"
  | "system.read";

/** The workspace the shell is in. A change of workspace or of rights makes a new one. */
export interface WorkspaceContext {
  api: WorkspaceApi;
  id: string;
  name: string;
  memberID: string;
  /** `name` of a role that the workspace made. */
  role: { id: Membership["role"]; name: string };
  may: (permission: Permission) => boolean;
}

const key: InjectionKey<WorkspaceContext> = Symbol("workspace");

export function provideWorkspace(membership: Membership): WorkspaceContext {
  const context: WorkspaceContext = {
    api: new WorkspaceApi(api, membership.workspace.id),
    id: membership.workspace.id,
    name: membership.workspace.name,
    memberID: membership.member_id,
    role: { id: membership.role, name: membership.role_name ?? "" },
    may: (permission) => membership.permissions.includes(permission),
  };
  provide(key, context);
  return context;
}

export function useWorkspace(): WorkspaceContext {
  const context = inject(key);
  if (!context) throw new Error("no workspace around this component");
  return context;
}
