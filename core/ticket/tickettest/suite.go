package tickettest

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
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

// Fixture is what the suite runs on: empty stores of one database.
type Fixture struct {
	Store         ticket.Store
	Reader        ticket.Reader
	Conversations conversationtest.Fixture
}

// desk is a workspace with people, customers and tickets.
type desk struct {
	*conversationtest.World
	f Fixture
}

// Run checks a store against what its ports say.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*desk){
		"what is saved comes back":                   saved,
		"numbers and sequences have no gap":          gapless,
		"a transaction that fails leaves nothing":    atomic,
		"another workspace's things are absent":      foreign,
		"links have two ends":                        links,
		"a comment is found by its client id":        sent,
		"a history is read both ways":                history,
		"lists select, sort and go on":               lists,
		"a filter selects what it means":             filters,
		"counts are what lists hold":                 counts,
		"types come, change and go":                  types,
		"what time has done is found":                swept,
		"events are hydrated":                        hydrated,
		"a label and a team are found by who refers": referring,
	} {
		t.Run(name, func(t *testing.T) {
			f := fresh(t)
			test(&desk{World: conversationtest.NewWorld(t, f.Conversations), f: f})
		})
	}
}

func (d *desk) turn(actor identity.Actor) ticket.Turn {
	return ticket.Turn{Actor: actor, At: d.Tick(), IDs: d.IDs}
}

func (d *desk) owner() identity.Actor {
	return identity.Actor{Kind: identity.ActorMember, ID: string(d.Owner.ID), Name: d.Owner.Name}
}

// open makes a ticket in a workspace.
func (d *desk) open(w identity.WorkspaceID, like ticket.Ticket) ticket.Ticket {
	d.Helper()
	var out ticket.Ticket
	d.OK(d.f.Store.Within(d.Context(), w, func(ctx context.Context, tx ticket.Tx) error {
		all, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		like.Workspace = w
		if like.Type == "" {
			like.Type = all[0].ID
		}
		t := ticket.Start(d.turn(d.owner()), like)
		err = tx.Save(ctx, t)
		out = *t
		return err
	}))
	return out
}

// work changes a ticket and returns it as it is read then.
func (d *desk) work(id ticket.ID, fn func(t *ticket.Ticket) error) ticket.Ticket {
	d.Helper()
	d.OK(d.try(d.WS, id, fn))
	return d.get(id)
}

func (d *desk) try(w identity.WorkspaceID, id ticket.ID, fn func(t *ticket.Ticket) error) error {
	return d.f.Store.Within(d.Context(), w, func(ctx context.Context, tx ticket.Tx) error {
		t, err := tx.Ticket(ctx, id)
		if err != nil {
			return err
		}
		if err := fn(t); err != nil {
			return err
		}
		return tx.Save(ctx, t)
	})
}

func (d *desk) get(id ticket.ID) ticket.Ticket {
	d.Helper()
	t, err := d.f.Reader.Get(d.Context(), d.WS, id)
	d.OK(err)
	return t
}

func (d *desk) history(id ticket.ID) []ticket.Change {
	d.Helper()
	zero := uint64(0)
	out, err := d.f.Reader.Timeline(d.Context(), d.WS, id, conversation.Range{After: &zero, Limit: 500})
	d.OK(err)
	return out
}

func (d *desk) same(what string, got, want any) {
	d.Helper()
	if !reflect.DeepEqual(got, want) {
		d.Errorf("%s is\n%s\nwant\n%s", what, conversationtest.Show(got), conversationtest.Show(want))
	}
}

// full makes a ticket in which every part has a value.
func (d *desk) full() ticket.Ticket {
	d.Helper()
	talk := d.Receive(d.Inbox, "ext", "m1", "broken")
	vip, sales := d.Label(d.WS, "VIP"), d.Team(d.WS, "Sales")
	return d.open(d.WS, ticket.Ticket{
		Title: "Broken 坏了", Description: "two\nlines", Priority: ticket.High, Contact: talk.Contact, Conversation: talk.ID, Inbox: talk.Inbox,
		Assignee: d.Owner.ID, Team: sales, Followers: []identity.MemberID{d.Owner.ID}, DueAt: d.Tick().Truncate(time.Millisecond),
		Fields: map[string]any{"plan": "专业", "seats": 12.5, "paid": true}, Labels: []catalog.LabelID{vip},
	})
}

func saved(d *desk) {
	made := d.full()
	got := d.get(made.ID)
	if got.Number != 1 || got.Status != ticket.Open || got.AssigneeName != d.Owner.Name || got.ContactName == "" && got.Contact == "" {
		d.Errorf("it comes back as %s", conversationtest.Show(got))
	}
	made.ContactName, made.AssigneeName, made.Organisation = got.ContactName, got.AssigneeName, got.Organisation
	made.Saved()
	got.Loaded()
	d.same("the ticket", got, made)
	got = d.work(made.ID, func(t *ticket.Ticket) error {
		t.VoidLinks()
		return t.SetStatus(d.turn(d.owner()), ticket.Solved, ticket.Type{})
	})
	got = d.work(got.ID, func(t *ticket.Ticket) error {
		return t.Rate(d.turn(d.owner()), ticket.Rating{Score: 4, Comment: "不错"})
	})
	if got.Rating == nil || got.Rating.Score != 4 || got.Rating.Comment != "不错" || got.SolvedAt.IsZero() || got.LinkEpoch != 1 {
		d.Errorf("after rating: %s", conversationtest.Show(got))
	}
	by, err := d.f.Reader.OfLink(d.Context(), made.ID)
	d.OK(err)
	d.same("by its id alone", by.Number, got.Number)
}

func gapless(d *desk) {
	for want := uint64(1); want < 4; want++ {
		if got := d.open(d.WS, ticket.Ticket{Title: "x"}).Number; got != want {
			d.Errorf("number %d, want %d", got, want)
		}
	}
	t := d.full()
	d.work(t.ID, func(t *ticket.Ticket) error {
		_, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: "a", Text: "secret"})
		return err
	})
	d.work(t.ID, func(t *ticket.Ticket) error {
		_, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: "b", Text: "hello", Public: true})
		return err
	})
	var public uint64
	for i, ch := range d.history(t.ID) {
		if ch.Seq != uint64(i+1) {
			d.Errorf("change %d has seq %d", i+1, ch.Seq)
		}
		if ch.PublicSeq > 0 {
			if public++; ch.PublicSeq != public {
				d.Errorf("public seq %d, want %d", ch.PublicSeq, public)
			}
		}
		if ch.Comment != nil && ch.Comment.Public != (ch.PublicSeq > 0) {
			d.Errorf("%s is numbered %d for the customer", ch.Comment.Text, ch.PublicSeq)
		}
	}
	if public != 2 {
		d.Errorf("the customer knows of %d changes", public)
	}
}

func atomic(d *desk) {
	t := d.full()
	before := d.get(t.ID)
	head, err := d.f.Conversations.Log.Head(d.Context(), string(d.WS))
	d.OK(err)
	err = d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
		t, err := tx.Ticket(ctx, t.ID)
		if err != nil {
			return err
		}
		if _, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: "a", Text: "x"}); err != nil {
			return err
		}
		if err := tx.Save(ctx, t); err != nil {
			return err
		}
		return errs.New(errs.Conflict, "test", "no")
	})
	if !errs.Is(err, errs.Conflict) {
		d.Errorf("the failure comes back as %v", err)
	}
	d.same("the ticket", d.get(t.ID), before)
	after, err := d.f.Conversations.Log.Head(d.Context(), string(d.WS))
	d.OK(err)
	d.same("the feed", after, head)
}

func foreign(d *desk) {
	abroad, _ := d.Workspace("other@example.com")
	t := d.full()
	if _, err := d.f.Reader.Get(d.Context(), abroad, t.ID); !errs.Is(err, errs.NotFound) {
		d.Errorf("read from abroad: %v", err)
	}
	if err := d.try(abroad, t.ID, func(*ticket.Ticket) error { return nil }); !errs.Is(err, errs.NotFound) {
		d.Errorf("changed from abroad: %v", err)
	}
	for name, like := range map[string]ticket.Ticket{
		"contact": {Contact: t.Contact}, "conversation": {Conversation: t.Conversation}, "assignee": {Assignee: t.Assignee},
		"team": {Team: t.Team}, "type": {Type: t.Type},
	} {
		err := d.f.Store.Within(d.Context(), abroad, func(ctx context.Context, tx ticket.Tx) error {
			all, err := tx.Types(ctx)
			if err != nil {
				return err
			}
			like.Workspace, like.Title = abroad, "x"
			if like.Type == "" {
				like.Type = all[0].ID
			}
			return tx.Save(ctx, ticket.Start(d.turn(d.owner()), like))
		})
		if !errs.Is(err, errs.NotFound) {
			d.Errorf("a ticket with a foreign %s: %v", name, err)
		}
	}
	if n := d.open(abroad, ticket.Ticket{Title: "first"}).Number; n != 1 {
		d.Errorf("the first ticket abroad has number %d", n)
	}
	found, err := d.f.Reader.Find(d.Context(), abroad, ticket.Query{Sort: ticket.ByUpdate, Reach: identity.Everywhere()}, page.Request{})
	d.OK(err)
	d.same("tickets abroad", len(found.Items), 1)
}

func (d *desk) pair(a, b ticket.ID, fn func(a, b *ticket.Ticket) error) error {
	return d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
		x, err := tx.Ticket(ctx, a)
		if err != nil {
			return err
		}
		y, err := tx.Ticket(ctx, b)
		if err != nil {
			return err
		}
		if err := fn(x, y); err != nil {
			return err
		}
		if err := tx.Save(ctx, x); err != nil {
			return err
		}
		return tx.Save(ctx, y)
	})
}

func links(d *desk) {
	a, b := d.open(d.WS, ticket.Ticket{Title: "a"}), d.open(d.WS, ticket.Ticket{Title: "b"})
	var made ticket.Link
	d.OK(d.pair(a.ID, b.ID, func(a, b *ticket.Ticket) (err error) {
		made, err = a.Link(d.turn(d.owner()), ticket.Blocks, b)
		return err
	}))
	d.work(b.ID, func(t *ticket.Ticket) error {
		title := "renamed"
		return t.Edit(d.turn(d.owner()), ticket.Edit{Title: &title}, ticket.Type{ID: t.Type})
	})
	d.same("one end", d.get(a.ID).Links, []ticket.Link{{ID: made.ID, Kind: ticket.Blocks, Ticket: b.ID, Number: 2, Title: "renamed", Status: ticket.New}})
	d.same("the other", d.get(b.ID).Links, []ticket.Link{{ID: made.ID, Kind: ticket.BlockedBy, Ticket: a.ID, Number: 1, Title: "a", Status: ticket.New}})
	d.OK(d.pair(a.ID, b.ID, func(a, b *ticket.Ticket) error { return a.Unlink(d.turn(d.owner()), made.ID, b) }))
	d.same("gone", len(d.get(a.ID).Links)+len(d.get(b.ID).Links), 0)

	d.OK(d.pair(a.ID, b.ID, func(a, b *ticket.Ticket) error { return a.MergeInto(d.turn(d.owner()), b, false) }))
	merged := d.get(a.ID)
	if merged.MergedInto != b.ID || merged.Before == nil || merged.Status != ticket.Closed {
		d.Errorf("merged: %s", conversationtest.Show(merged))
	}
	d.OK(d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
		yes, err := tx.Absorbs(ctx, b.ID)
		no, err2 := tx.Absorbs(ctx, a.ID)
		if !yes || no || err2 != nil {
			d.Errorf("absorbs: %v %v %v", yes, no, err2)
		}
		return err
	}))
	found, err := d.f.Reader.Find(d.Context(), d.WS, ticket.Query{Sort: ticket.ByUpdate, Reach: identity.Everywhere()}, page.Request{})
	d.OK(err)
	d.same("in the list", len(found.Items), 1)
	d.OK(d.pair(a.ID, b.ID, func(a, b *ticket.Ticket) error { return a.Unmerge(d.turn(d.owner()), b) }))
	if back := d.get(a.ID); back.Status != ticket.New || back.MergedInto != "" || !back.ClosedAt.IsZero() {
		d.Errorf("unmerged: %s", conversationtest.Show(back))
	}
}

func sent(d *desk) {
	t := d.full()
	var ch *ticket.Change
	d.work(t.ID, func(t *ticket.Ticket) (err error) {
		ch, err = t.Comment(d.turn(d.owner()), ticket.Written{
			ClientID: "a", Text: "@Lin", Mentions: []ticket.Mention{{Member: d.Owner.ID, Name: d.Owner.Name}},
		})
		return err
	})
	d.OK(d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
		found, err := tx.Sent(ctx, t.ID, string(d.Owner.ID), "a")
		if err != nil {
			return err
		}
		d.same("the comment", *found, stored(*ch))
		other, err := tx.Sent(ctx, t.ID, "mem_other", "a")
		if other != nil {
			d.Errorf("another author's: %v", other)
		}
		return err
	}))
}

func history(d *desk) {
	t := d.open(d.WS, ticket.Ticket{Title: "x"})
	for i := range 6 {
		d.work(t.ID, func(t *ticket.Ticket) error {
			_, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: string(rune('a' + i)), Text: "x", Public: i%2 == 0})
			return err
		})
	}
	seqs := func(r conversation.Range) []uint64 {
		all, err := d.f.Reader.Timeline(d.Context(), d.WS, t.ID, r)
		d.OK(err)
		out := make([]uint64, len(all))
		for i, ch := range all {
			if out[i] = ch.Seq; r.Public {
				out[i] = ch.PublicSeq
			}
		}
		return out
	}
	two := uint64(2)
	d.same("the newest", seqs(conversation.Range{Limit: 2}), []uint64{7, 8})
	d.same("before 4", seqs(conversation.Range{Before: 4, Limit: 2}), []uint64{2, 3})
	d.same("after 2", seqs(conversation.Range{After: &two, Limit: 2}), []uint64{3, 4})
	d.same("the newest public", seqs(conversation.Range{Public: true, Limit: 2}), []uint64{4, 5})
	d.same("public after 2", seqs(conversation.Range{Public: true, After: &two, Limit: 2}), []uint64{3, 4})
}

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
	for raw, want := range map[string][]string{
		`{"field":"status","op":"in","value":["pending","solved"]}`:             {"plain", "low"},
		`{"field":"priority","op":"is","value":"urgent"}`:                       {"URGENT 100%"},
		`{"field":"assignee","op":"is","value":"me"}`:                           {"Broken 坏了"},
		`{"field":"assignee","op":"is_not_set"}`:                                {"plain", "low", "late", "URGENT 100%"},
		`{"field":"team","op":"is","value":"mine"}`:                             {"Broken 坏了"},
		`{"field":"follower","op":"has","value":"me"}`:                          {"Broken 坏了"},
		`{"field":"label","op":"has","value":"` + string(full.Labels[0]) + `"}`: {"Broken 坏了"},
		`{"field":"contact","op":"is","value":"` + string(full.Contact) + `"}`:  {"low", "Broken 坏了"},
		`{"field":"inbox","op":"is_set"}`:                                       {"Broken 坏了"},
		`{"field":"type","op":"is","value":"` + string(full.Type) + `"}`:        {"plain", "low", "late", "URGENT 100%", "Broken 坏了"},
		`{"field":"due_at","op":"is_set"}`:                                      {"late", "Broken 坏了"},
		`{"field":"solved_at","op":"is_set"}`:                                   {"plain"},
		`{"field":"number","op":"gte","value":4}`:                               {"low", "late"},
		`{"field":"title","op":"contains","value":"100%"}`:                      {"URGENT 100%"},
		`{"field":"fields.plan","op":"is","value":"专业"}`:                        {"Broken 坏了"},
		`{"field":"fields.seats","op":"gt","value":12}`:                         {"Broken 坏了"},
		`{"field":"fields.paid","op":"is","value":false}`:                       {"plain", "low", "late", "URGENT 100%"},
		`{"or":[{"field":"number","op":"is","value":2},{"not":{"field":"priority","op":"in","value":["normal","high","low"]}}]}`: {"plain", "URGENT 100%"},
	} {
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
