import type { Conversation, Inbox, Message } from "@patchbay/client/types";
import type { Permission } from "@/session/workspace";

export type Act = "edit" | "recall";

/** What acts on messages depend on. */
export interface ActWorld {
  conversation: Conversation;
  inbox?: Inbox;
  me: string;
  may: (permission: Permission) => boolean;
}

const LEFT: readonly Message["delivery"][] = ["sent", "delivered", "read"];

/** Whether an act on a message is offered. The server decides; what it would refuse for sure is not shown. */
export function actable(message: Message, act: Act, { conversation, inbox, me, may }: ActWorld): boolean {
  const { sender } = message;
  const own = sender.kind === "agent" && sender.id === me;
  if (!may("conversation.reply") || conversation.merged_into || message.recalled_at || message.elsewhere || sender.kind === "contact") return false;
  if (message.kind === "note") return own;
  if (act === "edit" && message.template) return false;
  if (!own && (act === "edit" || !may("team.manage"))) return false;
  if (message.changing?.act === "recall" && message.changing.state !== "failed") return false;
  if (!inbox || inbox.live) return Boolean(inbox);
  const seconds = act === "edit" ? inbox.capabilities.edit_seconds : inbox.capabilities.recall_seconds;
  return inbox.capabilities.can.includes(act) && LEFT.includes(message.delivery) && (!seconds || Date.now() - Date.parse(message.created_at) < seconds * 1000);
}
