/**
 * The service worker of the console: shows what the server pushes while no window is looked at. It keeps nothing
 * and answers no request of a page, so the console comes from the server as ever.
 */
import { contact as contactEn } from "@/locales/en.json";
import { notices as noticesEn } from "@/locales/notices.en.json";
import { contact as contactZh } from "@/locales/zh-CN.json";
import { notices as noticesZh } from "@/locales/notices.zh-CN.json";
import { keyBytes, written } from "@/notifications/push/key";
import { addressOf, isConsole, shownOf, tongueOf, type Letter, type Opening, type Way } from "@/notifications/push/letter";

declare const self: ServiceWorkerGlobalScope;

const tongues = {
  en: tongueOf("en", { notices: noticesEn, contact: { unnamed: contactEn.unnamed } }),
  "zh-CN": tongueOf("zh-CN", { notices: noticesZh, contact: { unnamed: contactZh.unnamed } }),
};

const PUSH = "/api/v1/account/push";

// A new version takes over at once: there is nothing that an open window has of the old one.
self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function windows(): Promise<WindowClient[]> {
  const all = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return all.filter((client) => client.frameType !== "nested" && isConsole(client.url));
}

function read(data: PushMessageData | null): Letter {
  try {
    return data?.json() as Letter;
  } catch {
    return { locale: self.navigator.language, tag: "patchbay.any", path: "/" };
  }
}

/** Who looks at a window of the console is told by it. A test is shown all the same. */
async function told(letter: Letter): Promise<void> {
  if (!letter.test && (await windows()).some((client) => client.focused)) return;
  const { title, options } = shownOf(letter, letter.locale.startsWith("zh") ? tongues["zh-CN"] : tongues.en);
  await self.registration.showNotification(title, options);
}

self.addEventListener("push", (event) => event.waitUntil(told(read(event.data))));

/** Brings a window of the console to the front and has it open the way, or opens one. */
async function open(way: Way): Promise<void> {
  const [first] = await windows();
  if (!first) {
    await self.clients.openWindow(addressOf(way));
    return;
  }
  first.postMessage({ op: "open", ...way } satisfies Opening);
  await first.focus().catch(() => undefined);
}

async function markRead({ workspace, id }: Way): Promise<void> {
  if (!workspace || !id) return;
  await fetch(`/api/v1/workspaces/${workspace}/notifications/read`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ids: [id] }) });
}

self.addEventListener("notificationclick", (event) => {
  const way = event.notification.data as Way;
  event.notification.close();
  // Read or not, the way is opened.
  event.waitUntil(Promise.all([open(way), markRead(way).catch(() => undefined)]));
});

/** The browser made its subscription anew: the server is told, or, when nobody is signed in, all of it ends. */
async function renewed(): Promise<void> {
  const answer = await fetch(PUSH);
  if (answer.status === 401) {
    await (await self.registration.pushManager.getSubscription())?.unsubscribe();
    await self.registration.unregister();
    return;
  }
  const { key, items } = (await answer.json()) as { key: string; items: { current: boolean; say: "all" | "kind" }[] };
  const subscription = (await self.registration.pushManager.getSubscription()) ?? (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: keyBytes(key) }));
  const say = items.find((item) => item.current)?.say ?? "kind"; // unknown: the careful one
  await fetch(PUSH, { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...written(subscription), say }) });
}

self.addEventListener("pushsubscriptionchange", (event) => (event as ExtendableEvent).waitUntil(renewed()));
