import { toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import { ticketText } from "@patchbay/client/member";
import type { TicketPatch } from "@patchbay/client/api";
import type { Ticket, TicketLinkKind, TicketPriority, TicketStatus } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { notifyDone, notifyFailed } from "@/ui/notices";
import { noteSeen } from "./seen";

/** What can be done with a ticket. The answer is shown at once; its event changes nothing more. */
export function useTicketActions(ticket: MaybeRefOrGetter<string>) {
  const { api, id: workspace } = useWorkspace();
  const { tickets } = useLive();
  const { t } = useI18n();

  function took(next: Ticket): Ticket {
    noteSeen(workspace, next.id, next.last_seq);
    tickets.takeTicket(next);
    return next;
  }

  /** Undefined when it was refused, which was said. */
  async function act(doing: (id: string) => Promise<Ticket>, done?: string): Promise<Ticket | undefined> {
    try {
      const next = took(await doing(toValue(ticket)));
      if (done) notifyDone(done);
      return next;
    } catch (error) {
      notifyFailed(error);
      return undefined;
    }
  }

  return {
    /** For a form that shows itself what is wrong. */
    save: async (patch: TicketPatch): Promise<Ticket> => took(await api.tickets.update(toValue(ticket), patch)),
    update: (patch: TicketPatch) => act((id) => api.tickets.update(id, patch)),
    setStatus: (status: TicketStatus) => act((id) => api.tickets.update(id, { status })),
    prioritise: (priority: TicketPriority) => act((id) => api.tickets.update(id, { priority })),
    assign: (to: { assignee_id?: string; team_id?: string; note?: string }, done?: string) => act((id) => api.tickets.assign(id, to), done),
    follow: (member: string, on: boolean) => act((id) => api.tickets.follow(id, member, on)),
    label: (labels: string[]) => act((id) => api.tickets.label(id, labels)),
    link: (kind: TicketLinkKind, other: string) => act((id) => api.tickets.link(id, kind, other)),
    unlink: (link: string) => act((id) => api.tickets.unlink(id, link)),
    unmerge: () => act((id) => api.tickets.unmerge(id), t("tickets.merge.undone")),
    /** Puts this ticket into another one; the notice has the way back. */
    merge: async (into: Ticket): Promise<boolean> => {
      const source = toValue(ticket);
      const merged = await act(() => api.tickets.merge(source, into.id));
      if (merged) notifyDone(t("tickets.merge.done", { number: ticketText(into.number) }), { label: t("tickets.undo"), run: () => void act(() => api.tickets.unmerge(source), t("tickets.merge.undone")) });
      return merged !== undefined;
    },
  };
}

export type TicketActions = ReturnType<typeof useTicketActions>;
