/** What the launcher loads when it is first needed: the chat's frame, and what the page and it say to each other. */
import { seal, trusted, type Command, type Seen, type ToFrame, type ToPage } from "../relay";
import type { Call, WidgetEvent } from "./api";
import type { Launcher } from "./launcher";
import css from "./panel.css?inline";
import { attempt } from "./store";
import { add } from "./view";

const PATIENCE_MS = 10_000;
const PAGES_KEPT = 20;

/** Of what is kept, what is not the visitor's own. */
const shared = /^(look|language|been|rule\..*)$/;

const commands: readonly string[] = ["identify", "logout", "setLocale", "track", "consent", "message"] satisfies Command[];

export function panel(launcher: Launcher): (call: Call) => void {
  const { place, options, store, prefix, view, words } = launcher;
  const { base, origin } = place;
  const { host, box, button, root } = view;
  const { style } = host;
  const whole = options.mode === "page";
  const eye = visualViewport!;
  const listeners = new Map<string, Set<(detail?: unknown) => void>>();
  const waiting: ToFrame[] = [];
  /** What other tabs kept, by key, until the frame keeps something there itself. */
  const news = new Map<string, string | null>();
  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  let focus = false;
  /** What was kept before the visitor left: the frame may not have seen it yet. */
  let past: Record<string, string> | undefined;
  let patience: ReturnType<typeof setTimeout>;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  const pane = add(box, "div", { class: "p" });
  const text = add(pane, "div", { class: "n", role: "status" });
  const retry = add(pane, "button", { type: "button" });
  const bubble = add(box, "div", { class: "s", role: "status", "data-testid": "nudge" });
  const says = add(bubble, "button", { type: "button", class: "w" });
  const away = add(bubble, "button", { type: "button", class: "x" });
  bubble.hidden = true;
  retry.textContent = words.retry;
  away.textContent = "×";
  away.ariaLabel = words.dismiss;
  if (whole) host.setAttribute("whole", "");

  const emit = (event: WidgetEvent, detail?: unknown) => {
    for (const listener of listeners.get(event) ?? []) attempt(() => listener(detail));
    dispatchEvent(new CustomEvent(`patchbay:${event}`, { detail }));
  };
  const post = (message: ToFrame) => {
    if (ready) frame!.contentWindow!.postMessage(seal(message), origin);
    else if (message.type === "call") waiting.push(message);
  };
  const draw = () => {
    launcher.draw();
    if (ready) box.classList.add("r");
  };
  const load = () => {
    frame?.remove();
    const src = `${base}frame.html#${encodeURIComponent(location.origin)}`;
    frame = add(pane, "iframe", { src, title: words.region, "data-testid": "widget-frame" });
    text.textContent = words.busy;
    retry.hidden = true;
    patience = setTimeout(() => {
      text.textContent = words.failed;
      retry.hidden = false;
    }, PATIENCE_MS);
  };
  const need = () => {
    if (!frame) load();
  };
  /** Above a phone's keyboard: the panel takes what is visible. */
  const fit = () => {
    if (eye.scale !== 1) return;
    style.setProperty("--h", `${eye.height}px`);
    style.setProperty("--t", `${eye.offsetTop}px`);
  };
  const nudge = (words: string) => {
    says.textContent = words;
    bubble.hidden = !words || launcher.isOpen;
  };
  const show = (open: boolean, byVisitor = true) => {
    if (open === launcher.isOpen || (whole && !open)) return;
    const inside = document.activeElement === host;
    launcher.isOpen = open;
    focus = open && byVisitor;
    attempt(() => sessionStorage.setItem(prefix, open ? "1" : ""));
    need();
    nudge("");
    draw();
    if (focus) frame!.focus();
    else if (inside) button.focus();
    post({ type: open ? "shown" : "hidden", focus });
    emit(open ? "open" : "close");
  };
  const page = () => {
    const tell = (value: string) => (options.page === "off" ? "" : value);
    return { url: tell(location.href), title: tell(document.title), referrer: tell(document.referrer), locale: launcher.locale };
  };

  addEventListener("message", (event) => {
    const message = trusted<ToPage>(event, frame?.contentWindow, origin);
    switch (message?.type) {
      case "ready":
        clearTimeout(patience);
        ready = true;
        post({ type: "init", page: page(), store: past ?? store.all(), open: launcher.isOpen, focus, whole });
        past = undefined;
        waiting.splice(0).forEach(post);
        return draw();
      case "put":
        store.put(message.key, message.value);
        // What another tab kept was on its way to the frame when it said this: this is what holds.
        if (news.has(message.key) && news.get(message.key) !== message.value) post({ type: "kept", key: message.key, value: message.value });
        news.delete(message.key);
        if (message.key === "look") attempt(() => launcher.dress({ text: "", ...JSON.parse(message.value!) }));
        if (message.key === "unread") {
          launcher.unread = +message.value! || 0;
          emit("unread", launcher.unread);
        }
        return draw();
      case "nudge":
        return nudge(String(message.text));
      case "event":
        return emit(message.event, message.detail);
      case "open":
        return show(true);
      case "close":
        return show(false);
    }
  });
  addEventListener("storage", ({ key, newValue }) => {
    if (!key?.startsWith(prefix)) return;
    const name = key.slice(prefix.length);
    const value = newValue && (store.all()[name] ?? null); // as it is by now; but every goodbye is told
    news.set(name, value);
    post({ type: "kept", key: name, value });
  });
  eye.addEventListener("resize", fit);
  eye.addEventListener("scroll", fit);
  addEventListener("scroll", () => post({ type: "scrolled", percent: scrolled() }), { passive: true });
  retry.onclick = load;
  says.onclick = () => show(true);
  away.onclick = () => nudge("");
  box.onkeydown = (event) => {
    if (event.key === "Escape") show(false);
  };
  if (options.page !== "off" && (options.pageViews || store.all()["pages"])) notePage(store);

  return ([command, ...rest]) => {
    const [name, listener] = rest as [string, (detail?: unknown) => void];
    switch (command) {
      case "start":
        if (whole || attempt(() => sessionStorage.getItem(prefix))) show(true, false);
        else if (options.proactive || store.all()["live"]) need();
        return;
      case "open":
      case "close":
        return show(command === "open");
      case "toggle":
        return show(!launcher.isOpen);
      case "show":
      case "hide":
        return void (host.hidden = command === "hide");
      case "on":
        if (typeof listener === "function") listeners.set(name, (listeners.get(name) ?? new Set()).add(listener));
        return;
      case "off":
        return void (listener ? listeners.get(name)?.delete(listener) : listeners.delete(name));
      default:
        if (!commands.includes(command)) return emit("error", { code: "command", detail: `There is no command ${String(command)}.` });
        if (command === "logout") {
          // At once: the page may be on its way to another one. The frame ends the session.
          past ??= store.all();
          if (past["token"]) need();
          for (const key in past) if (!shared.test(key)) store.put(key, null);
          if (ready) past = undefined;
        }
        if (command === "message") need();
        return post({ type: "call", command, argument: rest[0] });
    }
  };
}

/** Per cent of the page that have been seen. */
function scrolled(): number {
  const { scrollHeight } = document.documentElement;
  return Math.round((100 * (scrollY + innerHeight)) / Math.max(scrollHeight, 1));
}

/** Keeps which pages were looked at, and for how long, where the site and the inbox want to know. */
function notePage(store: Launcher["store"]): void {
  const began = Date.now();
  const keep = (stay: number) => {
    const before = (attempt(() => JSON.parse(store.all()["views"] ?? "[]") as Seen[]) ?? []).filter(({ at }) => at !== began);
    const now: Seen = { url: location.href, title: document.title, referrer: document.referrer, at: began, stay };
    store.put("views", JSON.stringify([...before, now].slice(-PAGES_KEPT)));
  };
  keep(0);
  addEventListener("pagehide", () => keep(Math.round((Date.now() - began) / 1000)));
}
