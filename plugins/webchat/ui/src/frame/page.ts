import { ApiError } from "@patchbay/client/visitor";
import type { PublicChange } from "@patchbay/client/types";
import { spoken } from "../locale";
import type { Command, Seen } from "../relay";
import type { Chat } from "./chat";
import type { Host } from "./host";
import type { Memory } from "./memory";
import { Proactive } from "./proactive";
import { answers, initialState } from "./state";

/** What the page around the chat asks for and hears, and which of its pages the visitor saw. */
export class PageSide {
  /** Words the page put into the composer. */
  words?: { text: string };
  /** Called when the page chooses a language. */
  onLanguage: (tag: string) => void = () => undefined;
  private told = 0;
  private heard = 0;
  private talking = false;
  private telling = false;
  private readonly proactive: Proactive;

  constructor(
    private readonly chat: Chat,
    private readonly host: Host,
    private readonly memory: Memory,
  ) {
    this.proactive = new Proactive(host, () => this.chat.state);
    this.heard = memory.seen;
  }

  /** What the visitor said to being followed over the site's pages; undefined while nobody asked. */
  get consent(): boolean | undefined {
    const kept = this.host.store["consent"];
    return kept === undefined ? undefined : kept === "1";
  }

  agree(yes: boolean): void {
    if (this.consent && !yes) void this.chat.withdrawConsent();
    this.host.store["consent"] = yes ? "1" : "0";
    this.host.put("consent", yes ? "1" : "0");
    void this.tellPages();
  }

  start(): void {
    this.host.onCall((command, argument) => this.carryOut(command, argument));
    this.chat.subscribe(() => this.follow());
    this.proactive.start();
    this.host.watch((open) => open && this.chat.start());
    if (this.memory.token) this.chat.start();
    else void this.chat.prepare();
  }

  private carryOut(command: Command, argument: unknown): void {
    const text = typeof argument === "string" ? argument : "";
    switch (command) {
      case "identify": {
        const jwt = (argument as { jwt?: unknown } | null)?.jwt;
        if (typeof jwt === "string") this.chat.identify(jwt);
        else this.host.event("error", { code: "identify", detail: "Call Patchbay('identify', { jwt: '...' })." });
        return;
      }
      case "logout":
        return this.chat.logout();
      case "setLocale":
        if (spoken(text)) {
          this.memory.keepLanguage(text);
          this.onLanguage(text);
        }
        return;
      case "track":
        return this.note(argument);
      case "consent":
        return this.agree(argument === true);
      case "message":
        this.words = { text };
        this.chat.touch();
        return this.host.open();
    }
  }

  /** A page of an app that changes its address without loading. */
  private note(argument: unknown): void {
    const { url, title } = (argument ?? {}) as { url?: unknown; title?: unknown };
    if (typeof url !== "string" || !/^https?:/.test(url)) return this.host.event("error", { code: "track", detail: "Call Patchbay('track', { url, title })." });
    const seen: Seen = { url, title: typeof title === "string" ? title : "", referrer: this.host.page.url, at: Date.now(), stay: 0 };
    this.host.page = { ...this.host.page, url: seen.url, title: seen.title, referrer: seen.referrer };
    this.host.store["views"] = JSON.stringify([...this.seen(), seen].slice(-20));
    void this.tellPages();
  }

  private follow(): void {
    const { changes, phase, synced, settings } = this.chat.state;
    this.mark("live", changes.length > 0);
    this.mark("pages", settings.page_views === "on" || (settings.page_views === "consent" && this.consent === true));
    if (changes.length === 0 && this.talking) this.heard = 0; // another session's begin at 1
    this.talking = changes.length > 0;
    for (const change of changes) if (change.seq > this.heard) this.hear(change, synced);
    if (phase === "live") void this.tellPages();
  }

  private hear({ seq, type, message, at }: PublicChange, synced: boolean): void {
    this.heard = seq;
    if (synced && type === "message" && message && answers(message.sender.kind)) this.host.event("message", { text: message.text, name: message.sender.name, at });
  }

  /** Tells the loader of the next page what to do there without being asked. */
  private mark(key: "live" | "pages", on: boolean): void {
    if ((this.host.store[key] === "1") === on || this.chat.state.settings === initialState.settings) return;
    if (on) this.host.store[key] = "1";
    else delete this.host.store[key];
    this.host.put(key, on ? "1" : null);
  }

  private seen(): Seen[] {
    try {
      const list = JSON.parse(this.host.store["views"] ?? "[]") as unknown;
      return Array.isArray(list) ? (list as Seen[]).filter((one) => typeof one?.url === "string" && Number.isFinite(one.at)) : [];
    } catch {
      return [];
    }
  }

  /** Tells which pages were seen, each once; what does not get through is told the next time. */
  private async tellPages(): Promise<void> {
    const from = Number(this.host.store["told"]) || this.told;
    const fresh = this.seen().filter(({ at }) => at > from);
    if (this.telling || fresh.length === 0) return;
    this.telling = true;
    const views = fresh.map(({ url, title, referrer, at, stay }) => ({ url: url.slice(0, 2000), title: title.slice(0, 500), referrer: referrer.slice(0, 2000), at: new Date(at).toISOString(), duration_s: Math.round(stay) }));
    try {
      if (await this.chat.tellPages(views, this.consent === true)) {
        this.told = fresh.at(-1)!.at;
        this.host.store["told"] = String(this.told);
        this.host.put("told", String(this.told));
      }
    } catch (error) {
      if (error instanceof ApiError && !error.transient) this.told = fresh.at(-1)!.at; // refused for good: not again
    } finally {
      this.telling = false;
    }
  }
}
