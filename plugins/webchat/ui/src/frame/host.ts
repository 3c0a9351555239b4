import { seal, trusted, type Command, type Look, type Page, type ToFrame, type ToPage } from "../relay";

/** What the chat needs from the page around it. */
export interface Host {
  page: Page;
  /** The embedding page's origin as the browser vouches for it; "null" when it is unknown. */
  origin: string;
  /** Whether a launcher is around us that can close the chat. */
  embedded: boolean;
  /** Strings that outlive this frame, as all tabs of the page share them. */
  store: Record<string, string>;
  /** Calls back when another tab changed one of them. */
  onKept(callback: (key: string) => void): void;
  put(key: string, value: string | null): void;
  unread(count: number): void;
  /** Dresses the launcher. */
  look(look: Look): void;
  close(): void;
  /** Opens the chat, without taking the focus. */
  open(): void;
  /** Tells those who listen on the page. */
  event(event: "message" | "error", detail: unknown): void;
  /** Words beside the launcher; empty takes them away. */
  nudge(text: string): void;
  /** Calls back on each command of the page, also on those that came before. */
  onCall(callback: (command: Command, argument: unknown) => void): void;
  /** Calls back when the page is scrolled: per cent of it that have been seen. */
  onScroll(callback: (percent: number) => void): void;
  /** Calls back when the chat is shown or hidden, at once with how it is now. */
  watch(callback: (open: boolean, focus: boolean) => void): void;
}

/** The window's parts that matter here, so that a test can stand in. */
export interface HostWindow {
  parent: { postMessage(message: unknown, target: string): void };
  location: { hash: string; origin: string; href: string; ancestorOrigins?: { 0?: string; length: number } };
  document: { referrer: string; title: string };
  navigator: { language: string };
  localStorage: Storage;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "storage", listener: (event: StorageEvent) => void): void;
}

/** Meets the loader around us, or finds that there is none: the frame also works as a page of its own. */
export function meetHost(win: HostWindow, alone: boolean): Promise<Host> {
  const origin = embedder(win);
  return alone || !origin ? Promise.resolve(standalone(win, alone)) : embedded(win, origin);
}

/**
 * The origin of the page around us. The loader names it in our fragment; a browser that knows it
 * must agree. A liar gains nothing: messages are sent to, and taken from, that origin alone.
 */
function embedder({ location }: HostWindow): string | undefined {
  try {
    const named = new URL(decodeURIComponent(location.hash.slice(1))).origin;
    const known = location.ancestorOrigins?.[0] ?? named;
    return /^https?:/.test(named) && named === known ? named : undefined;
  } catch {
    return undefined;
  }
}

function embedded(win: HostWindow, origin: string): Promise<Host> {
  const tell = (message: ToPage) => win.parent.postMessage(seal(message), origin);
  const watchers: ((open: boolean, focus: boolean) => void)[] = [];
  const early: [Command, unknown][] = [];
  let called: (command: Command, argument: unknown) => void = (...call) => early.push(call);
  let scrolled: (percent: number) => void = () => undefined;
  let kept: (key: string) => void = () => undefined;
  const store: Record<string, string> = {};
  let now: [boolean, boolean] = [false, false];
  const turn = (open: boolean, focus: boolean) => {
    now = [open, focus];
    for (const watcher of watchers) watcher(open, focus);
  };
  return new Promise((resolve) => {
    win.addEventListener("message", (event) => {
      const message = trusted<ToFrame>(event, win.parent, origin);
      if (message?.type === "shown") turn(true, message.focus);
      if (message?.type === "hidden") turn(false, false);
      if (message?.type === "call") called(message.command, message.argument);
      if (message?.type === "scrolled") scrolled(message.percent);
      if (message?.type === "kept") {
        keep(store, message.key, message.value);
        kept(message.key);
      }
      if (message?.type !== "init") return;
      turn(message.open, message.focus);
      resolve({
        page: message.page,
        origin,
        embedded: !message.whole,
        store: Object.assign(store, message.store),
        onKept: (callback) => void (kept = callback),
        put(key, value) {
          keep(store, key, value);
          tell({ type: "put", key, value });
        },
        unread: (count) => tell({ type: "put", key: "unread", value: String(count) }),
        look: (look) => tell({ type: "put", key: "look", value: JSON.stringify(look) }),
        close: () => tell({ type: "close" }),
        open: () => tell({ type: "open" }),
        event: (event, detail) => tell({ type: "event", event, detail }),
        nudge: (text) => tell({ type: "nudge", text }),
        onCall(callback) {
          called = callback;
          for (const call of early.splice(0)) callback(...call);
        },
        onScroll: (callback) => void (scrolled = callback),
        watch(callback) {
          watchers.push(callback);
          callback(...now);
        },
      });
    });
    tell({ type: "ready" });
  });
}

function keep(store: Record<string, string>, key: string, value: string | null): void {
  if (value === null) delete store[key];
  else store[key] = value;
}

/** Opened by itself, or by a page that hides who it is: then nothing is said to that page and nothing is kept. */
function standalone(win: HostWindow, alone: boolean): Host {
  const prefix = `patchbay:${win.location.href.replace(/[?#].*/, "")}:`;
  const storage = () => (alone ? win.localStorage : undefined);
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch {
      return undefined; // Storage is blocked: the chat lasts as long as its window.
    }
  };
  const kept = attempt(() => Object.entries(storage() ?? {})) ?? [];
  const store = Object.fromEntries(kept.filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value as string]));
  return {
    page: { url: win.location.href, title: win.document.title, referrer: win.document.referrer, locale: win.navigator.language },
    origin: alone ? win.location.origin : "null",
    embedded: false,
    store,
    onKept: (callback) =>
      win.addEventListener("storage", ({ key, newValue }) => {
        if (!key?.startsWith(prefix)) return;
        const name = key.slice(prefix.length);
        keep(store, name, newValue && (attempt(() => storage()?.getItem(key)) ?? null));
        callback(name);
      }),
    put(key, value) {
      keep(store, key, value);
      attempt(() => (value === null ? storage()?.removeItem(prefix + key) : storage()?.setItem(prefix + key, value)));
    },
    unread: () => undefined,
    look: () => undefined,
    close: () => undefined,
    open: () => undefined,
    event: () => undefined,
    nudge: () => undefined,
    onCall: () => undefined,
    onScroll: () => undefined,
    watch: (callback) => callback(true, false),
  };
}
