import { seal, trusted, type Look, type ToFrame, type ToPage } from "../relay";
import type { Place } from "./place";
import { attempt, createStore } from "./store";
import { add, createView } from "./view";
import { wordsFor } from "./words";

export type WidgetEvent = "open" | "close" | "unread";

/** window.Patchbay: what a page may do with its chat. */
export interface PublicAPI {
  open(): void;
  close(): void;
  toggle(): void;
  /** Calls back on an event ("unread" with the count); the answer ends it. */
  on(event: WidgetEvent, callback: (detail?: number) => void): () => void;
}

const PATIENCE_MS = 10_000;

/** Tells the page: an event on window, "patchbay:open" and so on. */
export const emit = (event: WidgetEvent | "ready", detail?: number) => dispatchEvent(new CustomEvent(`patchbay:${event}`, { detail }));

/** Puts the launcher on the page. The frame is made when the chat is first opened, not before. */
export function createWidget({ base, origin, inbox }: Place, options: DOMStringMap): PublicAPI {
  const prefix = `patchbay:${inbox}:`;
  const store = createStore(prefix, () => localStorage);
  const kept = store.all();
  const locale = options.locale || document.documentElement.lang || navigator.language;
  let words = wordsFor(locale);
  const { host, box, panel, text, retry, button, badge } = createView();
  const { style } = host;
  const eye = visualViewport!;
  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  let isOpen = false;
  let left = false;
  let focus = false;
  let unread = 0;
  let patience: ReturnType<typeof setTimeout>;

  const post = (message: ToFrame) => ready && frame!.contentWindow!.postMessage(seal(message), origin);
  const draw = () => {
    box.className = (isOpen ? "o " : "") + (ready ? "r " : "") + (left ? "l" : "");
    host.ariaLabel = words.region;
    retry.textContent = words.retry;
    button.ariaExpanded = `${isOpen}`;
    button.ariaLabel = (isOpen ? words.close : words.open) + (unread ? `, ${unread}${words.unread}` : "");
    badge.hidden = !unread || isOpen;
    badge.textContent = unread > 99 ? "99+" : `${unread}`;
  };
  const dress = ({ color, position, locale }: Look) => {
    if (color) style.setProperty("--c", color);
    left = position === "left";
    if (locale) words = wordsFor(locale);
  };
  /** Values of the frame that are for the loader, too. */
  const read = (key: string, value?: string | null) => {
    if (key === "look") attempt(() => dress(JSON.parse(value!)));
    if (key === "unread") unread = +value! || 0;
    draw();
  };
  const load = () => {
    frame?.remove();
    const src = `${base}frame.html#${encodeURIComponent(location.origin)}`;
    frame = add(panel, "iframe", { src, title: words.region, "data-testid": "widget-frame" });
    text.textContent = words.busy;
    retry.hidden = true;
    patience = setTimeout(() => {
      text.textContent = words.failed;
      retry.hidden = false;
    }, PATIENCE_MS);
  };
  /** Above a phone's keyboard: the panel takes what is visible. */
  const fit = () => {
    if (eye.scale !== 1) return;
    style.setProperty("--h", `${eye.height}px`);
    style.setProperty("--t", `${eye.offsetTop}px`);
  };
  const show = (open: boolean, byVisitor = true) => {
    if (open === isOpen) return;
    const inside = document.activeElement === host;
    isOpen = open;
    focus = open && byVisitor;
    attempt(() => sessionStorage.setItem(prefix, open ? "1" : ""));
    if (!frame) load();
    draw();
    if (focus) frame!.focus();
    else if (inside) button.focus();
    post({ type: open ? "shown" : "hidden", focus });
    emit(open ? "open" : "close");
  };

  addEventListener("message", (event) => {
    const message = trusted<ToPage>(event, frame?.contentWindow, origin);
    if (message?.type === "ready") {
      clearTimeout(patience);
      ready = true;
      const tell = (value: string) => (options.page === "off" ? "" : value);
      const page = { url: tell(location.href), title: tell(document.title), referrer: tell(document.referrer), locale };
      post({ type: "init", page, store: store.all(), open: isOpen, focus });
      draw();
    }
    if (message?.type === "put") {
      store.put(message.key, message.value);
      read(message.key, message.value);
      if (message.key === "unread") emit("unread", unread);
    }
    if (message?.type === "close") show(false);
  });
  eye.addEventListener("resize", fit);
  eye.addEventListener("scroll", fit);
  button.onclick = () => show(!isOpen);
  retry.onclick = load;
  box.onkeydown = (event) => {
    if (event.key === "Escape") show(false);
  };

  dress(options);
  read("look", kept["look"]);
  read("unread", kept["unread"]);
  document.body.append(host);
  if (attempt(() => sessionStorage.getItem(prefix))) show(true, false);
  return {
    open: () => show(true),
    close: () => show(false),
    toggle: () => show(!isOpen),
    on(event, callback) {
      const name = `patchbay:${event}`;
      const listener = (e: Event) => callback((e as CustomEvent).detail);
      addEventListener(name, listener);
      return () => removeEventListener(name, listener);
    },
  };
}
