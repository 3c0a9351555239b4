import type { OutboxEntry, OutboxStorage, VisitorMessage } from "@patchbay/client/visitor";
import type { WidgetSettings } from "@patchbay/client/types";
import type { Look } from "../relay";
import type { Host } from "./host";
import { lookOf } from "./theme";

const OUTBOX = "out.";

/** Of what is kept, what belongs to one visitor alone. */
const OWN = ["token", "draft", "seen", "answered", "live", "views", "told", "consent"];

/** What the chat remembers over a reload, in the page around it, for all its tabs. */
export interface Memory {
  readonly token?: string;
  /** Who the site said the session is, when it vouched for somebody. */
  readonly subject?: string;
  readonly draft: string;
  /** The last change of the session's conversation that was on the screen. */
  readonly seen: number;
  /** How the chat was dressed the last time. */
  readonly look: Look;
  /** Whether the questions before the chat have been answered in this session. */
  readonly answered: boolean;
  /** A language the visitor chose. */
  readonly language?: string;
  keepToken(token: string, subject: string | undefined): void;
  keepDraft(text: string): void;
  keepSeen(seq: number): void;
  keepAnswered(): void;
  keepLanguage(tag: string): void;
  /** Another session begins: nothing of the one before holds. */
  begin(): void;
  /** Another visitor may come: nothing of this one stays. `elsewhere`: another tab saw to what is kept; its session is the one. */
  forget(elsewhere: boolean): void;
  outbox: OutboxStorage<VisitorMessage>;
}

export function memoryOf(host: Pick<Host, "store" | "put">): Memory {
  const { store } = host;
  const keep = (key: string, value: string | undefined) => {
    if (store[key] === value) return;
    if (value === undefined) delete store[key];
    else store[key] = value;
    host.put(key, value ?? null);
  };
  /** Token and subject, kept as one: another tab must never see one of them without the other. */
  const session = (): [token?: string, subject?: string] => {
    const [, token, subject] = /^([\w.-]{1,200})(?:\|([^]*))?$/.exec(store["token"] ?? "") ?? [];
    return [token, subject];
  };
  const memory: Memory = {
    get token() {
      return session()[0];
    },
    get subject() {
      return session()[1];
    },
    get draft() {
      return store["draft"] ?? "";
    },
    get seen() {
      return Number(store["seen"]) || 0;
    },
    get answered() {
      return store["answered"] === "1";
    },
    get language() {
      return /^[A-Za-z-]{2,35}$/.test(store["language"] ?? "") ? store["language"] : undefined;
    },
    get look() {
      return lookOf(parse<WidgetSettings>(store["look"]) ?? {});
    },
    keepToken: (token, subject) => keep("token", subject === undefined ? token : `${token}|${subject}`),
    keepDraft: (text) => keep("draft", text || undefined),
    keepSeen(seq) {
      if (seq !== memory.seen) keep("seen", String(seq));
    },
    keepAnswered: () => keep("answered", "1"),
    keepLanguage: (tag) => keep("language", tag),
    begin() {
      keep("seen", undefined);
      keep("answered", undefined);
    },
    forget(elsewhere) {
      for (const key of Object.keys(store)) {
        if (!OWN.includes(key) && !key.startsWith(OUTBOX)) continue;
        if (!elsewhere) keep(key, undefined);
        else if (key !== "token") delete store[key];
      }
    },
    outbox: {
      load: () => Object.entries(store).flatMap(([key, value]) => (key.startsWith(OUTBOX) ? entryOf(value) : [])),
      put: (entry) => keep(OUTBOX + entry.item.client_msg_id, JSON.stringify(entry)),
      remove: (id) => keep(OUTBOX + id, undefined),
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
