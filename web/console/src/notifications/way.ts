import { useRouter, type RouteLocationRaw } from "vue-router";
import type { AppNotification } from "@patchbay/client/types";

/** Where a notification leads: to the message in its conversation, to the comment on its ticket, to what came to an end, to the plugin, to the account, or to the wall. */
export function useWay(): (notification: AppNotification) => RouteLocationRaw | undefined {
  const router = useRouter();
  return ({ conversation_id, ticket, seq, import: imported, plugin, account, alert }) => {
    if (ticket) return { name: "ticket", params: { id: ticket.id }, query: seq ? { at: String(seq) } : {} };
    if (conversation_id) return { name: "conversations", params: { view: "all", id: conversation_id }, query: seq ? { at: String(seq) } : {} };
    if (alert) return { name: "wall", query: alert.member_id ? { agent: alert.member_id } : { queue: alert.queue_id ?? "none" } };
    if (account) return account.id.startsWith("inb_") ? { name: "inbox", params: { inbox: account.id } } : { name: "connection", params: { connection: account.id } };
    if (plugin) {
      const [publisher, slug] = plugin.id.split("/");
      return router.hasRoute("plugin") ? { name: "plugin", params: { publisher, slug } } : undefined;
    }
    if (!imported) return undefined;
    if (router.hasRoute("import")) return { name: "import", params: { id: imported.id } };
    return router.hasRoute("contacts") ? { name: "contacts" } : undefined;
  };
}
