import type { Capabilities, Conversation } from "@patchbay/client/types";
import type { Locale } from "@/i18n";
import { fullTime } from "@/i18n/format";

/** What a channel lets us write to a customer now. */
export interface Room {
  level: "plenty" | "scarce" | "used" | "closed";
  /** Messages left and of how many; undefined: any number. */
  left?: number;
  quota?: number;
  /** Milliseconds until what is open has closed. */
  ms: number;
  /** When the last one closed; undefined: none was ever open, or one is. */
  closedAt?: string;
  /** What opens one: words of the channel's. */
  opens: string[];
}

/** Time left below which it is said aloud, at most: a tenth of a long window. */
const SOON_MS = 3_600_000;

/** How much may still be written; undefined where the channel always takes messages. */
export function roomIn(conversation: Pick<Conversation, "windows">, capabilities: Pick<Capabilities, "windows"> | undefined, now: number): Room | undefined {
  const declared = capabilities?.windows ?? [];
  if (declared.length === 0) return undefined;
  const opens = declared.map(({ on }) => on);
  const windows = conversation.windows ?? [];
  const open = windows.filter((one) => Date.parse(one.expires_at) > now);
  if (open.length === 0) {
    const last = windows.map((one) => one.expires_at).sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
    return { level: "closed", ms: 0, opens, ...(last && { closedAt: last }) };
  }
  const usable = open.filter((one) => !one.quota || one.used < one.quota);
  const until = Math.max(...(usable.length > 0 ? usable : open).map((one) => Date.parse(one.expires_at)));
  const whole = Math.max(...declared.map(({ seconds }) => seconds * 1_000));
  const ms = until - now;
  const soon = ms < Math.min(SOON_MS, whole / 10);
  if (usable.some((one) => !one.quota)) return { level: soon ? "scarce" : "plenty", ms, opens };
  const quota = open.reduce((sum, one) => sum + (one.quota ?? 0), 0);
  const left = usable.reduce((sum, one) => sum + one.quota! - one.used, 0);
  if (left === 0) return { level: "used", left, quota, ms, opens };
  return { level: soon || left <= Math.max(1, quota / 5) ? "scarce" : "plenty", left, quota, ms, opens };
}

/** When it will be another level by itself: the next time at which a window closes. */
export function nextClose({ windows = [] }: Pick<Conversation, "windows">, now: number): number | undefined {
  return windows.map((one) => Date.parse(one.expires_at)).filter((at) => at > now).sort((a, b) => a - b)[0];
}

/** Why nothing can be written to the customer, and what opens it again; undefined while something can. */
export function whyShut({ level, closedAt, opens: words }: Room, locale: Locale, t: (key: string, values: Record<string, string>) => string): string | undefined {
  const opens = words.map((on) => (on === "message" ? t("room.writes", {}) : t("room.does", { what: on }))).join(t("room.or", {}));
  if (level === "used") return t("room.used", { opens });
  if (level !== "closed") return undefined;
  return closedAt ? t("room.closed", { at: fullTime(closedAt, locale), opens }) : t("room.never", { opens });
}
