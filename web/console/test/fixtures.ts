import type { Change, Conversation, Message } from "@patchbay/client/types";

/** A time so many minutes after a Saturday noon. */
export const at = (minutes: number) => new Date(Date.UTC(2026, 10, 21, 12) + minutes * 60_000).toISOString();

export function message(id: string, over: Partial<Message> = {}): Message {
  return { id, client_msg_id: `c-${id}`, conversation_id: "cnv_1", kind: "text", sender: { kind: "contact", id: "con_1", name: "Li" }, text: id, created_at: at(0), ...over };
}

export function change(seq: number, over: Partial<Change> = {}): Change {
  return { id: `chg_${seq}`, conversation_id: "cnv_1", seq, type: "message.created", at: at(0), actor: { kind: "contact", id: "con_1" }, ...over };
}

export function conversation(id: string, over: Partial<Conversation> = {}): Conversation {
  return {
    id, inbox_id: "inb_1", contact: { id: "con_1", name: "Li" }, state: "open", responder: "agent", assignee_id: "mem_1",
    last_seq: 1, last_public_seq: 1, last_inbound_seq: 1, contact_read_seq: 0, created_at: at(0), updated_at: at(0), unread: false, number: 1, labels: [], attributes: {}, participants: [], ...over,
  };
}
