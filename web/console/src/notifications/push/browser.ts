import type { PushBrowsers } from "@patchbay/client/types";
import { sessionApi } from "@/api";
import { readStored, writeStored } from "@/ui/stored";
import { permission } from "../permission";
import { keyBytes, keyText, written } from "./key";

/** Whether this browser can be told with no window open. `home`: once the console is on its home screen (iPhone, iPad). */
export type Ability = "able" | "denied" | "home" | "absent";

export type Say = PushBrowsers["items"][number]["say"];

const WORKER = "/service-worker.js";
/** Which account wants this browser to be told, and how much: what signing in again goes on with. */
const WANTED = "push";
/** A browser whose push service cannot be reached waits for it without end. */
const PATIENCE_MS = 20_000;

export function ability(): Ability {
  const apple = /iPhone|iPad/.test(navigator.userAgent) || (navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1);
  if (isSecureContext && apple && !matchMedia("(display-mode: standalone)").matches) return "home";
  if (!isSecureContext || !("serviceWorker" in navigator) || !("PushManager" in globalThis) || permission() === "absent") return "absent";
  return permission() === "denied" ? "denied" : "able";
}

export class PushUnreachable extends Error {}

const registered = () => navigator.serviceWorker?.getRegistration("/");

/** The worker that shows notifications; undefined: this browser is not told, or cannot be. */
export async function worker(): Promise<ServiceWorkerRegistration | undefined> {
  const found = await registered();
  return found?.active?.scriptURL.endsWith(WORKER) ? found : undefined;
}

function patient<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, new Promise<never>((_, refuse) => setTimeout(() => refuse(new PushUnreachable()), PATIENCE_MS))]);
}

/** The browser's subscription with the server's key, made anew when it is with another. */
async function subscription(key: string): Promise<PushSubscription> {
  await navigator.serviceWorker.register(WORKER, { scope: "/", updateViaCache: "none" });
  const { pushManager } = await navigator.serviceWorker.ready;
  const held = await pushManager.getSubscription();
  if (held && keyText(held.options.applicationServerKey) === key) return held;
  await held?.unsubscribe();
  try {
    return await patient(pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: keyBytes(key) }));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw new PushUnreachable();
    throw error;
  }
}

/** Has this browser be told. Asks for the permission: call it on a click. False: it was refused. */
export async function turnOn(account: string, say: Say, key: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  await sessionApi.subscribePush({ ...written(await subscription(key)), say });
  writeStored(WANTED, `${account} ${say}`);
  return true;
}

/** Ends it in the browser; its row ends with the session, or is removed by whoever calls. */
export async function forget(): Promise<void> {
  const found = await worker();
  await (await found?.pushManager.getSubscription())?.unsubscribe();
  await found?.unregister();
}

/** Turns it off for good. */
export async function turnOff(): Promise<void> {
  writeStored(WANTED, null);
  await forget();
}

/** Goes on with what the account chose in this browser: after signing in again, or when the server has another key. */
export async function resume(account: string): Promise<void> {
  const [wanted, say] = (readStored(WANTED) ?? "").split(" ");
  if (!wanted) return;
  if (wanted !== account) return forget();
  if (ability() !== "able" || permission() !== "granted") return;
  const { key, items } = await sessionApi.pushes();
  const held = await (await worker())?.pushManager.getSubscription();
  if (held && keyText(held.options.applicationServerKey) === key && items.some((item) => item.current)) return;
  await sessionApi.subscribePush({ ...written(await subscription(key)), say: say === "kind" ? "kind" : "all" });
}
