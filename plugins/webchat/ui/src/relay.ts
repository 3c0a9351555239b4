/**
 * What the loader (on the customer's page) and the frame (on ours) say to each other with
 * postMessage. The frame may be embedded by a page we do not know and the page may hold frames we
 * do not know, so both sides check origin and source of every message before they read it.
 */

/** Marks our messages; the number changes when their meaning does. */
export const CHANNEL = "patchbay/1";

/** The page the visitor looks at. */
export interface Page {
  url: string;
  title: string;
  referrer: string;
  /** Language tag of the page, or of the browser when the page names none. */
  locale: string;
}

/** How the inbox's settings dress the launcher. */
export interface Look {
  /** #rrggbb */
  color?: string;
  position?: string;
  /** A language tag, when the inbox speaks one language to everybody. */
  locale?: string;
  /** Words on the launcher. */
  text?: string;
  /** Instead of what the visitor's system prefers. */
  dark?: "light" | "dark";
  /** Of the corners, in pixels. */
  radius?: number;
  /** What the launcher says, in the language of the chat. */
  words?: Partial<Record<"region" | "open" | "close" | "unread", string>>;
}

/** A page the visitor looked at, as the loader notes it. */
export interface Seen {
  url: string;
  title: string;
  referrer: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Seconds. */
  stay: number;
}

/** Commands of the page that the frame carries out. */
export type Command = "identify" | "logout" | "setLocale" | "track" | "consent" | "message";

export type ToFrame =
  /** Answer to `ready`. `whole`: the chat is all there is on the page. `store` holds everything the frame ever put and did not remove. */
  | { type: "init"; page: Page; store: Record<string, string>; open: boolean; focus: boolean; whole: boolean }
  /** The page asks for something by its `Patchbay(command, argument)`. */
  | { type: "call"; command: Command; argument?: unknown }
  /** How far down the page was read, in per cent; only while rules wait for it. */
  | { type: "scrolled"; percent: number }
  /** Another tab of the page changed what is kept; null took it away. */
  | { type: "kept"; key: string; value: string | null }
  | { type: "shown"; focus: boolean }
  | { type: "hidden" };

export type ToPage =
  | { type: "ready" }
  /**
   * Keep a value in the page's storage (browsers block a third-party frame's own); null removes it.
   * The loader itself reads two of them: `look` (a Look as JSON) and `unread` (a number).
   */
  | { type: "put"; key: string; value: string | null }
  | { type: "close" }
  | { type: "open" }
  /** For those who listen on the page. */
  | { type: "event"; event: "message" | "error"; detail: unknown }
  /** The chat speaks first: words beside the launcher; empty takes them away. */
  | { type: "nudge"; text: string };

export type Sealed<T> = T & { channel: typeof CHANNEL };

export const seal = <T extends object>(message: T): Sealed<T> => ({ ...message, channel: CHANNEL });

/**
 * The message in `event`, if it comes from exactly this window of exactly this origin and is ours.
 * The sender's type claims are not checked here: the reader checks what it uses.
 */
export function trusted<T extends { type: string }>(
  event: Pick<MessageEvent, "origin" | "source" | "data">,
  source: unknown,
  origin: string,
): T | undefined {
  if (!source || event.source !== source || event.origin !== origin) return undefined;
  const data = event.data as Sealed<T> | null;
  return data?.channel === CHANNEL ? data : undefined;
}
