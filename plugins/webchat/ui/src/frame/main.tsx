import { socketURL } from "@patchbay/client/visitor";
import { render } from "preact";
import { localeOf } from "../locale";
import "./app.css";
import { Chat } from "./chat";
import { meetHost } from "./host";
import { WatchedHttp } from "./http";
import { loadLanguage } from "./i18n";
import { memoryOf } from "./memory";
import { PageSide } from "./page";
import { App } from "./parts/App";
import { localeFor } from "./parts/dress";
import { framePlaceOf } from "./place";

const host = await meetHost(window, window.parent === window);
const memory = memoryOf(host);
const { inbox, root } = framePlaceOf(location.href);
const http = new WatchedHttp(inbox, root, localeOf(host.page.locale));
const chat = new Chat({ host, memory, http, url: () => socketURL(http.socketPath, root) });
const page = new PageSide(chat, host, memory);
const language = await loadLanguage(localeFor({ ...memory.look }, memory.language, host.page.locale));

page.start();
render(<App chat={chat} host={host} memory={memory} page={page} language={language} />, document.getElementById("app")!);
