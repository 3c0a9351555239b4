import { onScopeDispose } from "vue";
import { useRouter } from "vue-router";
import { useSession } from "@/session/session";
import type { WorkspaceContext } from "@/session/workspace";
import { resume, worker } from "./browser";
import { addressOf, icon, type Opening, type Way } from "./letter";

/** A browser that cannot be told now is told when the console is opened again. */
const late = () => undefined;

export interface Pushed {
  /** Shows a notification by the worker, so that a push about the same takes its place; false: this browser has none. */
  show: (title: string, options: { body: string; tag: string }, way: Way) => Promise<boolean>;
  /** Closes what was shown and was read since, here or elsewhere. */
  takeBack: (unread: number) => Promise<void>;
}

/** What windows have to do with what is pushed: they go where a click leads, and take back what was read. */
export function usePushed({ api, id }: WorkspaceContext): Pushed {
  const router = useRouter();
  const session = useSession();
  if (session.me) void resume(session.me.account.id).catch(late);

  function opened({ data }: MessageEvent<Opening | undefined>): void {
    if (data?.op !== "open") return;
    if (!data.workspace || data.workspace === id) void router.push(data.path);
    else location.assign(addressOf(data));
  }
  navigator.serviceWorker?.addEventListener("message", opened);
  onScopeDispose(() => navigator.serviceWorker?.removeEventListener("message", opened));

  return {
    async show(title, options, data) {
      const found = await worker();
      await found?.showNotification(title, { ...options, icon, data });
      return found !== undefined;
    },
    async takeBack(unread) {
      const shown = ((await (await worker())?.getNotifications()) ?? []).filter((one) => (one.data as Way | null)?.workspace === id);
      if (shown.length === 0) return;
      const left = unread > 0 ? (await api.people.notifications({ unread: true, limit: 100 })).items.map((item) => item.id) : [];
      for (const one of shown) {
        const about = (one.data as Way).id;
        if (about && !left.includes(about)) one.close();
      }
    },
  };
}
