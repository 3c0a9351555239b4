import type { OutboxEntry, OutboxStorage, VisitorMessage } from "@patchbay/client/visitor";
import type { WidgetSettings } from "@patchbay/client/types";
import type { Look } from "../relay";
import type { Host } from "./host";
import { lookOf } from "./theme";

const OUTBOX = "out.";

/** What the chat remembers over a reload, in the page around it. */
export interface Memory {
  token?: string;
  draft: string;
  /** The last change of the session's conversation that was on the screen. */
  seen: number;
  /** How the chat was dressed the last time. */
  look: Look;
  /** Whether the questions before the chat have been answered in this session. */
  answered: boolean;
  /** A language the visitor chose. */
  language?: string;
  keepToken(token: string | undefined): void;
  keepDraft(text: string): void;
  keepSeen(seq: number): void;
  keepAnswered(): void;
  keepLanguage(tag: string): void;
  /** Another session begins: nothing of the one before holds. */
  begin(): void;
  /** Another visitor may come: nothing of this one stays. */
  forget(): void;
  outbox: OutboxStorage<VisitorMessage>;
}

export function memoryOf(host: Pick<Host, "store" | "put">): Memory {
  const memory: Memory = {
    token: /^[\w.-]{1,200}$/.test(host.store["token"] ?? "") ? host.store["token"] : undefined,
    draft: host.store["draft"] ?? "",
    seen: Number(host.store["seen"]) || 0,
    answered: host.store["answered"] === "1",
    language: /^[A-Za-z-]{2,35}$/.test(host.store["language"] ?? "") ? host.store["language"] : undefined,
    look: lookOf(parse<WidgetSettings>(host.store["look"]) ?? {}),
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
    keepAnswered() {
      memory.answered = true;
      host.put("answered", "1");
    },
    keepLanguage(tag) {
      memory.language = tag;
      host.put("language", tag);
    },
    begin() {
      memory.keepSeen(0);
      memory.answered = false;
      host.put("answered", null);
    },
    forget() {
      memory.begin();
      memory.keepToken(undefined);
      memory.keepDraft("");
    },
    outbox: {
      load: () => Object.entries(host.store).flatMap(([key, value]) => (key.startsWith(OUTBOX) ? entryOf(value) : [])),
      put: (entry) => host.put(OUTBOX + entry.item.client_msg_id, JSON.stringify(entry)),
      remove: (id) => host.put(OUTBOX + id, null),
    },
  };
  return memory;
}

/** The page could have written anything: what is not an entry is dropped. */
function entryOf(value: string): OutboxEntry<VisitorMessage>[] {
  const { item, state, at, code, detail } = parse<Partial<OutboxEntry<VisitorMessage>>>(value) ?? {};
  if (typeof item?.text !== "string" || typeof item.client_msg_id !== "string" || !Number.isFinite(at)) return [];
  const { attachments, reply_to } = item;
  const more = { ...(Array.isArray(attachments) && { attachments }), ...(reply_to && typeof reply_to.id === "string" && { reply_to }) };
  return [{ item: { client_msg_id: item.client_msg_id, text: item.text, ...more }, state: state === "failed" ? state : "queued", at: at!, code, detail }];
}

function parse<T extends object>(value: string | undefined): T | undefined {
  try {
    return (JSON.parse(value ?? "") as T | null) ?? undefined;
  } catch {
    return undefined;
  }
}
