import type { ProactiveRule } from "@patchbay/client/types";
import { textFor } from "../locale";
import type { Host } from "./host";
import type { ChatState } from "./state";

/** What is known of the page when rules are weighed. */
export interface Moment {
  /** Of the page, without host, query or fragment. */
  path: string;
  locale: string;
  /** Whether the visitor has been here before. */
  returning: boolean;
  seconds: number;
  /** How far the page was scrolled, in per cent. */
  scrolled: number;
  available: boolean;
}

/** Whether all conditions of a rule hold. A rule without conditions never does. */
export function holds({ when, agents_online }: ProactiveRule, now: Moment): boolean {
  if (agents_online !== false && !now.available) return false;
  const checks = [
    when.path_contains === undefined || now.path.includes(when.path_contains),
    when.path_is === undefined || now.path === when.path_is,
    when.seconds_on_page === undefined || now.seconds >= when.seconds_on_page,
    when.scroll_percent === undefined || now.scrolled >= when.scroll_percent,
    when.returning === undefined || now.returning === when.returning,
    when.locale === undefined || now.locale.toLowerCase().startsWith(when.locale.toLowerCase()),
  ];
  return Object.keys(when).length > 0 && checks.every(Boolean);
}

/** Lets the chat speak first, by the inbox's rules, to visitors who have not spoken. */
export class Proactive {
  private readonly began = Date.now();
  private readonly returning: boolean;
  private scrolled = 0;
  private timer?: ReturnType<typeof setInterval>;
  private open = false;

  constructor(
    private readonly host: Host,
    private readonly state: () => ChatState,
  ) {
    this.returning = host.store["been"] === "1";
    host.put("been", "1");
  }

  start(): void {
    if (!this.host.embedded) return;
    this.host.onScroll((percent) => (this.scrolled = Math.max(this.scrolled, percent)));
    this.host.watch((open) => (this.open = open));
    this.timer = setInterval(() => this.weigh(), 1000);
  }

  private weigh(): void {
    const { settings, changes, unsent, available } = this.state();
    if (this.open || changes.length > 0 || unsent.length > 0) return this.stop();
    const rules = (settings.proactive ?? []).filter((rule) => this.host.store[key(rule)] === undefined);
    const rule = rules.find((one) => holds(one, { ...this.moment(), available: available !== false }));
    if (!rule) return;
    this.host.store[key(rule)] = "1";
    if (rule.once === "ever") this.host.put(key(rule), "1");
    this.host.nudge(textFor(rule.message, this.host.page.locale, settings.languages?.default));
    this.stop();
  }

  private stop(): void {
    clearInterval(this.timer);
  }

  private moment(): Omit<Moment, "available"> {
    const { url, locale } = this.host.page;
    const path = URL.canParse(url) ? new URL(url).pathname : "";
    return { path, locale, returning: this.returning, seconds: (Date.now() - this.began) / 1000, scrolled: this.scrolled };
  }
}

const key = (rule: ProactiveRule): string => `rule.${rule.id}`;
