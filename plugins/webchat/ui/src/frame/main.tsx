import { socketURL } from "@patchbay/client/visitor";
import { render } from "preact";
import { localeOf } from "../locale";
import "./app.css";
import { Chat } from "./chat";
import { meetHost } from "./host";
import { WatchedHttp } from "./http";
import { languageOf } from "./i18n";
import { memoryOf } from "./memory";
import { App } from "./parts/App";
import { LanguageContext } from "./parts/context";
import { framePlaceOf } from "./place";
import { applyTheme } from "./theme";

const host = await meetHost(window, window.parent === window);
const memory = memoryOf(host);
const language = languageOf(localeOf(host.page.locale));
const { inbox, root } = framePlaceOf(location.href);
const http = new WatchedHttp(inbox, root, language.locale);
const chat = new Chat({ host, memory, http, url: () => socketURL(http.socketPath, root) });

document.documentElement.lang = language.locale;
let settings = chat.state.settings;
chat.subscribe(() => {
  if (chat.state.settings === settings) return;
  settings = chat.state.settings;
  const color = applyTheme(settings, document.documentElement);
  if (color) host.theme(color);
});
chat.start();
render(
  <LanguageContext.Provider value={language}>
    <App chat={chat} host={host} memory={memory} />
  </LanguageContext.Provider>,
  document.getElementById("app")!,
);
