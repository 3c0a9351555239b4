package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// workTickets measures lists, boards, counts and search of tickets on both
// databases and prints it.
func workTickets(ctx context.Context, short bool) error {
	w := workload{conversations: 2000, each: 1, reads: 40, tickets: 100_000}
	if short {
		w = workload{conversations: 500, each: 1, reads: 20, tickets: 5000}
	}
	return onBoth(ctx, func(c store.Config) error { return measureTickets(ctx, w, c) })
}

func measureTickets(ctx context.Context, w workload, c store.Config) error {
	a, err := filledArchive(ctx, w, c)
	if err != nil {
		return err
	}
	defer a.close(ctx)
	fmt.Printf("\n%s: %d tickets with %d comments, written in %.0f s, indexed in %.0f s\n",
		c.Driver, w.tickets, w.tickets*ticketComments, a.filled.Seconds(), a.indexed.Seconds())
	bare, close1, err := barePage(ctx, c)
	if err != nil {
		return err
	}
	defer close1()
	work := ticket.NewService(ticket.Deps{
		Store: a.store.Tickets(), Reader: a.store.Tickets(), Conversations: a.conversations, Contacts: a.store.Contacts(),
		Teams: a.store.Teams(), Labels: a.store.Catalog(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	base, err := a.timed(ctx, 5*w.reads, []question{bare})
	if err != nil {
		return err
	}
	lists, err := a.timed(ctx, w.reads, a.ticketLists(work))
	if err != nil {
		return err
	}
	found, err := a.timed(ctx, w.reads, a.ticketSearches())
	if err != nil {
		return err
	}
	unit := quantile(base, 0.5)
	fmt.Printf("bench: %s tickets=%d bare_page_ms=%.2f list_p50_ms=%.1f list_p95_ms=%.1f list_to_bare=%.1f search_p50_ms=%.1f search_p95_ms=%.1f search_to_bare=%.1f\n",
		c.Driver, w.tickets, unit, quantile(lists, 0.5), quantile(lists, 0.95), quantile(lists, 0.5)/unit,
		quantile(found, 0.5), quantile(found, 0.95), quantile(found, 0.5)/unit)
	return nil
}

// barePage is the baseline: 50 rows of the table along one index, by the same
// driver, with nothing joined, checked or made of them.
func barePage(ctx context.Context, c store.Config) (question, func(), error) {
	d, err := db.Open(ctx, db.Config{Driver: c.Driver, Source: c.Source, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return question{}, nil, fmt.Errorf("open a database: %w", err)
	}
	const query = `SELECT ticket_id, number, title, description, status, priority, assignee_id, team_id, fields, labels, updated_at FROM ticket
WHERE workspace_id = ? AND status = 'open' ORDER BY updated_at DESC, ticket_id DESC LIMIT 50`
	return question{"bare: 50 rows along an index", func(ctx context.Context) (int, error) {
		n := 0
		err := d.Rows(ctx, query, []any{string(archiveWorkspace)}, func(sc db.Scanner) error {
			var id, title, description, status, team, fields, labels string
			var assignee *string
			var number, priority, updated int64
			n++
			return sc.Scan(&id, &number, &title, &description, &status, &priority, &assignee, &team, &fields, &labels, &updated)
		})
		return n, err //nolint:wrapcheck // named by who asks
	}}, func() { _ = d.Close(ctx) }, nil // it is thrown away
}

// ticketComments is how many comments a ticket has.
const ticketComments = 3

// fillTickets writes so many tickets: a quarter to be done, of 20 members,
// teams and labels, with fields and due dates, and comments on each.
func fillTickets(ctx context.Context, d *db.DB, w workload) error {
	const batch = 200 // eight rows of each
	r := rand.New(rand.NewPCG(3, 4))
	err := d.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		q := writer{tx, ctx}
		fields := `[{"key":"order","name":"Order","type":"text"},{"key":"seats","name":"Seats","type":"number"}]`
		q.do(`INSERT INTO ticket_type (workspace_id, type_id, name, description, fields, is_default, archived_at, created_at) VALUES (?, 'tty_archive', 'General', '', ?, 1, 0, 1)`,
			string(archiveWorkspace), fields)
		q.do(`UPDATE workspace SET last_ticket = ? WHERE workspace_id = ?`, int64(w.tickets), string(archiveWorkspace))
		return nil
	})
	for from := 0; from < w.tickets && err == nil; from += batch {
		err = d.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
			for n := from; n < min(from+batch, w.tickets); n++ {
				ticketRows(writer{tx, ctx}, r, n, w)
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("write tickets: %w", err)
	}
	return nil
}

func ticketRows(w writer, r *rand.Rand, n int, load workload) {
	ws, id := string(archiveWorkspace), fmt.Sprintf("tkt_%026d", n)
	began := time.Now().Add(-time.Duration(load.tickets-n) * 3 * time.Minute)
	last := began.Add(time.Duration(r.IntN(3000)) * time.Minute).UnixMicro()
	status, done := "closed", last
	if r.IntN(4) == 0 {
		status = pick(r, "new", "open", "open", "pending", "solved", "solved")
	}
	if status != "closed" && status != "solved" {
		done = 0
	}
	var assignee any
	if r.IntN(10) > 0 {
		assignee = archiveMember(r.IntN(archiveMembers))
	}
	due := int64(0)
	if r.IntN(5) == 0 {
		due = began.Add(time.Duration(r.IntN(20)) * 24 * time.Hour).UnixMicro()
	}
	label := ""
	if r.IntN(10) == 0 {
		label = fmt.Sprintf("lab_%d", min(r.IntN(40), 9))
	}
	title := []rune(sentence(r, n))
	text := string(title[:min(len(title), 60)])
	who := fmt.Sprintf("con_%026d", r.IntN(load.conversations))
	w.do(`INSERT INTO ticket (workspace_id, ticket_id, type_id, title, title_key, description, status, number, priority,
contact_id, contact_origin, conversation_id, inbox_id, source_id, assignee_id, team_id, followers, labels, fields, merged_into, merge_undo,
due_at, overdue_at, created_kind, created_by, created_name, created_at, updated_at, solved_at, closed_at,
rating_score, rating_comment, rating_at, link_epoch, last_seq, last_public_seq, comments)
VALUES (?, ?, 'tty_archive', ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, '', ?, ?, '', ?, ?, '', '', ?, ?, 'agent', ?, 'Agent', ?, ?, ?, ?, 0, '', 0, 0, ?, ?, ?)`,
		ws, id, text, strings.ToLower(text), sentence(r, n), status, int64(n+1), int64(1+r.IntN(4)), who, who, string(archiveInbox), assignee,
		pick(r, "", "", "tea_1", "tea_2"), label, fmt.Sprintf(`{"order":"PB-%d","seats":%d}`, r.IntN(load.tickets), r.IntN(50)), due, due,
		archiveMember(r.IntN(archiveMembers)), began.UnixMicro(), last, done, done, int64(1+ticketComments), int64(2), int64(ticketComments))
	if label != "" {
		w.do(`INSERT INTO ticket_label (workspace_id, ticket_id, label_id) VALUES (?, ?, ?)`, ws, id, label)
	}
	if r.IntN(20) == 0 {
		w.do(`INSERT INTO ticket_follower (workspace_id, ticket_id, member_id) VALUES (?, ?, ?)`, ws, id, archiveMember(r.IntN(archiveMembers)))
	}
	for seq := 1; seq <= 1+ticketComments; seq++ {
		typ, public := "ticket.commented", any(nil)
		if seq == 1 {
			typ, public = "ticket.created", int64(1)
		} else {
			w.do(`INSERT INTO ticket_comment (workspace_id, ticket_id, seq, comment_id, client_id, public, author_kind, author_id, author_name, text, mentions, files, created_at)
VALUES (?, ?, ?, ?, ?, 0, 'agent', ?, 'Agent', ?, '', 0, ?)`,
				ws, id, int64(seq), fmt.Sprintf("tcm_%018d%08d", n, seq), strconv.Itoa(seq), archiveMember(1), sentence(r, n+seq), began.UnixMicro())
		}
		w.do(`INSERT INTO ticket_change (workspace_id, ticket_id, seq, public_seq, change_id, type, at, actor_kind, actor_id, actor_name) VALUES (?, ?, ?, ?, ?, ?, ?, 'agent', ?, 'Agent')`,
			ws, id, int64(seq), public, fmt.Sprintf("chg_%018d%08d", n, seq), typ, began.UnixMicro(), archiveMember(1))
	}
}

// ticketLists are the ways in which tickets are listed, shown on a board and
// counted, by somebody who sees all and by members with a reach.
func (a *archive) ticketLists(work *ticket.Service) []question {
	node := func(s string) json.RawMessage { return json.RawMessage(s) }
	list := func(name string, scope identity.Scope, ask ticket.Ask) question {
		return question{name, func(ctx context.Context) (int, error) {
			p, err := work.Find(ctx, scope, ask, page.Request{Limit: 50})
			return len(p.Items), err
		}}
	}
	todo := `{"field":"status","op":"in","value":["new","open","pending"]}`
	own := a.owner.With(identity.Rights{Permissions: identity.Permissions(), Reach: identity.Reach{Kind: identity.ReachOwn, Member: identity.MemberID(archiveMember(7))}})
	team := a.owner.With(identity.Rights{Permissions: identity.Permissions(), Reach: identity.Reach{Kind: identity.ReachTeam, Member: identity.MemberID(archiveMember(7)), Teams: []string{"tea_1"}}})
	counts := func(name string, scope identity.Scope) question {
		return question{name, func(ctx context.Context) (int, error) {
			c, err := work.Counts(ctx, scope, ticket.Ask{})
			return c.ByStatus[ticket.Open], err
		}}
	}
	return []question{
		list("all, last changed", a.owner, ticket.Ask{}), list("to do, last changed", a.owner, ticket.Ask{Filter: node(todo)}),
		list("all, newest", a.owner, ticket.Ask{Sort: ticket.ByCreation}), list("to do, due first", a.owner, ticket.Ask{Filter: node(todo), Sort: ticket.ByDue}),
		list("all, most urgent", a.owner, ticket.Ask{Sort: ticket.ByPriority}),
		list("mine, to do", a.owner, ticket.Ask{Filter: node(`{"and":[` + todo + `,{"field":"assignee","op":"is","value":"me"}]}`)}),
		list("nobody's, to do", a.owner, ticket.Ask{Filter: node(`{"and":[` + todo + `,{"field":"assignee","op":"is_not_set"}]}`)}),
		list("due within three days, to do", a.owner, ticket.Ask{Filter: node(`{"and":[` + todo + `,{"field":"due_at","op":"between","value":[{"ago":"0s"},{"in":"3d"}]}]}`)}),
		list("overdue, to do", a.owner, ticket.Ask{Filter: node(`{"and":[` + todo + `,{"field":"due_at","op":"lt","value":{"ago":"1s"}}]}`)}),
		list("a rare label", a.owner, ticket.Ask{Filter: node(`{"field":"label","op":"has","value":"lab_3"}`)}),
		list("what I follow", a.owner, ticket.Ask{Filter: node(`{"field":"follower","op":"has","value":"me"}`)}),
		list("a number: T-4321", a.owner, ticket.Ask{Text: "T-4321"}), list("in the title: 退款", a.owner, ticket.Ask{Text: "退款"}),
		list("in the title, rare: 琉璃", a.owner, ticket.Ask{Text: "琉璃"}),
		list("a contact's", a.owner, ticket.Ask{Contact: "con_00000000000000000000000077"}),
		list("own reach, all", own, ticket.Ask{}), list("a team's reach, to do", team, ticket.Ask{Filter: node(todo)}),
		{"board", func(ctx context.Context) (int, error) {
			columns, err := work.Board(ctx, a.owner, ticket.Ask{}, 30)
			return len(columns), err
		}},
		counts("counts", a.owner), counts("counts, own reach", own), counts("counts, a team's reach", team),
	}
}

// ticketSearches are what people look for on tickets.
func (a *archive) ticketSearches() []question {
	ask := func(name string, q search.Question) question {
		return question{name, func(ctx context.Context) (int, error) {
			q.Page.Limit = 20
			got, err := a.search.Find(ctx, a.owner, q)
			return len(got.Items), err
		}}
	}
	tickets := func(text string) search.Question { return search.Question{Text: text, Kind: search.Ticket} }
	return []question{
		ask("tickets: T-4321", tickets("T-4321")), ask("tickets: 12, which many begin with", tickets("12")), ask("tickets, common: 退款", tickets("退款")),
		ask("tickets, rare: 琉璃", tickets("琉璃")), ask("tickets, a phrase: 申请换货", tickets("申请换货")), ask("tickets, two words: refund order", tickets("refund order")),
		ask("tickets, a contact's name: 李明", tickets("李明")), ask("tickets, a field: PB-4321", tickets("PB-4321")), ask("tickets, nothing: zzzz", tickets("zzzz")),
		ask("everything: 退款", search.Question{Text: "退款"}),
	}
}
