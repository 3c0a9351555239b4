/** What window.patchbay can do. Every promise fails with an Error that has a `code`. */
export interface Patchbay {
  /** Where the page stands. */
  context(): Promise<PatchbayContext>;
  /** Asks the plugin (CallPanel): a JSON value there and back, at most 256 KiB each. */
  call<T = unknown>(method: string, params?: unknown): Promise<T>;
  /** Pixels, 40 to 4000. Not needed: the frame follows its content, unless <html data-no-resize>. */
  resize(height: number): Promise<null>;
  /** Into the composer; fails with "not_here" where there is none. At most 4000 characters. */
  insertText(text: string): Promise<null>;
  /** Opens it in the console; only just after somebody pressed something in the page. */
  openSubject(kind: "conversation" | "ticket" | "contact", id: string): Promise<null>;
  /** A short notice, at most 200 characters, one in three seconds. */
  toast(text: string, failed?: boolean): Promise<null>;
  /** Returns how to stop listening. Colours and language of the page are changed without it. */
  on(event: "theme", listener: (theme: Pick<PatchbayContext, "theme" | "tokens">) => void): () => void;
  on(event: "locale", listener: (data: { locale: string }) => void): () => void;
  on(event: "subject", listener: (data: Pick<PatchbayContext, "conversation_id" | "ticket_id" | "contact_id">) => void): () => void;
}

export interface PatchbayContext {
  connection: string;
  panel: string;
  slot: "settings.page" | "conversation.sidebar" | "ticket.sidebar" | "composer.action" | "report.page" | "navigation";
  conversation_id?: string;
  ticket_id?: string;
  contact_id?: string;
  /** BCP 47, of the member. */
  locale: string;
  theme: "light" | "dark";
  /** The console's colours and fonts; they are on the page as CSS variables already: textSoft is --text-soft. */
  tokens: Record<string, string>;
}

declare global {
  interface Window {
    readonly patchbay: Patchbay;
  }
}
