import { useI18n } from "vue-i18n";
import { useRouter, type RouteLocationRaw } from "vue-router";
import { locales, setLocale } from "@/i18n";
import { useCommands, type Command } from "@/keys/commands";
import { keymap } from "@/keys/keymap";
import type { Live } from "@/live/live";
import type { Permission, WorkspaceContext } from "@/session/workspace";
import { themeChoice, type ThemeChoice } from "@/theme/theme";
import { notifyFailed } from "@/ui/notices";
import { reasons } from "./presence";
import type { IconName } from "@/ui/icons";

interface Place {
  id: string;
  label: string;
  icon: IconName;
  to: RouteLocationRaw;
  /** Any of them is enough. */
  permission?: Permission | readonly Permission[];
  keys?: string;
}

const places: Place[] = [
  { id: "conversations", label: "nav.conversations", icon: "chats", to: { name: "conversations", params: { view: "mine" } }, permission: "conversation.read", keys: keymap.anywhere.conversations },
  { id: "mine", label: "list.views.mine", icon: "chats", to: { name: "conversations", params: { view: "mine" } }, permission: "conversation.read" },
  { id: "unassigned", label: "list.views.unassigned", icon: "chats", to: { name: "conversations", params: { view: "unassigned" } }, permission: "conversation.read" },
  { id: "all", label: "list.views.all", icon: "chats", to: { name: "conversations", params: { view: "all" } }, permission: "conversation.read" },
  { id: "tickets", label: "nav.tickets", icon: "ticket", to: { name: "tickets" }, permission: "ticket.read", keys: keymap.anywhere.tickets },
  { id: "tickets-mine", label: "nav.myTickets", icon: "ticket", to: { name: "tickets", query: { view: "mine" } }, permission: "ticket.read" },
  { id: "contacts", label: "nav.contacts", icon: "users", to: { name: "contacts" }, permission: "contact.read", keys: keymap.anywhere.contacts },
  { id: "organisations", label: "nav.organisations", icon: "team", to: { name: "organisations" }, permission: "contact.read" },
  { id: "import", label: "nav.import", icon: "download", to: { name: "contact-import" }, permission: "contact.import" },
  { id: "ratings", label: "nav.ratings", icon: "star", to: { name: "ratings" }, permission: "rating.read", keys: keymap.anywhere.ratings },
  { id: "wall", label: "nav.wall", icon: "wall", to: { name: "wall" }, permission: "conversation.supervise", keys: keymap.anywhere.wall },
  { id: "start", label: "nav.start", icon: "start", to: { name: "start" }, permission: "workspace.manage" },
  { id: "settings", label: "nav.settings", icon: "settings", to: { name: "settings" }, keys: keymap.anywhere.settings },
  { id: "profile", label: "settings.profile", icon: "user", to: { name: "profile" } },
  { id: "notification-settings", label: "settings.notifications", icon: "bell", to: { name: "notifications" }, permission: "workspace.read" },
  { id: "workspace", label: "settings.workspace", icon: "settings", to: { name: "workspace" }, permission: "workspace.manage" },
  { id: "members", label: "settings.members", icon: "users", to: { name: "members" }, permission: "member.read" },
  { id: "teams", label: "settings.teams", icon: "team", to: { name: "teams" }, permission: "team.read" },
  { id: "queues", label: "settings.queues", icon: "rows", to: { name: "queues" }, permission: "team.read" },
  { id: "skills", label: "settings.skills", icon: "star", to: { name: "skills" }, permission: "team.read" },
  { id: "canned", label: "settings.canned", icon: "reply", to: { name: "canned" }, permission: "catalog.read" },
  { id: "labels", label: "settings.labels", icon: "tag", to: { name: "labels" }, permission: "catalog.read" },
  { id: "attributes", label: "settings.attributes", icon: "fields", to: { name: "attributes" }, permission: "catalog.read" },
  { id: "ticketTypes", label: "settings.ticketTypes", icon: "ticket", to: { name: "ticketTypes" }, permission: "ticket.manage" },
  { id: "inboxes", label: "settings.inboxes", icon: "inbox", to: { name: "inboxes" }, permission: "inbox.read" },
  { id: "plugins", label: "settings.plugins", icon: "plug", to: { name: "plugins" }, permission: "plugin.read" },
  { id: "webhooks", label: "settings.webhooks", icon: "webhook", to: { name: "webhooks" }, permission: "webhook.read" },
  { id: "developers", label: "settings.developers", icon: "bolt", to: { name: "developers" }, permission: "apikey.own" },
  { id: "roles", label: "settings.roles", icon: "key", to: { name: "roles" }, permission: "role.read" },
  { id: "sign-in", label: "settings.signIn", icon: "lock", to: { name: "signIn" }, permission: "signin.manage" },
  { id: "data", label: "settings.data", icon: "file", to: { name: "data" }, permission: ["retention.manage", "workspace.export", "contact.erase"] },
  { id: "audit", label: "settings.audit", icon: "eye", to: { name: "audit" }, permission: "audit.read" },
  { id: "system", label: "settings.system", icon: "checkCircle", to: { name: "system" }, permission: "system.read" },
];

/** Those that a key leads to. */
export const placesWithKeys = places.filter((place): place is Place & { keys: string } => place.keys !== undefined);

export const mayGo = (workspace: WorkspaceContext, { permission }: Place) => !permission || [permission].flat().some(workspace.may);

const themes: ThemeChoice[] = ["light", "dark", "system"];

/** What the palette offers everywhere: places, looks, presence, help. */
export function useShellCommands(workspace: WorkspaceContext, live: Live, help: () => void): void {
  const { t } = useI18n();
  const router = useRouter();
  const { people } = workspace.api;

  const go = places
    .filter((place) => mayGo(workspace, place))
    .map((place): Command => ({
      id: `go-${place.id}`,
      group: "go",
      icon: place.icon,
      keys: place.keys,
      title: () => t("palette.goTo", { place: t(place.label) }),
      run: () => void router.push(place.to),
    }));
  const theme = themes.map((choice): Command => ({
    id: `theme-${choice}`,
    group: "settings",
    icon: "moon",
    title: () => t("palette.theme", { theme: t(`themes.${choice}`) }),
    words: "theme 主题 外观",
    run: () => (themeChoice.value = choice),
  }));
  const language = locales.map((locale): Command => ({
    id: `locale-${locale}`,
    group: "settings",
    icon: "language",
    title: () => t(`palette.language.${locale}`),
    words: "language 语言 English 中文 zhongwen",
    run: () => void setLocale(locale).catch(notifyFailed),
  }));
  const presence = (["available", ...reasons] as const).map((choice): Command => ({
    id: `presence-${choice}`,
    group: "settings",
    icon: choice === "available" ? "checkCircle" : "clock",
    title: () => (choice === "available" ? t("palette.presence.available") : t("palette.presence.away", { reason: t(`presence.reasons.${choice}`) })),
    when: () => workspace.may("conversation.reply"),
    run: () => void (choice === "available" ? people.choosePresence("available") : people.choosePresence("away", choice)).catch(notifyFailed),
  }));
  const ready: Command = {
    id: "presence-ready",
    group: "settings",
    icon: "checkCircle",
    title: () => t("palette.presence.ready"),
    when: () => Boolean(live.presence.value.get(workspace.memberID)?.wrap_up_until),
    run: () => void people.ready().catch(notifyFailed),
  };

  useCommands([...go, ...presence, ready, ...theme, ...language, { id: "help", group: "settings", icon: "keyboard", title: () => t("keys.title"), keys: keymap.anywhere.help, run: help }]);
}
