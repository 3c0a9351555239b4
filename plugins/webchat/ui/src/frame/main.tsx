import { socketURL } from "@patchbay/client/visitor";
import { render } from "preact";
import { localeOf } from "../locale";
import "./app.css";
import { Chat } from "./chat";
import { meetHost } from "./host";
import { WatchedHttp } from "./http";
import { memoryOf } from "./memory";
import { App } from "./parts/App";
import { framePlaceOf } from "./place";

const host = await meetHost(window, window.parent === window);
const memory = memoryOf(host);
const { inbox, root } = framePlaceOf(location.href);
const http = new WatchedHttp(inbox, root, localeOf(host.page.locale));
const chat = new Chat({ host, memory, http, url: () => socketURL(http.socketPath, root) });

chat.start();
render(<App chat={chat} host={host} memory={memory} />, document.getElementById("app")!);
