import type { QueryClient } from "@tanstack/vue-query";
import type { ChecklistItem, Contact, FeedEvent } from "@patchbay/client/types";
import { keys } from "@/query/keys";
import type { ConversationCache } from "./cache";
import type { TicketCache } from "./tickets";

/** What events are laid over. */
export interface Held {
  client: QueryClient;
  cache: ConversationCache;
  tickets: Pick<TicketCache, "left">;
  workspace: string;
  memberID: string;
  fetchContact: (contact: string) => Promise<Contact>;
  /** Asks again who is signed in, and in which workspaces and teams. */
  refreshSession: () => Promise<void>;
}

type React = (event: FeedEvent) => unknown;

/** Contacts that are kept no longer go by the dozen, an event each: milliseconds between two askings. */
const ERASURES_MS = 2000;

/** The row and the change that come with the event say everything. */
const carried: React = () => undefined;

/**
 * What is fetched again after an event, beside what the event brings itself: the object it names, and
 * only if somebody looks. Every type of the protocol has its line here, or this does not compile.
 */
export function reactions(held: Held): Record<FeedEvent["type"], React> {
  const { client, cache, workspace: id } = held;
  const refetch = (...stale: (readonly unknown[])[]) => Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey })));
  /** For what comes in bursts: the parts of the console that show it ask again themselves, in their time. */
  const nextTime = (...stale: (readonly unknown[])[]) => Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey, refetchType: "none" })));
  const subject = (event: FeedEvent) => String(event.data?.["id"] ?? "");
  const scheduled: React = ({ change }) => refetch(keys.scheduled(id, change?.conversation_id ?? ""));

  /** Asks for the checklist again only while the step is not done: messages come by the thousand. */
  function checklistMoved(step: ChecklistItem["key"]): void {
    const open = client.getQueryData<ChecklistItem[]>(keys.checklist(id))?.some((item) => item.key === step && !item.done);
    if (open) void refetch(keys.checklist(id));
  }

  async function contactChanged(contact: string): Promise<void> {
    void nextTime(keys.people(id), keys.contactSearches(id), keys.aboutContact(id, contact), keys.organisations(id));
    const queryKey = keys.contact(id, contact);
    cache.contactsChanged();
    if (!contact || (!client.getQueryData(queryKey) && !cache.knowsContact(contact))) return;
    cache.rename(await client.fetchQuery({ queryKey, queryFn: () => held.fetchContact(contact), staleTime: 0 }));
  }

  /** With a contact went conversations: all that is shown is asked for anew, once for those that go together. */
  let resting = false;
  let again = false;
  function erased(): void {
    if (resting) {
      again = true;
      return;
    }
    resting = true;
    void refetch(keys.all(id));
    setTimeout(() => {
      resting = false;
      if (again) {
        again = false;
        erased();
      }
    }, ERASURES_MS);
  }

  return {
    "member.changed": async (event) => {
      await refetch(keys.members(id), keys.checklist(id), keys.roles(id), keys.skills(id), keys.queues(id));
      if (subject(event) === held.memberID) await held.refreshSession();
    },
    "invitation.changed": () => refetch(keys.invitations(id), keys.checklist(id)),
    "workspace.changed": () => Promise.all([held.refreshSession(), refetch(keys.routing(id))]),
    "inbox.changed": () => refetch(keys.inboxes(id), keys.checklist(id)),
    "inbox.health_changed": () => refetch(keys.inboxes(id)),
    "team.changed": () => Promise.all([refetch(keys.teams(id), keys.queues(id)), held.refreshSession()]),
    "calendar.changed": () => refetch(keys.calendars(id)),
    "queue.changed": () => refetch(keys.queues(id), keys.routing(id)),
    "skill.changed": () => refetch(keys.skills(id), keys.queues(id)),
    "policy.changed": () => refetch(keys.policy(id), keys.policyRevisions(id)),
    "role.changed": () => Promise.all([refetch(keys.roles(id)), held.refreshSession()]),
    "label.changed": () => refetch(keys.labels(id)),
    "attribute.changed": () => refetch(keys.attributes(id)),
    "canned.changed": () => refetch(keys.canned(id)),
    "view.changed": async (event) => {
      await refetch(keys.views(id)); // First: rows are judged by what is known of views.
      await refetch(keys.everyCount(id), keys.listsOf(id, subject(event)));
    },
    "contact.changed": (event) => contactChanged(subject(event)),
    "erasure.changed": erased,
    "organisation.changed": (event) => nextTime(keys.organisations(id), keys.organisation(id, subject(event)), keys.people(id)),
    // The page of an import follows it; what it makes tells of itself.
    "import.changed": carried,
    "connection.changed": () => refetch(keys.connections(id), keys.plugins(id), keys.everyPanel(id)),
    "connection.health_changed": () => refetch(keys.connections(id)),
    "approval.changed": () => refetch(keys.approvals(id)),
    "grant.changed": () => refetch(keys.plugins(id), keys.everyPanel(id)),
    "webhook.changed": (event) => refetch(keys.webhooks(id), keys.webhook(id, subject(event))),
    "conversation.created": () => checklistMoved("conversation"),
    "conversation.gone": (event) => cache.left(subject(event), Number(event.data?.["seq"] ?? 0)),
    skip: carried,
    "message.created": ({ change }) => change?.actor.kind === "agent" && checklistMoved("reply"),
    "note.created": carried,
    "message.edited": () => nextTime(keys.notifications(id)),
    "message.recalled": () => nextTime(keys.notifications(id)),
    "message.delivery": carried,
    "message.file": carried,
    "conversation.assigned": carried,
    "conversation.queued": carried,
    "conversation.offered": carried,
    "conversation.offer_ended": carried,
    "conversation.abandoned": carried,
    "conversation.resolved": carried,
    "conversation.reopened": carried,
    "conversation.snoozed": carried,
    "conversation.unsnoozed": carried,
    "conversation.identified": carried,
    "conversation.offline": carried,
    "conversation.event": carried,
    "conversation.read_by_contact": carried,
    "conversation.labeled": carried,
    "conversation.attributes": carried,
    "conversation.priority": carried,
    "conversation.participants": carried,
    "conversation.team": carried,
    "conversation.merged": carried,
    "conversation.absorbed": carried,
    "conversation.unmerged": carried,
    "rating.requested": carried,
    "rating.given": carried,
    "conversation.bot": carried,
    "finding.created": carried,
    "finding.dismissed": carried,
    "scheduled.created": scheduled,
    "scheduled.changed": scheduled,
    "scheduled.cancelled": scheduled,
    "scheduled.sent": scheduled,
    "scheduled.failed": scheduled,
    "ticket_type.changed": () => refetch(keys.ticketTypes(id)),
    "ticket.created": carried,
    "ticket.commented": carried,
    "ticket.status": carried,
    "ticket.assigned": carried,
    "ticket.edited": carried,
    "ticket.followers": carried,
    "ticket.linked": carried,
    "ticket.unlinked": carried,
    "ticket.labeled": carried,
    "ticket.merged": carried,
    "ticket.absorbed": carried,
    "ticket.unmerged": carried,
    "ticket.rated": carried,
    "ticket.overdue": carried,
    "ticket.gone": (event) => held.tickets.left(subject(event), Number(event.data?.["seq"] ?? 0)),
  };
}
