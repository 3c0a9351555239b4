import type { Look } from "../relay";
import type { Call, PublicAPI } from "./api";
import type { Place } from "./place";
import { attempt, createStore } from "./store";
import { createView } from "./view";
import { wordsFor } from "./words";

/** What the launcher leaves to the panel, which is loaded when it is first needed. */
export type Launcher = ReturnType<typeof launch>;

/** The launcher on the page. Everything else, the chat's frame with it, comes when it is asked for. */
export function launch(place: Place, options: DOMStringMap) {
  const prefix = `patchbay:${place.inbox}:`;
  const store = createStore(prefix, () => localStorage);
  const kept = store.all();
  const locale = options.locale || document.documentElement.lang || navigator.language;
  const view = createView();
  const { host, box, button, label, badge } = view;
  const calls: Call[] = [];
  let tries = 0;
  let text = "";
  let panel: Promise<(call: Call) => void> | undefined;
  const launcher = {
    place,
    options,
    prefix,
    store,
    locale,
    view,
    words: wordsFor(locale),
    isOpen: false,
    unread: 0,
    left: "",
    draw() {
      const { words, isOpen, unread, left } = launcher;
      box.className = left + (isOpen ? " o" : "") + (label.textContent ? " t" : "");
      host.ariaLabel = words.region;
      button.ariaExpanded = `${isOpen}`;
      button.ariaLabel = (isOpen ? words.close : words.open) + (unread ? `, ${unread}${words.unread}` : "");
      badge.hidden = !unread || isOpen;
      badge.textContent = unread > 99 ? "99+" : `${unread}`;
    },
    dress({ color, position, locale, text: own, words, dark, radius }: Look) {
      if (color) host.style.setProperty("--c", color);
      if (radius) host.style.setProperty("--r", `${radius}px`);
      if (dark) host.style.setProperty("color-scheme", dark, "important");
      if (position) launcher.left = position === "left" ? "l" : "";
      if (locale) launcher.words = wordsFor(locale);
      launcher.words = { ...launcher.words, ...words };
      label.textContent = text = own ?? text;
    },
    call(call: Call) {
      calls.push(call);
      // A browser may remember that an address failed: the next press asks for another one.
      panel ??= import(/* @vite-ignore */ `${place.base}panel.js${tries++ ? `?${tries}` : ""}`).then((module: { panel: (launcher: Launcher) => (call: Call) => void }) => module.panel(launcher));
      panel.then(
        (carryOut) => {
          launcher.dress({});
          calls.splice(0).forEach(carryOut);
        },
        () => {
          panel = undefined;
          calls.push(...calls.splice(0).filter(([command]) => command !== "toggle")); // pressed again, it is one wish
          label.textContent = launcher.words.failed;
          launcher.draw();
        },
      );
    },
  };

  launcher.dress(options);
  attempt(() => launcher.dress(JSON.parse(kept["look"]!)));
  launcher.unread = +kept["unread"]! || 0;
  launcher.draw();
  button.onclick = () => launcher.call(["toggle"]);
  document.body.append(host);

  const queued = window.Patchbay?.q ?? [];
  const api: PublicAPI = (...call) => launcher.call(call);
  api.launched = true;
  window.Patchbay = api;
  for (const call of Array.from(queued)) launcher.call(Array.from(call) as Call);
  dispatchEvent(new CustomEvent("patchbay:ready"));
  if (options.mode || options.proactive || options.pageViews || kept["live"] || attempt(() => sessionStorage.getItem(prefix))) launcher.call(["start"]);
  return launcher;
}
