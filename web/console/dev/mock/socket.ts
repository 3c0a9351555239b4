import type { WebSocket } from "ws";
import { agent } from "./answers.ts";
import { unread } from "./notices.ts";
import type { World } from "./world.ts";

interface Frame {
  op: string;
  feed?: number;
  epoch?: string;
  ref?: string;
  conversation_id?: string;
  client_msg_id?: string;
  kind?: "text" | "note";
  text?: string;
  [extra: string]: unknown;
}

/** One member's live connection. The customer answers every message after a while. */
export function serveMember(world: World, socket: WebSocket): void {
  const say = (frame: object) => socket.send(JSON.stringify(frame));
  let stop = () => {};
  socket.on("close", () => stop());
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data)) as Frame;
    if (frame.op === "hello") {
      const resume = frame.epoch === world.epoch;
      say({ op: "ready", epoch: world.epoch, feed: world.feed.length, member_id: world.self, heartbeat_ms: 10_000, lease_ms: 30_000, resync: !resume, notifications_unread: unread() });
      if (resume) world.feed.slice(frame.feed).forEach((event) => say({ op: "event", ...event }));
      say({ op: "presence", members: [...world.presence.values()] });
      stop = world.listen(say);
    }
    if (frame.op === "ping") say({ op: "pong" });
    if (frame.op === "look") look(frame.conversation_id!, say);
    if (frame.op === "send") send(world, frame, say);
  });
}

function send(world: World, frame: Frame, say: (frame: object) => void): void {
  const id = frame.conversation_id!;
  const row = world.conversations.get(id)!;
  if (frame.kind === "text" && row.state === "resolved") return say({ op: "error", ref: frame.ref, code: "conversation.resolved", detail: "The conversation is resolved." });
  const stored = world.post(id, agent(world), frame.kind!, frame.text!, frame.client_msg_id!, undefined, world.desk.extras(world, id, frame));
  setTimeout(() => say({ op: "ack", ref: frame.ref, ...stored }), 150);
  if (frame.kind === "note") return;
  if (stored.message.delivery) setTimeout(() => world.deliver(stored.message, frame.text!.includes("fail") ? "failed" : "sent", frame.text!.includes("fail") ? "the far side refuses the token" : undefined), 900);
  const customer = { kind: "contact" as const, id: row.contact.id, name: row.contact.name || undefined };
  setTimeout(() => world.broadcast({ op: "typing", conversation_id: id, actor: customer, on: true }), 1_200);
  setTimeout(() => world.post(id, customer, "text", frame.text!.match(/\p{Script=Han}/u) ? "好的，谢谢！" : "Thanks, that helps!", `r-${frame.client_msg_id}`), 3_500);
}

/** A colleague looks at the first conversation, and writes a note there. */
function look(id: string, say: (frame: object) => void): void {
  const others = id === "cnv_0" ? [{ member_id: "mem_3", name: "赵敏", typing: true, note: true }] : [];
  if (id) say({ op: "looking", conversation_id: id, members: [{ member_id: "mem_1", name: "Lin Wei 林薇", typing: false, note: false }, ...others] });
}
