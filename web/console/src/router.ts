import { ref } from "vue";
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteLocationRaw, type Router, type RouteRecordRaw } from "vue-router";
import type { Permission } from "@/session/workspace";
import { withTexts } from "@/i18n";
import type { useSession } from "@/session/session";
import { home } from "@/shell/home";

declare module "vue-router" {
  interface RouteMeta {
    /** Reachable without being signed in. */
    open?: boolean;
    /** Shown only to those who may; others are told that it is not for them. */
    permission?: Permission | readonly Permission[];
    /** i18n key of the page's name. */
    title?: string;
  }
}

/** Why the first page cannot be shown: the server was not reached. */
export const bootError = ref<unknown>();

export const routes: RouteRecordRaw[] = [
  { path: "/sign-in", name: "sign-in", component: withTexts("auth", () => import("./auth/SignInPage.vue")), meta: { open: true, title: "auth.signIn" } },
  { path: "/setup", name: "setup", component: withTexts("auth", () => import("./auth/SetupPage.vue")), meta: { open: true, title: "auth.setup" } },
  { path: "/link", name: "link", component: withTexts("auth", () => import("./auth/LinkPage.vue")), meta: { open: true, title: "auth.signIn" } },
  { path: "/reset-password", name: "reset-password", component: withTexts("auth", () => import("./auth/ResetPage.vue")), meta: { open: true, title: "auth.signIn" } },
  { path: "/barrier", name: "barrier", component: withTexts("auth", withTexts("account", () => import("./account/BarrierPage.vue"))), meta: { title: "auth.signIn" } },
  { path: "/invite", name: "invite", component: withTexts("auth", () => import("./auth/InvitePage.vue")), meta: { open: true, title: "auth.invitation" } },
  {
    path: "/",
    component: () => import("./shell/Shell.vue"),
    children: [
      // Nobody stays here: the guard leads everybody to their first page.
      { path: "", name: "home", component: () => import("./shell/LostPage.vue") },
      {
        path: "conversations/:view(mine|unassigned|mentions|team|participating|all|vie_[^/]+|tea_[^/]+|que_[^/]+|lab_[^/]+|inb_[^/]+)/:id?",
        name: "conversations",
        component: () => import("./conversations/ConversationsPage.vue"),
        meta: { title: "nav.conversations", permission: "conversation.read" },
      },
      { path: "conversations/new", name: "conversation-new", component: withTexts("begin", () => import("./begin/BeginPage.vue")), meta: { title: "list.begin", permission: "conversation.reply" } },
      { path: "search", name: "search", component: withTexts("lists", () => import("./search/SearchPage.vue")), meta: { title: "nav.search", permission: "conversation.read" } },
      { path: "tickets", name: "tickets", component: withTexts("tickets", () => import("./tickets/TicketsPage.vue")), meta: { title: "nav.tickets", permission: "ticket.read" } },
      { path: "tickets/board", name: "ticket-board", component: withTexts("tickets", () => import("./tickets/TicketsPage.vue")), meta: { title: "nav.tickets", permission: "ticket.read" } },
      { path: "tickets/:id", name: "ticket", props: true, component: withTexts("tickets", () => import("./tickets/TicketPage.vue")), meta: { title: "nav.tickets", permission: "ticket.read" } },
      { path: "contacts", name: "contacts", component: withTexts("people", () => import("./people/ContactsPage.vue")), meta: { title: "nav.contacts", permission: "contact.read" } },
      { path: "contacts/import", name: "contact-import", component: withTexts("people", () => import("./people/importing/ImportsPage.vue")), meta: { title: "nav.import", permission: "contact.import" } },
      { path: "contacts/import/:id", name: "contact-import-one", props: true, component: withTexts("people", () => import("./people/importing/ImportPage.vue")), meta: { title: "nav.import", permission: "contact.import" } },
      { path: "contacts/:id", name: "contact", props: true, component: withTexts("people", () => import("./people/contact/ContactPage.vue")), meta: { title: "nav.contacts", permission: "contact.read" } },
      { path: "organisations", name: "organisations", component: withTexts("people", () => import("./people/organisations/OrganisationsPage.vue")), meta: { title: "nav.organisations", permission: "contact.read" } },
      { path: "organisations/:id", name: "organisation", props: true, component: withTexts("people", () => import("./people/organisations/OrganisationPage.vue")), meta: { title: "nav.organisations", permission: "contact.read" } },
      { path: "ratings", name: "ratings", component: withTexts("people", () => import("./people/ratings/RatingsPage.vue")), meta: { title: "nav.ratings", permission: "rating.read" } },
      { path: "wall", name: "wall", component: withTexts("wall", () => import("./wall/WallPage.vue")), meta: { title: "nav.wall", permission: "conversation.supervise" } },
      { path: "apps/:connection/:panel", name: "plugin-page", props: (route) => ({ ...route.params, place: "navigation" }), component: withTexts("panels", () => import("./panels/PanelPage.vue")), meta: { title: "nav.plugin", permission: "conversation.read" } },
      { path: "reports/:connection/:panel", name: "plugin-report", props: (route) => ({ ...route.params, place: "report.page" }), component: withTexts("panels", () => import("./panels/PanelPage.vue")), meta: { title: "nav.pluginReports", permission: "rating.read_all" } },
      { path: "design", name: "design", component: () => import("./design/DesignPage.vue"), meta: { title: "nav.design" } },
      { path: "start", name: "start", component: withTexts("settings", withTexts("start", () => import("./start/StartPage.vue"))), meta: { title: "nav.start", permission: "workspace.manage" } },
      {
        path: "settings",
        component: withTexts("settings", () => import("./settings/SettingsPage.vue")),
        children: [
          { path: "", name: "settings", redirect: { name: "profile" } },
          { path: "profile", name: "profile", component: withTexts("settings", withTexts("auth", withTexts("account", () => import("./account/AccountPage.vue")))), meta: { title: "settings.profile" } },
          { path: "notifications", name: "notifications", component: withTexts("settings", withTexts("notices", () => import("./notifications/PreferencesPage.vue"))), meta: { title: "settings.notifications", permission: "workspace.read" } },
          { path: "workspace", name: "workspace", component: withTexts("settings", () => import("./settings/WorkspacePage.vue")), meta: { title: "settings.workspace", permission: "workspace.manage" } },
          { path: "members", name: "members", component: withTexts("settings", withTexts("access", withTexts("account", () => import("./settings/MembersPage.vue")))), meta: { title: "settings.members", permission: "member.read" } },
          { path: "teams", name: "teams", component: withTexts("settings", () => import("./settings/catalog/TeamsPage.vue")), meta: { title: "settings.teams", permission: "team.read" } },
          { path: "queues", name: "queues", component: withTexts("settings", withTexts("queues", () => import("./queues/QueuesPage.vue"))), meta: { title: "settings.queues", permission: "team.read" } },
          { path: "queues/:queue", name: "queue", props: true, component: withTexts("settings", withTexts("forms", withTexts("queues", withTexts("needs", withTexts("hours", () => import("./queues/QueuePage.vue")))))), meta: { title: "settings.queues", permission: "team.read" } },
          { path: "routing", name: "routing", component: withTexts("settings", withTexts("forms", withTexts("lists", withTexts("rules", withTexts("routing", withTexts("needs", () => import("./routing/RoutingPage.vue"))))))), meta: { title: "settings.routing", permission: "team.read" } },
          { path: "skills", name: "skills", component: withTexts("settings", withTexts("queues", () => import("./queues/SkillsPage.vue"))), meta: { title: "settings.skills", permission: "team.read" } },
          { path: "dispatch-policy", name: "policy", component: withTexts("settings", withTexts("forms", withTexts("policy", () => import("./policy/PolicyPage.vue")))), meta: { title: "settings.policy", permission: "team.read" } },
          { path: "dispatch-policy/simulate", name: "simulate", component: withTexts("settings", withTexts("forms", withTexts("policy", () => import("./policy/SimulatePage.vue")))), meta: { title: "settings.simulate", permission: "team.manage" } },
          { path: "hours", name: "hours", component: withTexts("settings", withTexts("hours", () => import("./hours/HoursPage.vue"))), meta: { title: "settings.hours", permission: "team.read" } },
          { path: "hours/:calendar", name: "hours-one", props: true, component: withTexts("settings", withTexts("forms", withTexts("hours", () => import("./hours/CalendarPage.vue")))), meta: { title: "settings.hours", permission: "team.read" } },
          { path: "labels", name: "labels", component: withTexts("settings", () => import("./settings/catalog/LabelsPage.vue")), meta: { title: "settings.labels", permission: "catalog.read" } },
          { path: "fields", name: "attributes", component: withTexts("settings", () => import("./settings/catalog/AttributesPage.vue")), meta: { title: "settings.attributes", permission: "catalog.read" } },
          { path: "canned", name: "canned", component: withTexts("settings", () => import("./settings/catalog/CannedPage.vue")), meta: { title: "settings.canned", permission: "catalog.read" } },
          { path: "ticket-types", name: "ticketTypes", component: withTexts("settings", withTexts("tickets", () => import("./tickets/TypesPage.vue"))), meta: { title: "settings.ticketTypes", permission: "ticket.manage" } },
          { path: "inboxes", name: "inboxes", component: withTexts("settings", () => import("./settings/InboxesPage.vue")), meta: { title: "settings.inboxes", permission: "inbox.read" } },
          { path: "inboxes/new", name: "inbox-new", component: withTexts("settings", withTexts("forms", () => import("./settings/InboxNewPage.vue"))), meta: { title: "settings.newInbox", permission: "inbox.manage" } },
          { path: "inboxes/:inbox", name: "inbox", component: withTexts("settings", withTexts("forms", () => import("./settings/InboxPage.vue"))), meta: { title: "settings.inboxes", permission: "inbox.read" } },
          { path: "webhooks", name: "webhooks", component: withTexts("settings", withTexts("lists", withTexts("webhooks", () => import("./webhooks/WebhooksPage.vue")))), meta: { title: "settings.webhooks", permission: "webhook.read" } },
          { path: "webhooks/:webhook", name: "webhook", component: withTexts("settings", withTexts("lists", withTexts("webhooks", () => import("./webhooks/WebhookPage.vue")))), props: true, meta: { title: "settings.webhooks", permission: "webhook.read" } },
          { path: "plugins", name: "plugins", component: withTexts("forms", withTexts("plugins", () => import("./plugins/PluginsPage.vue"))), meta: { title: "settings.plugins", permission: "plugin.read" } },
          { path: "plugins/:publisher/:slug", name: "plugin", props: true, component: withTexts("plugins", () => import("./plugins/PluginPage.vue")), meta: { title: "settings.plugins", permission: "plugin.read" } },
          { path: "templates", name: "templates", component: withTexts("templates", () => import("./templates/TemplatesPage.vue")), meta: { title: "settings.templates", permission: "plugin.read" } },
          { path: "templates/:publisher/:plugin/:template", name: "template", props: true, component: withTexts("forms", withTexts("templates", () => import("./templates/TemplatePage.vue"))), meta: { title: "settings.templates", permission: "plugin.read" } },
          { path: "connections/new", name: "connection-new", component: withTexts("forms", withTexts("plugins", () => import("./plugins/ConnectionNewPage.vue"))), meta: { title: "settings.plugins", permission: "plugin.manage" } },
          { path: "connections/:connection", name: "connection", props: true, component: withTexts("forms", withTexts("plugins", () => import("./plugins/ConnectionPage.vue"))), meta: { title: "settings.plugins", permission: "plugin.read" } },
          { path: "api-keys", name: "developers", component: withTexts("settings", withTexts("developers", () => import("./developers/KeysPage.vue"))), meta: { title: "settings.developers", permission: "apikey.own" } },
          { path: "roles", name: "roles", component: withTexts("settings", withTexts("access", () => import("./access/RolesPage.vue"))), meta: { title: "settings.roles", permission: "role.read" } },
          { path: "roles/:role", name: "role", props: true, component: withTexts("settings", withTexts("access", () => import("./access/RolePage.vue"))), meta: { title: "settings.roles", permission: "role.read" } },
          { path: "sign-in", name: "signIn", component: withTexts("settings", withTexts("access", () => import("./access/SignInSettings.vue"))), meta: { title: "settings.signIn", permission: "signin.manage" } },
          { path: "data", name: "data", component: withTexts("settings", withTexts("operations", () => import("./operations/DataPage.vue"))), meta: { title: "settings.data", permission: ["retention.manage", "workspace.export", "contact.erase"] } },
          { path: "audit", name: "audit", component: withTexts("settings", withTexts("audit", () => import("./audit/AuditPage.vue"))), meta: { title: "settings.audit", permission: "audit.read" } },
          { path: "system", name: "system", component: withTexts("settings", withTexts("system", () => import("./system/SystemPage.vue"))), meta: { title: "settings.system", permission: "system.read" } },
        ],
      },
    ],
  },
  { path: "/:rest(.*)*", name: "lost", component: () => import("./shell/LostPage.vue"), meta: { open: true, title: "app.lost" } },
];

export function createConsoleRouter(session: ReturnType<typeof useSession>): Router {
  const router = createRouter({ history: createWebHistory(), routes });
  router.beforeEach(async (to) => {
    if (to.meta["open"]) return true;
    try {
      await session.load();
    } catch (error) {
      bootError.value = error;
      return true;
    }
    return admitted(to, session);
  });
  return router;
}

function admitted(to: RouteLocationNormalized, session: ReturnType<typeof useSession>): RouteLocationRaw | true {
  if (!session.me) return { name: "sign-in", query: to.path === "/" ? {} : { next: to.fullPath } };
  const { workspace, ...query } = to.query;
  // Where a notification of a workspace leads.
  if (typeof workspace === "string" && workspace.startsWith("wsp_")) {
    if (session.me.memberships.some((one) => one.workspace.id === workspace)) session.choose(workspace);
    return { path: to.path, query, hash: to.hash, replace: true };
  }
  if (session.membership?.barrier) return to.name === "barrier" || { name: "barrier" };
  // A page beyond somebody's rights says so itself (Workplace), at its own address.
  return to.name !== "home" || !session.membership || home(session.membership.permissions);
}
