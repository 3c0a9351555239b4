package conversationtest

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// receiveIn is TryReceive inside a transaction of the World's workspace.
func (w *World) receiveIn(ctx context.Context, tx conversation.Tx, external, clientID string, at time.Time) (*conversation.Conversation, error) {
	ids := id.NewSource(func() time.Time { return at })
	who, err := tx.Contacts().ByIdentity(ctx, string(w.Inbox.ID), external)
	if err != nil {
		return nil, err
	}
	if who == nil {
		who = &contact.Contact{Workspace: w.WS, ID: contact.ID(ids.New("con")), Name: external, CreatedAt: at, UpdatedAt: at}
		err := tx.Contacts().Create(ctx, *who, contact.Identity{Workspace: w.WS, Inbox: string(w.Inbox.ID), External: external, Contact: who.ID})
		if err != nil {
			return nil, err
		}
	}
	t := conversation.Turn{At: at, IDs: ids, Actor: identity.Actor{Kind: identity.ActorContact, ID: string(who.ID), Name: who.Name}}
	c, err := tx.Current(ctx, w.Inbox.ID, external)
	if err != nil {
		return nil, err
	}
	if c == nil {
		c = conversation.Start(t, w.Inbox, *who, external)
	}
	c.Receive(t, conversation.Words(clientID, "text"))
	return c, tx.Save(ctx, c)
}

func testTenants(w *World) {
	c := w.Receive(w.Inbox, "ext", "client", "secret")
	other, stranger := w.Workspace("stranger@example.com")
	ctx := w.Context()
	_, err := w.F.Reader.Get(ctx, other, c.ID)
	w.Fails(err, errs.NotFound)
	changes, err := w.F.Reader.Timeline(ctx, other, c.ID, conversation.Range{})
	w.OK(err)
	Same(w, len(changes), 0)
	p, err := w.F.Reader.List(ctx, other, conversation.Filter{Reach: identity.Everywhere()}, page.Request{})
	w.OK(err)
	Same(w, len(p.Items), 0)
	found, err := w.F.Reader.OfContact(ctx, other, w.Inbox.ID, "ext")
	if err != nil || found != nil {
		w.Fatalf("found %v, %v", found, err)
	}
	events, err := w.F.Log.Since(ctx, string(w.WS), 0, 10)
	w.OK(err)
	hydrated, rows, err := w.F.Reader.Hydrate(ctx, other, events)
	if err != nil || len(hydrated)+len(rows) != 0 {
		w.Fatalf("hydrated %v, %v, %v", hydrated, rows, err)
	}
	w.Fails(w.F.Marks.MarkRead(ctx, other, stranger.ID, c.ID, 1), errs.NotFound)
	w.Fails(w.F.Marks.MarkRead(ctx, w.WS, stranger.ID, c.ID, 1), errs.NotFound)
	w.OK(w.F.Store.Within(ctx, other, func(ctx context.Context, tx conversation.Tx) error {
		_, err := tx.Conversation(ctx, c.ID)
		if !errs.Is(err, errs.NotFound) {
			w.Errorf("another workspace's transaction loads it: %v", err)
		}
		if got, err := tx.Current(ctx, w.Inbox.ID, "ext"); err != nil || got != nil {
			w.Errorf("it is current there: %v, %v", got, err)
		}
		for _, sender := range []string{string(c.Contact), ""} {
			if got, err := tx.Sent(ctx, c.ID, sender, "client"); err != nil || got != nil {
				w.Errorf("it is sent there: %v, %v", got, err)
			}
		}
		if got, err := tx.Contacts().ByIdentity(ctx, string(w.Inbox.ID), "ext"); err != nil || got != nil {
			w.Errorf("its contact is known there: %v, %v", got, err)
		}
		return nil
	}))
	err = w.F.Store.Within(ctx, "wsp_none", func(context.Context, conversation.Tx) error { return nil })
	w.Fails(err, errs.NotFound)
}

// testReferences tries to make rows of one workspace refer to another's.
func testReferences(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "mine")
	other, stranger := w.Workspace("stranger@example.com")
	theirs := w.NewInbox(other, false)
	w.Fails(w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error {
		return c.Assign(w.System(), stranger.ID, stranger.Name, "member")
	}), errs.NotFound)
	smuggled := w.Get(c.ID)
	w.Fails(w.F.Store.Within(w.Context(), other, func(ctx context.Context, tx conversation.Tx) error {
		smuggled.AddNote(w.System(), conversation.Words("", "from outside"))
		return tx.Save(ctx, &smuggled)
	}), errs.NotFound)
	w.Fails(w.F.Store.Within(w.Context(), other, func(ctx context.Context, tx conversation.Tx) error {
		who := contact.Contact{Workspace: other, ID: c.Contact, Name: "mine"}
		fresh := conversation.Start(w.System(), theirs, who, "ext")
		return tx.Save(ctx, fresh)
	}), errs.NotFound)
	Same(w, w.Get(c.ID), c)
}

func testFilters(w *World) {
	b := w.Member(w.WS, "b@example.com", "B", 5)
	queued := w.Receive(w.Inbox, "queued", "", "a").ID
	mine := w.Receive(w.Inbox, "mine", "", "b").ID
	asleep := w.Receive(w.Live, "asleep", "", "c").ID
	done := w.Receive(w.Live, "done", "", "d").ID
	w.Change(mine, func(c *conversation.Conversation) error { return c.Assign(w.Turn(b), b.ID, b.Name, "member") })
	w.Change(asleep, func(c *conversation.Conversation) error { return c.Snooze(w.System(), w.now.Add(time.Hour)) })
	w.Change(done, func(c *conversation.Conversation) error {
		if err := c.Assign(w.Turn(b), b.ID, b.Name, "member"); err != nil {
			return err
		}
		c.Resolve(w.Turn(b))
		return nil
	})
	for _, x := range []struct {
		f    conversation.Filter
		want []conversation.ID
	}{
		{conversation.Filter{Reach: identity.Everywhere()}, []conversation.ID{done, asleep, mine, queued}},
		{conversation.Filter{Reach: identity.Everywhere(), State: conversation.Open}, []conversation.ID{mine, queued}},
		{conversation.Filter{Reach: identity.Everywhere(), State: conversation.Snoozed}, []conversation.ID{asleep}},
		{conversation.Filter{Reach: identity.Everywhere(), State: conversation.Resolved}, []conversation.ID{done}},
		{conversation.Filter{Reach: identity.Everywhere(), Assignee: b.ID}, []conversation.ID{done, mine}},
		{conversation.Filter{Reach: identity.Everywhere(), Assignee: b.ID, State: conversation.Open}, []conversation.ID{mine}},
		{conversation.Filter{Reach: identity.Everywhere(), Assignee: w.Owner.ID}, nil},
		{conversation.Filter{Reach: identity.Everywhere(), Unassigned: true}, []conversation.ID{asleep, queued}},
		{conversation.Filter{Reach: identity.Everywhere(), Unassigned: true, State: conversation.Open}, []conversation.ID{queued}},
		{conversation.Filter{Reach: identity.Everywhere(), Inbox: w.Live.ID}, []conversation.ID{done, asleep}},
		{conversation.Filter{Reach: identity.Everywhere(), Contact: w.Get(mine).Contact}, []conversation.ID{mine}},
		{conversation.Filter{Reach: identity.Everywhere(), Contact: "con_none"}, nil},
		{conversation.Filter{Reach: identity.Everywhere(), State: "'; --"}, nil},
	} {
		p, err := w.F.Reader.List(w.Context(), w.WS, x.f, page.Request{})
		w.OK(err)
		var got []conversation.ID
		for _, c := range p.Items {
			got = append(got, c.ID)
		}
		if fmt.Sprint(got) != fmt.Sprint(x.want) {
			w.Errorf("%+v gives %v, want %v", x.f, got, x.want)
		}
	}
}

func testPages(w *World) {
	const total = 9
	same := w.Tick()
	for n := range total { // three at each instant
		_, err := w.TryReceive(w.Inbox, fmt.Sprint("c", n), "", "x", same.Add(time.Duration(n/3)*time.Second))
		w.OK(err)
	}
	w.now = same.Add(time.Minute)
	seen := make(map[conversation.ID]int)
	r := page.Request{Limit: 2}
	for pages := 0; ; pages++ {
		p, err := w.F.Reader.List(w.Context(), w.WS, conversation.Filter{Reach: identity.Everywhere()}, r)
		w.OK(err)
		if len(p.Items) > 2 || pages > total {
			w.Fatalf("page %d has %d items", pages, len(p.Items))
		}
		for _, c := range p.Items {
			seen[c.ID]++
		}
		w.Receive(w.Inbox, fmt.Sprint("meanwhile", pages), "", "new")
		if r.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	Same(w, len(seen), total)
	for id, n := range seen {
		if n != 1 {
			w.Errorf("%s came %d times", id, n)
		}
	}
	_, err := w.F.Reader.List(w.Context(), w.WS, conversation.Filter{Reach: identity.Everywhere()}, page.Request{Cursor: "not ours"})
	w.Fails(err, errs.Invalid)
	_, err = w.F.Reader.List(w.Context(), w.WS, conversation.Filter{Reach: identity.Everywhere()}, page.Request{Cursor: page.Encode("1")})
	w.Fails(err, errs.Invalid)
}

func seqs(changes []conversation.Change, public bool) []uint64 {
	var out []uint64
	for _, ch := range changes {
		if public {
			out = append(out, ch.PublicSeq)
		} else {
			out = append(out, ch.Seq)
		}
	}
	return out
}

func testRanges(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first") // 3 changes
	for n := range 7 {
		w.Change(c.ID, func(c *conversation.Conversation) error {
			c.AddNote(w.Turn(w.Owner), conversation.Words("", strconv.Itoa(n)))
			return nil
		})
	}
	after := func(n uint64) *uint64 { return &n }
	for _, x := range []struct {
		r    conversation.Range
		want []uint64
	}{
		{conversation.Range{}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{conversation.Range{Limit: 3}, []uint64{8, 9, 10}},
		{conversation.Range{Before: 8, Limit: 3}, []uint64{5, 6, 7}},
		{conversation.Range{Before: 3, Limit: 5}, []uint64{1, 2}},
		{conversation.Range{Before: 1, Limit: 5}, nil},
		{conversation.Range{After: after(0), Limit: 2}, []uint64{1, 2}},
		{conversation.Range{After: after(8), Limit: 5}, []uint64{9, 10}},
		{conversation.Range{After: after(10), Limit: 5}, nil},
		{conversation.Range{After: after(1 << 60), Limit: 5}, nil},
		{conversation.Range{After: after(math.MaxUint64), Limit: 5}, nil},
		{conversation.Range{Before: math.MaxUint64, Limit: 2}, []uint64{9, 10}},
	} {
		got, err := w.F.Reader.Timeline(w.Context(), w.WS, c.ID, x.r)
		w.OK(err)
		Same(w, seqs(got, false), x.want)
	}
	got, err := w.F.Reader.Timeline(w.Context(), w.WS, "cnv_none", conversation.Range{})
	w.OK(err)
	Same(w, len(got), 0)
}

func testPublic(w *World) {
	c := w.Receive(w.Live, "ext", "", "first")
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("", "private"))
		_, err := c.Send(w.Turn(w.Owner), conversation.Words("", "answer")) // joins, then answers
		c.AddNote(w.Turn(w.Owner), conversation.Words("", "private too"))
		c.Resolve(w.Turn(w.Owner))
		return err
	})
	zero, two := uint64(0), uint64(2)
	all, err := w.F.Reader.Timeline(w.Context(), w.WS, c.ID, conversation.Range{Public: true, After: &zero, Limit: 100})
	w.OK(err)
	Same(w, seqs(all, true), []uint64{1, 2, 3, 4})
	for _, ch := range all {
		if ch.Message != nil && ch.Message.Kind == conversation.Note {
			w.Fatalf("the customer sees %+v", ch)
		}
	}
	some, err := w.F.Reader.Timeline(w.Context(), w.WS, c.ID, conversation.Range{Public: true, After: &two, Limit: 1})
	w.OK(err)
	Same(w, seqs(some, true), []uint64{3})
	newest, err := w.F.Reader.Timeline(w.Context(), w.WS, c.ID, conversation.Range{Public: true, Limit: 2})
	w.OK(err)
	Same(w, seqs(newest, true), []uint64{3, 4})
	older, err := w.F.Reader.Timeline(w.Context(), w.WS, c.ID, conversation.Range{Public: true, Before: 3, Limit: 1})
	w.OK(err)
	Same(w, seqs(older, true), []uint64{2})
}

func testHydrate(w *World) {
	one, two := w.Receive(w.Inbox, "one", "", "a"), w.Receive(w.Live, "two", "", "b")
	w.Change(one.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(w.Turn(w.Owner), conversation.Words("s", "answer"))
		return err
	})
	_, err := w.F.Contacts.Update(w.Context(), w.WS, one.Contact, func(c *contact.Contact) ([]event.Event, error) {
		c.Name = "Renamed"
		return []event.Event{{ID: w.IDs.New("chg"), Workspace: string(w.WS), Type: contact.Changed, Subject: string(c.ID), At: w.Tick(), Data: []byte(`{}`)}}, nil
	})
	w.OK(err)
	w.Change(two.ID, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("", "note"))
		return nil
	})
	events, err := w.F.Log.Since(w.Context(), string(w.WS), 0, 100)
	w.OK(err)
	changes, rows, err := w.F.Reader.Hydrate(w.Context(), w.WS, events)
	w.OK(err)
	all := append(w.Timeline(one.ID, 0), w.Timeline(two.ID, 0)...)
	Same(w, len(changes), len(all))
	for _, ch := range all {
		Same(w, changes[string(ch.ID)], ch)
	}
	Same(w, rows, map[conversation.ID]conversation.Conversation{one.ID: w.Get(one.ID), two.ID: w.Get(two.ID)})
	Same(w, rows[one.ID].ContactName, "Renamed")
	changes, rows, err = w.F.Reader.Hydrate(w.Context(), w.WS, events[len(events)-1:])
	w.OK(err)
	if len(changes) != 1 || len(rows) != 1 || changes[events[len(events)-1].ID].Message.Text != "note" {
		w.Fatalf("the last event gives %+v, %+v", changes, rows)
	}
	changes, rows, err = w.F.Reader.Hydrate(w.Context(), w.WS, nil)
	if err != nil || len(changes)+len(rows) != 0 {
		w.Fatalf("nothing gives %+v, %+v, %v", changes, rows, err)
	}
}

func testSnoozed(w *World) {
	ids := make([]conversation.ID, 3)
	base := w.Tick().Add(time.Hour)
	for n := range ids {
		ids[n] = w.Receive(w.Inbox, strconv.Itoa(n), "", "x").ID
		w.Change(ids[n], func(c *conversation.Conversation) error {
			return c.Snooze(w.System(), base.Add(-time.Duration(n)*time.Minute))
		})
	}
	w.Receive(w.Inbox, "awake", "", "x")
	due := func(now time.Time, limit int) []conversation.ID {
		refs, err := w.F.Reader.SnoozedUntil(w.Context(), now, limit)
		w.OK(err)
		var out []conversation.ID
		for _, r := range refs {
			Same(w, r.Workspace, w.WS)
			out = append(out, r.ID)
		}
		return out
	}
	Same(w, due(base.Add(-time.Hour), 10), nil)
	Same(w, due(base.Add(-time.Minute), 10), []conversation.ID{ids[2], ids[1]})
	Same(w, due(base, 1), []conversation.ID{ids[2]})
	w.Change(ids[2], func(c *conversation.Conversation) error { c.Reopen(w.System()); return nil })
	Same(w, due(base, 10), []conversation.ID{ids[1], ids[0]})
}

func testMarks(w *World) {
	b := w.Member(w.WS, "b@example.com", "B", 5)
	one, two := w.Receive(w.Inbox, "one", "", "a").ID, w.Receive(w.Inbox, "two", "", "b").ID
	read := func(m identity.Member) map[conversation.ID]uint64 {
		got, err := w.F.Marks.Read(w.Context(), w.WS, m.ID, []conversation.ID{one, two, "cnv_none"})
		w.OK(err)
		return got
	}
	Same(w, read(b), map[conversation.ID]uint64{one: 0, two: 0, "cnv_none": 0})
	for _, seq := range []uint64{2, 3, 1} {
		w.OK(w.F.Marks.MarkRead(w.Context(), w.WS, b.ID, one, seq))
	}
	Same(w, read(b), map[conversation.ID]uint64{one: 3, two: 0, "cnv_none": 0})
	Same(w, read(w.Owner), map[conversation.ID]uint64{one: 0, two: 0, "cnv_none": 0})
	none, err := w.F.Marks.Read(w.Context(), w.WS, b.ID, nil)
	w.OK(err)
	Same(w, len(none), 0)
	w.Fails(w.F.Marks.MarkRead(w.Context(), w.WS, b.ID, "cnv_none", 1), errs.NotFound)
}

func testVisitors(w *World) {
	v := conversation.Visitor{
		Workspace: w.WS, ID: conversation.VisitorID(w.IDs.New("vis")), Inbox: w.Live.ID, TokenHash: "hash", Name: "访客", Locale: "zh-CN",
		Attributes: map[string]string{"page": "/"}, CreatedAt: w.Tick(), ExpiresAt: w.now.Add(time.Hour),
	}
	w.OK(w.F.Visitors.CreateVisitor(w.Context(), v))
	w.Fails(w.F.Visitors.CreateVisitor(w.Context(), v), errs.Conflict)
	got, err := w.F.Visitors.Visitor(w.Context(), v.ID)
	w.OK(err)
	Same(w, got, v)
	want := v
	want.TokenHash, want.ExpiresAt = "fresh", v.ExpiresAt.Add(time.Hour)
	want.PreviousHash, want.PreviousUntil, want.Renewal = "hash", w.Tick(), "nonce"
	want.Name, want.Email, want.Phone, want.ConsentAt = "王芳", "wang@example.com", "+86", w.Tick()
	want.Attributes = map[string]string{"plan": "专业"}
	w.OK(w.F.Visitors.SaveVisitor(w.Context(), want))
	got, err = w.F.Visitors.Visitor(w.Context(), v.ID)
	w.OK(err)
	Same(w, got, want)
	_, err = w.F.Visitors.Visitor(w.Context(), "vis_none")
	w.Fails(err, errs.NotFound)
	want.ID = "vis_none"
	w.Fails(w.F.Visitors.SaveVisitor(w.Context(), want), errs.NotFound)
	other, _ := w.Workspace("stranger@example.com")
	foreign := v
	foreign.Workspace, foreign.ID = other, conversation.VisitorID(w.IDs.New("vis"))
	w.Fails(w.F.Visitors.CreateVisitor(w.Context(), foreign), errs.NotFound)
	foreign.ID = v.ID
	w.Fails(w.F.Visitors.SaveVisitor(w.Context(), foreign), errs.NotFound)
	bad := v
	bad.ID, bad.Name = conversation.VisitorID(w.IDs.New("vis")), "nul \x00"
	w.Fails(w.F.Visitors.CreateVisitor(w.Context(), bad), errs.Invalid)
}

func testPolicy(w *World) {
	got, err := w.F.Visitors.Policy(w.Context(), w.Live)
	if err != nil || got != nil {
		w.Fatalf("before any: %v, %v", got, err)
	}
	for _, want := range []channel.SessionAnswer{
		{Allow: true, Settings: []byte(`{"title":"你好"}`), Origins: []string{"https://example.com"}},
		{Allow: true, Attributes: map[string]string{"a": "b"}},
	} {
		w.OK(w.F.Visitors.SavePolicy(w.Context(), w.Live, want))
		got, err := w.F.Visitors.Policy(w.Context(), w.Live)
		w.OK(err)
		Same(w, *got, want)
	}
	changed := w.Live
	changed.ConfigRevision++
	if got, err := w.F.Visitors.Policy(w.Context(), changed); err != nil || got != nil {
		w.Fatalf("for another configuration: %v, %v", got, err)
	}
	w.OK(w.F.Visitors.SavePolicy(w.Context(), changed, channel.SessionAnswer{Reason: "new"}))
	got, err = w.F.Visitors.Policy(w.Context(), changed)
	w.OK(err)
	Same(w, *got, channel.SessionAnswer{Reason: "new"})
	nowhere := w.Live
	nowhere.ID = "inb_none"
	w.Fails(w.F.Visitors.SavePolicy(w.Context(), nowhere, channel.SessionAnswer{}), errs.NotFound)
}

func testCurrent(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first")
	got, err := w.F.Reader.OfContact(w.Context(), w.WS, w.Inbox.ID, "ext")
	w.OK(err)
	Same(w, *got, c)
	for _, miss := range []struct {
		inbox    channel.InboxID
		external string
	}{{w.Inbox.ID, "nobody"}, {w.Live.ID, "ext"}, {"inb_none", "ext"}} {
		if got, err := w.F.Reader.OfContact(w.Context(), w.WS, miss.inbox, miss.external); err != nil || got != nil {
			w.Fatalf("%+v finds %v, %v", miss, got, err)
		}
	}
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Current(ctx, w.Inbox.ID, "ext")
		w.check(err)
		if got == nil || got.ID != c.ID {
			w.Errorf("the current one is %+v", got)
		}
		none, err := tx.Current(ctx, w.Live.ID, "ext")
		w.check(err)
		if none != nil {
			w.Errorf("in another inbox it is %+v", none)
		}
		return nil
	}))
	again := w.Receive(w.Inbox, "ext", "", "second")
	Same(w, again.ID, c.ID)
	w.Fails(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		second := conversation.Start(w.System(), w.Inbox, contact.Contact{Workspace: w.WS, ID: c.Contact}, "ext")
		return tx.Save(ctx, second)
	}), errs.Conflict)
}
