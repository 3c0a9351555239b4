package tickettest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// several makes tickets that differ in what lists look at.
func (d *desk) several() []ticket.Ticket {
	d.Helper()
	full := d.full()
	late := d.Tick().Add(time.Hour).Truncate(time.Millisecond)
	out := []ticket.Ticket{
		full, d.open(d.WS, ticket.Ticket{Title: "plain"}), d.open(d.WS, ticket.Ticket{Title: "URGENT 100%", Priority: ticket.Urgent}),
		d.open(d.WS, ticket.Ticket{Title: "late", DueAt: late}), d.open(d.WS, ticket.Ticket{Title: "low", Priority: ticket.Low, Contact: full.Contact}),
	}
	d.work(out[4].ID, func(t *ticket.Ticket) error { return t.SetStatus(d.turn(d.owner()), ticket.Pending, ticket.Type{}) })
	d.work(out[1].ID, func(t *ticket.Ticket) error { return t.SetStatus(d.turn(d.owner()), ticket.Solved, ticket.Type{}) })
	return out
}

func (d *desk) titles(q ticket.Query, limit int) []string {
	d.Helper()
	if q.Sort == "" {
		q.Sort = ticket.ByUpdate
	}
	if q.Reach.Same(identity.Reach{}) {
		q.Reach = identity.Everywhere()
	}
	out := []string{}
	for cursor := ""; ; {
		found, err := d.f.Reader.Find(d.Context(), d.WS, q, page.Request{Limit: limit, Cursor: cursor})
		d.OK(err)
		for _, t := range found.Items {
			out = append(out, t.Title)
		}
		if cursor = found.Next; cursor == "" {
			return out
		}
	}
}

func lists(d *desk) {
	all := d.several()
	for sort, want := range map[ticket.Sort][]string{
		ticket.ByUpdate:   {"plain", "low", "late", "URGENT 100%", "Broken 坏了"},
		ticket.ByCreation: {"low", "late", "URGENT 100%", "plain", "Broken 坏了"},
		ticket.ByDue:      {"Broken 坏了", "late", "plain", "low", "URGENT 100%"},
		ticket.ByPriority: {"URGENT 100%", "Broken 坏了", "plain", "late", "low"},
	} {
		for _, limit := range []int{1, 2, 50} {
			d.same(string(sort), d.titles(ticket.Query{Sort: sort}, limit), want)
		}
	}
	d.same("of the conversation", d.titles(ticket.Query{Conversation: all[0].Conversation}, 50), []string{"Broken 坏了"})
	d.same("of the contact", d.titles(ticket.Query{Contact: all[0].Contact}, 50), []string{"low", "Broken 坏了"})
	for text, want := range map[string][]string{
		"T-2": {"plain"}, "2": {"plain"}, "#2": {"plain"}, "坏": {"Broken 坏了"}, "urgent": {"URGENT 100%"}, "0%": {"URGENT 100%"}, "%": {"URGENT 100%"}, "_": {},
	} {
		d.same("with "+text, d.titles(ticket.Query{Text: text}, 50), want)
	}
	stranger := d.Member(d.WS, "stranger@example.com", "Stranger", 5)
	d.same("out of reach", d.titles(ticket.Query{Reach: identity.Reach{Kind: identity.ReachOwn, Member: stranger.ID}}, 50), []string{})
	d.same("within a team's", d.titles(ticket.Query{Reach: identity.Reach{Kind: identity.ReachTeam, Member: stranger.ID, Teams: []string{string(all[0].Team)}}}, 50), []string{"Broken 坏了"})
	for _, teamless := range []bool{false, true} {
		inboxes := identity.Reach{Kind: identity.ReachTeam, Member: stranger.ID, Inboxes: []string{string(all[0].Inbox)}}
		want := []string{}
		if teamless {
			no := team.ID("")
			d.work(all[0].ID, func(t *ticket.Ticket) error { return t.Assign(d.turn(d.owner()), ticket.Destination{Team: &no}) })
			want = []string{"Broken 坏了"}
		}
		d.same("within an inbox's", d.titles(ticket.Query{Reach: inboxes}, 50), want)
	}
	d.same("of a reach that is none", d.titles(ticket.Query{Reach: identity.Reach{Member: d.Owner.ID}}, 50), []string{})
	d.same("within the owner's", len(d.titles(ticket.Query{Reach: identity.Reach{Kind: identity.ReachOwn, Member: d.Owner.ID}}, 50)), 5)
	if _, err := d.f.Reader.Find(d.Context(), d.WS, ticket.Query{Sort: ticket.ByUpdate, Reach: identity.Everywhere()}, page.Request{Cursor: "nonsense"}); !errs.Is(err, errs.Invalid) {
		d.Errorf("a cursor of nobody's: %v", err)
	}
}

func filters(d *desk) {
	full := d.several()[0]
	registry := ticket.Registry([]ticket.Type{{Fields: []ticket.Field{
		{Key: "plan", Type: catalog.Text}, {Key: "seats", Type: catalog.Number}, {Key: "paid", Type: catalog.Boolean},
	}}})
	for _, c := range []struct {
		raw  string
		want []string
	}{
		{`{"field":"status","op":"in","value":["pending","solved"]}`, []string{"plain", "low"}},
		{`{"field":"priority","op":"is","value":"urgent"}`, []string{"URGENT 100%"}},
		{`{"field":"assignee","op":"is","value":"me"}`, []string{"Broken 坏了"}},
		{`{"field":"assignee","op":"is_not_set"}`, []string{"plain", "low", "late", "URGENT 100%"}},
		{`{"field":"team","op":"is","value":"mine"}`, []string{"Broken 坏了"}},
		{`{"field":"follower","op":"has","value":"me"}`, []string{"Broken 坏了"}},
		{`{"field":"label","op":"has","value":"` + string(full.Labels[0]) + `"}`, []string{"Broken 坏了"}},
		{`{"field":"contact","op":"is","value":"` + string(full.Contact) + `"}`, []string{"low", "Broken 坏了"}},
		{`{"field":"inbox","op":"is_set"}`, []string{"Broken 坏了"}},
		{`{"field":"type","op":"is","value":"` + string(full.Type) + `"}`, []string{"plain", "low", "late", "URGENT 100%", "Broken 坏了"}},
		{`{"field":"due_at","op":"is_set"}`, []string{"late", "Broken 坏了"}},
		{`{"field":"solved_at","op":"is_set"}`, []string{"plain"}},
		{`{"field":"number","op":"gte","value":4}`, []string{"low", "late"}},
		{`{"field":"title","op":"contains","value":"100%"}`, []string{"URGENT 100%"}},
		{`{"field":"fields.seats","op":"gt","value":12}`, []string{"Broken 坏了"}},
		{`{"field":"fields.paid","op":"is","value":false}`, []string{"plain", "low", "late", "URGENT 100%"}},
		{`{"or":[{"field":"number","op":"is","value":2},{"not":{"field":"priority","op":"in","value":["normal","high","low"]}}]}`, []string{"plain", "URGENT 100%"}},
		{`{"field":"fields.plan","op":"is","value":"专业"}`, []string{"Broken 坏了"}},
	} {
		raw, want := c.raw, c.want
		n, err := filter.Parse(json.RawMessage(raw), registry)
		d.OK(err)
		plan := n.Plan(filter.Env{Now: d.Tick(), Me: string(d.Owner.ID), Teams: []string{string(full.Team)}})
		d.same(raw, d.titles(ticket.Query{Where: plan}, 50), want)
		got, err := d.f.Reader.Counts(d.Context(), d.WS, ticket.Query{Where: plan, Reach: identity.Everywhere()}, d.Tick(), 1000)
		d.OK(err)
		sum := 0
		for _, n := range got.ByStatus {
			sum += n
		}
		d.same("counted: "+raw, sum, len(want))
	}
}

func counts(d *desk) {
	d.several()
	ask := func(at time.Time, most int) ticket.Counts {
		got, err := d.f.Reader.Counts(d.Context(), d.WS, ticket.Query{Reach: identity.Everywhere()}, at, most)
		d.OK(err)
		for status, n := range got.ByStatus {
			if n == 0 {
				delete(got.ByStatus, status)
			}
		}
		return got
	}
	d.same("counts", ask(d.Tick(), 1000), ticket.Counts{
		ByStatus: map[ticket.Status]int{ticket.New: 2, ticket.Open: 1, ticket.Pending: 1, ticket.Solved: 1}, Overdue: 1,
	})
	d.same("counts up to one, later", ask(d.Tick().Add(2*time.Hour), 1), ticket.Counts{
		ByStatus: map[ticket.Status]int{ticket.New: 1, ticket.Open: 1, ticket.Pending: 1, ticket.Solved: 1}, Overdue: 1,
	})
}

func types(d *desk) {
	all, err := d.f.Reader.Types(d.Context(), d.WS)
	d.OK(err)
	if len(all) != 1 || !all[0].Default || all[0].Name == "" {
		d.Fatalf("a workspace is born with %s", conversationtest.Show(all))
	}
	more := ticket.Type{
		Workspace: d.WS, ID: ticket.TypeID(d.IDs.New("tty")), Name: "Parcel", Description: "x", CreatedAt: d.Tick(), ArchivedAt: d.Tick(),
		Fields: []ticket.Field{{Key: "carrier", Name: "Carrier", Type: catalog.List, Options: []string{"SF", "EMS"}, Required: true, Public: true}},
	}
	e := func(id ticket.TypeID) event.Event {
		return event.Event{ID: d.IDs.New("chg"), Workspace: string(d.WS), Type: ticket.TypeChanged, Subject: string(id), At: d.Tick(), Data: []byte(`{}`)}
	}
	within := func(fn func(ctx context.Context, tx ticket.Tx) error) { d.OK(d.f.Store.Within(d.Context(), d.WS, fn)) }
	within(func(ctx context.Context, tx ticket.Tx) error {
		if _, err := tx.Types(ctx); err != nil {
			return err
		}
		return tx.SaveType(ctx, more, e(more.ID))
	})
	got, err := d.f.Reader.Types(d.Context(), d.WS)
	d.OK(err)
	d.same("types", got, []ticket.Type{all[0], more})
	d.open(d.WS, ticket.Ticket{Title: "x", Type: more.ID})
	within(func(ctx context.Context, tx ticket.Tx) error {
		gone, err := tx.DeleteType(ctx, more.ID, e(more.ID))
		if gone {
			d.Error("a type that is used was deleted")
		}
		return err
	})
	within(func(ctx context.Context, tx ticket.Tx) error {
		gone, err := tx.DeleteType(ctx, all[0].ID, e(all[0].ID))
		if !gone {
			d.Error("a type that is not used stays")
		}
		return err
	})
}

func swept(d *desk) {
	all := d.several()
	refs, err := d.f.Reader.Overdue(d.Context(), d.Tick(), 10)
	d.OK(err)
	if len(refs) != 1 || refs[0].ID != all[0].ID || refs[0].Workspace != d.WS {
		d.Errorf("overdue: %v", refs)
	}
	d.work(all[0].ID, func(t *ticket.Ticket) error {
		if !t.PassDue(d.turn(identity.Actor{Kind: identity.ActorSystem})) {
			d.Error("not recorded")
		}
		return nil
	})
	refs, err = d.f.Reader.Overdue(d.Context(), d.Tick(), 10)
	d.OK(err)
	d.same("overdue twice", len(refs), 0)
	closeAfter := func(days int) {
		_, err := d.f.Workspaces.ChangeWorkspace(d.Context(), d.WS, func(w *identity.Workspace) error {
			w.Settings.CloseTickets = days
			return nil
		})
		d.OK(err)
	}
	closeAfter(0)
	refs, err = d.f.Reader.SolvedLong(d.Context(), d.Tick().Add(400*24*time.Hour), 10)
	d.OK(err)
	d.same("where nothing closes by itself", len(refs), 0)
	closeAfter(7)
	refs, err = d.f.Reader.SolvedLong(d.Context(), d.Tick().Add(6*24*time.Hour), 10)
	d.OK(err)
	d.same("after six days", len(refs), 0)
	refs, err = d.f.Reader.SolvedLong(d.Context(), d.Tick().Add(8*24*time.Hour), 10)
	d.OK(err)
	d.same("after eight", refs, []ticket.Ref{{Workspace: d.WS, ID: all[1].ID, CloseAfter: 7 * 24 * time.Hour}})
}

func hydrated(d *desk) {
	t := d.full()
	d.work(t.ID, func(t *ticket.Ticket) error {
		_, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: "a", Text: "x"})
		return err
	})
	events, err := d.f.Conversations.Log.Since(d.Context(), string(d.WS), 0, 500)
	d.OK(err)
	changes, tickets, err := d.f.Reader.HydrateTickets(d.Context(), d.WS, events)
	d.OK(err)
	var got []ticket.Change
	for _, e := range events {
		if ch, ok := changes[e.ID]; ok {
			got = append(got, ch)
		}
	}
	d.same("changes", got, d.history(t.ID))
	d.same("tickets", tickets, map[ticket.ID]ticket.Ticket{t.ID: d.get(t.ID)})
}

func referring(d *desk) {
	t := d.full()
	d.open(d.WS, ticket.Ticket{Title: "x"})
	for name, to := range map[string]conversation.Reference{"label": {Label: t.Labels[0]}, "team": {Team: t.Team}} {
		ids, err := d.f.Reader.Referring(d.Context(), d.WS, to, 10)
		d.OK(err)
		if !slices.Equal(ids, []ticket.ID{t.ID}) {
			d.Errorf("of the %s: %v", name, ids)
		}
	}
}
