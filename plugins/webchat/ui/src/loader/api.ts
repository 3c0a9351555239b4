import type { Command } from "../relay";

export type WidgetEvent = "ready" | "open" | "close" | "unread" | "message" | "error";

/** What a page may ask of its chat: `Patchbay("open")`, `Patchbay("identify", { jwt })`, `Patchbay("on", "unread", fn)`. */
export type Call = [command: "open" | "close" | "toggle" | "show" | "hide" | "on" | "off" | "start" | Command, ...rest: unknown[]];

/** window.Patchbay. Before the script is there, a page may queue its calls in `q`: see docs/widget/javascript-api.md. */
export interface PublicAPI {
  (...call: Call): void;
  /** Calls made before the script was there. */
  q?: ArrayLike<unknown>[];
  /** Whether a chat is on the page. */
  launched?: true;
}

declare global {
  interface Window {
    Patchbay?: PublicAPI;
  }
}
