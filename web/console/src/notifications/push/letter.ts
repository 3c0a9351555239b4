import type { AppNotification } from "@patchbay/client/types";
import type { Locale } from "@/i18n/locale";
import { wordsOf, type Tongue } from "../words";

/** What the server has a push service bring: core/push, Letter. */
export interface Letter {
  locale: string;
  workspace?: string;
  /** One with the same tag takes its place on the screen. */
  tag: string;
  /** In the console. */
  path: string;
  notification?: AppNotification;
  /** So many at once, instead of one. */
  more?: number;
  test?: boolean;
}

/** What a notification on the screen leads to. */
export interface Way {
  path: string;
  workspace?: string;
  /** Of the notification; absent: it is about several, or none. */
  id?: string;
}

/** What a window of the console is asked to open. */
export interface Opening extends Way {
  op: "open";
}

export interface Shown {
  title: string;
  options: { body: string; tag: string; icon: string; lang: string; data: Way };
}

export const icon = "/icon-192.png";

/** How a letter looks on the screen. */
export function shownOf(letter: Letter, tongue: Tongue): Shown {
  const { t } = tongue;
  const { notification, more, test, tag, path, workspace } = letter;
  let words = { title: t("notices.push.any"), text: "" };
  if (test) words = { title: t("notices.test.title"), text: t("notices.push.works") };
  else if (more) words = { title: t("notices.push.more", { count: more }), text: "" };
  else if (notification) words = wordsOf(notification, tongue);
  return { title: words.title, options: { body: words.text, tag, icon, lang: tongue.locale, data: { path, workspace, id: notification?.id } } };
}

/** The address of a way: the console opens the workspace that it names. */
export function addressOf({ path, workspace }: Way): string {
  if (!workspace) return path;
  return `${path}${path.includes("?") ? "&" : "?"}workspace=${encodeURIComponent(workspace)}`;
}

/** Whether an address of this origin is a page of the console: not the chat of customers, the demo, their links, or a plugin's page. */
export function isConsole(address: string): boolean {
  return !/^\/(w|demo|chat|t|r|x|docs|api|hooks)(\/|$)/.test(new URL(address).pathname);
}

type Tree = { [key: string]: string | Tree };

/** The texts of a language, for where vue-i18n is too much. */
export function tongueOf(locale: Locale, ...parts: Tree[]): Tongue {
  const find = (key: string): string | undefined => {
    for (const part of parts) {
      let at: string | Tree | undefined = part;
      for (const word of key.split(".")) at = typeof at === "object" ? at[word] : undefined;
      if (typeof at === "string") return at;
    }
    return undefined;
  };
  return {
    locale,
    has: (key) => find(key) !== undefined,
    t: (key, values = {}) => (find(key) ?? "").replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? "")),
  };
}
