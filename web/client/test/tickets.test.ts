import { describe, expect, it } from "vitest";
import { aboutTicket, applyTicketChanges, applyTicketToPages, newerTicket, withLinked } from "../src/tickets";
import type { FeedEvent, ListPage, Ticket, TicketChange } from "../src/types";
import { answersAt, eventsIn, spans, tapes, typesOf, type Answers } from "./tape";

const tape = tapes.find(({ name }) => name === "tickets")!;
const ticketsIn = (answers: Answers) => Object.keys(answers).flatMap((path) => /^\/tickets\/(tkt_\w+)$/.exec(path)?.[1] ?? []);
const historyOf = (answers: Answers, id: string) => (answers[`/tickets/${id}/changes?limit=50`] as { items: TicketChange[] }).items;
const list = "/tickets?limit=50&sort=updated";

/** A client that fetched at one moment and applies what came since. */
class Held {
  pages: ListPage<Ticket>[];
  readonly rows: Map<string, Ticket>;
  readonly histories: Map<string, readonly TicketChange[]>;

  constructor(answers: Answers) {
    this.pages = [answers[list] as ListPage<Ticket>];
    this.rows = new Map(ticketsIn(answers).map((id) => [id, answers[`/tickets/${id}`] as Ticket]));
    this.histories = new Map(ticketsIn(answers).map((id) => [id, historyOf(answers, id)]));
  }

  take(event: FeedEvent): void {
    if (!aboutTicket(event)) return;
    const { ticket, ticket_change: change } = event;
    const row = newerTicket(this.rows.get(ticket.id), ticket);
    if (this.rows.has(ticket.id)) this.rows.set(ticket.id, row);
    for (const [id, other] of this.rows) this.rows.set(id, withLinked(other, row));
    this.pages = applyTicketToPages(this.pages, row);
    const history = this.histories.get(ticket.id);
    if (history && change) this.histories.set(ticket.id, applyTicketChanges(history, [change]));
  }
}

describe("the law for tickets", () => {
  it.each(["in order", "each twice"])("fetch and events, %s, are a later fetch", (way) => {
    for (const [from, to] of spans(tape)) {
      const held = new Held(answersAt(tape, from));
      const events = eventsIn(tape, from, to);
      for (const event of way === "in order" ? events : events.flatMap((event) => [event, event])) held.take(event);
      const then = answersAt(tape, to);
      const where = `${tape.steps[from]!.name} … ${tape.steps[to - 1]!.name}`;
      expect(held.pages, where).toEqual([then[list]]);
      for (const [id, row] of held.rows) expect(row, where).toEqual(then[`/tickets/${id}`]);
      for (const [id, history] of held.histories) expect(history, where).toEqual(historyOf(then, id));
    }
  });

  it("is told of every change there is", () => {
    const seen = new Set(eventsIn(tape, 0, tape.steps.length).flatMap((event) => event.ticket_change?.type ?? []));
    for (const change of ticketsIn(tape.start).flatMap((id) => historyOf(tape.start, id))) seen.add(change.type);
    expect([...seen].sort()).toEqual([...typesOf("TicketChange")].sort());
  });
});
