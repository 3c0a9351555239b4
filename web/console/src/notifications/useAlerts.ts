import { onScopeDispose, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import { useQueryClient } from "@tanstack/vue-query";
import type { AppNotification } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { alertsFor } from "./alerts";
import { beep, canBeep } from "./beep";
import { subjectOf, tagOf } from "./list";
import { permission } from "./permission";
import { preferencesQuery } from "./preferences";
import { usePushed } from "./push/usePushed";
import { useWords } from "./sentence";
import { firstOf, Reading } from "./tabs";
import { useUnreadIcon } from "./useUnreadIcon";
import { useMarkRead } from "./useNotifications";
import { useWay } from "./way";

/** The server is away for now; nothing is lost, the list says the same later. */
const late = () => undefined;

/** How old the known preferences may be: they may be changed in another tab or browser. */
const PREFERENCES_MS = 10_000;
/** A conversation or a ticket on the screen for this long was looked at. */
const READ_MS = 1_000;

/** Tells of notifications by the browser and by sound, as the member chose, while the calling component lives. */
export function useAlerts(): void {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const route = useRoute();
  const router = useRouter();
  const words = useWords();
  const way = useWay();
  const markRead = useMarkRead();
  const live = useLive();
  const reading = new Reading();

  /** The conversation or the ticket that is looked at. */
  const onScreen = () => (document.hasFocus() && !document.hidden ? String(route.params["id"] ?? "") || undefined : undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  function look(): void {
    const subject = onScreen();
    reading.shows(subject);
    clearTimeout(timer);
    if (subject) timer = setTimeout(() => void seen(subject).catch(late), READ_MS);
  }
  look();
  watch(() => route.params["id"], look);
  for (const type of ["focus", "blur"]) addEventListener(type, look);
  document.addEventListener("visibilitychange", look);
  onScopeDispose(() => {
    for (const type of ["focus", "blur"]) removeEventListener(type, look);
    document.removeEventListener("visibilitychange", look);
    clearTimeout(timer);
    reading.shows(undefined);
  });

  /** What was told of a conversation or a ticket is read with it. */
  async function seen(subject: string): Promise<void> {
    if (live.unreadNotifications.value === 0) return;
    const { items } = await workspace.api.people.notifications({ unread: true, limit: 100 });
    const ids = items.filter((item) => subjectOf(item) === subject).map((item) => item.id);
    if (ids.length > 0) await markRead(ids);
  }

  async function tell(notification: AppNotification): Promise<void> {
    const about = subjectOf(notification);
    if (about && about === onScreen()) return markRead([notification.id]);
    const alerts = alertsFor(notification, await client.fetchQuery({ ...preferencesQuery(workspace), staleTime: PREFERENCES_MS }), {
      now: new Date(),
      reading: about !== undefined && (await reading.anywhere(about)),
      granted: permission() === "granted",
    });
    if (alerts.sound && canBeep() && (await firstOf(`sound.${notification.id}`))) void beep();
    if (alerts.browser && (await firstOf(`shown.${notification.id}`))) await show(notification);
  }

  async function show(notification: AppNotification): Promise<void> {
    const { title, text } = words(notification);
    const tag = tagOf(notification);
    const to = way(notification);
    if (await pushed.show(title, { body: text, tag }, { path: to ? router.resolve(to).fullPath : "/", workspace: workspace.id, id: notification.id })) return;
    const shown = new Notification(title, { body: text, tag, icon: "/favicon.svg" });
    shown.onclick = () => {
      shown.close();
      window.focus();
      if (to) void router.push(to);
      void markRead([notification.id]).catch(late);
    };
  }

  const pushed = usePushed(workspace);
  live.onNotified((notification) => void (notification ? tell(notification) : pushed.takeBack(live.unreadNotifications.value)).catch(late));
  useUnreadIcon(live.unreadNotifications);
}
