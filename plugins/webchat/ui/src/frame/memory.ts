import type { OutboxEntry, OutboxStorage, VisitorMessage } from "@patchbay/client/visitor";
import type { Host } from "./host";

const OUTBOX = "out.";

/** What the chat remembers over a reload, in the page around it. */
export interface Memory {
  token?: string;
  draft: string;
  /** The last change of the session's conversation that was on the screen. */
  seen: number;
  keepToken(token: string | undefined): void;
  keepDraft(text: string): void;
  keepSeen(seq: number): void;
  outbox: OutboxStorage<VisitorMessage>;
}

export function memoryOf(host: Pick<Host, "store" | "put">): Memory {
  const memory: Memory = {
    token: host.store["token"],
    draft: host.store["draft"] ?? "",
    seen: Number(host.store["seen"]) || 0,
    keepToken(token) {
      memory.token = token;
      host.put("token", token ?? null);
    },
    keepDraft(text) {
      memory.draft = text;
      host.put("draft", text || null);
    },
    keepSeen(seq) {
      if (seq === memory.seen) return;
      memory.seen = seq;
      host.put("seen", String(seq));
    },
    outbox: {
      load: () => Object.entries(host.store).flatMap(([key, value]) => (key.startsWith(OUTBOX) ? parse(value) : [])),
      put: (entry) => host.put(OUTBOX + entry.item.client_msg_id, JSON.stringify(entry)),
      remove: (id) => host.put(OUTBOX + id, null),
    },
  };
  return memory;
}

/** The page could have written anything: what is not an entry is dropped. */
function parse(value: string): OutboxEntry<VisitorMessage>[] {
  try {
    const { item, state, at, code, detail } = JSON.parse(value) as OutboxEntry<VisitorMessage>;
    const whole = typeof item.text === "string" && typeof item.client_msg_id === "string" && Number.isFinite(at);
    return whole ? [{ item: { client_msg_id: item.client_msg_id, text: item.text }, state, at, code, detail }] : [];
  } catch {
    return [];
  }
}
