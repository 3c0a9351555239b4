package notificationtest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Fixture is an implementation under test, and hands to arrange what the suite
// needs.
type Fixture struct {
	Store     notification.Store
	Inbox     notification.Inbox
	Log       event.Log // of what Store and Inbox write
	Workspace func(t testing.TB) identity.WorkspaceID
	Member    func(t testing.TB, w identity.WorkspaceID) identity.MemberID
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"record and list":            testRecord,
		"once for a source":          testOnce,
		"once for an event":          testCursor,
		"one event at once":          testAtOnce,
		"newer replies replace":      testCollapse,
		"about tickets":              testTickets,
		"all or nothing":             testWhole,
		"list in pages":              testPages,
		"mark read":                  testRead,
		"events with what they tell": testEvents,
		"named":                      testNamed,
		"said otherwise":             testRetell,
		"sweep":                      testSweep,
		"preferences":                testPreferences,
		"members and tenants apart":  testApart,
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, Fixture: open(t), now: time.Date(2026, 3, 1, 12, 0, 0, 5_000_000, time.UTC)}
			w.ids = id.NewSource(func() time.Time { return w.now })
			w.ws = w.Workspace(t)
			w.me = w.Member(t, w.ws)
			run(w)
		})
	}
}

// world is one test case.
type world struct {
	*testing.T
	Fixture

	ids id.Source
	now time.Time
	ws  identity.WorkspaceID
	me  identity.MemberID
	n   int
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) same(got, want any) {
	w.Helper()
	if !reflect.DeepEqual(got, want) {
		w.Fatalf("got\n%+v, want\n%+v", got, want)
	}
}

// make returns a notification that is not stored yet, of a source of its own.
func (w *world) make(kind notification.Kind) notification.Notification {
	w.now = w.now.Add(time.Second)
	w.n++
	return notification.Notification{
		Workspace: w.ws, ID: notification.ID(w.ids.New("ntf")), Member: w.me, Kind: kind,
		Source: fmt.Sprint("source ", w.n), Feed: uint64(w.n), Conversation: conversation.ID("cnv_1"), Seq: 3,
		Text: "你好 👋", Actor: identity.Actor{Kind: identity.ActorContact, ID: "vis_1", Name: "顾客"}, At: w.now,
	}
}

// record stores notifications and returns which.
func (w *world) record(upTo uint64, list ...notification.Notification) []notification.Notification {
	w.Helper()
	out, err := w.Store.Record(w.Context(), w.ws, upTo, list, nil)
	w.ok(err)
	return out
}

// holds expects a member's notifications, the newest first.
func (w *world) holds(m identity.MemberID, want ...notification.Notification) {
	w.Helper()
	p, err := w.Inbox.List(w.Context(), w.ws, everything(m), false, page.Request{})
	w.ok(err)
	w.same(p.Items, want)
	unread := 0
	for _, n := range want {
		if n.ReadAt.IsZero() {
			unread++
		}
	}
	got, err := w.Inbox.Unread(w.Context(), w.ws, everything(m))
	w.ok(err)
	w.same(got, unread)
}

func (w *world) reached(want uint64) {
	w.Helper()
	got, err := w.Store.Cursor(w.Context(), w.ws)
	w.ok(err)
	w.same(got, want)
}

func testRecord(w *world) {
	w.holds(w.me)
	w.reached(0)
	a, b := w.make(notification.Mention), w.make(notification.Unattended)
	b.Feed, b.Conversation, b.Seq, b.Text, b.Actor = 0, "", 0, "", identity.Actor{Kind: identity.ActorSystem}
	w.same(w.record(7, a, b), []notification.Notification{a, b})
	w.holds(w.me, b, a)
	w.reached(7)
	c := w.make(notification.ImportDone)
	c.Feed, c.Conversation, c.Seq, c.Text, c.Actor = 9, "", 0, "", identity.Actor{Kind: identity.ActorSystem}
	c.Import = &notification.Import{ID: "imp_1", Failed: true, Created: 1, Updated: 2, Skipped: 3, Refused: 4}
	w.same(w.record(9, c), []notification.Notification{c})
	w.holds(w.me, c, b, a)
	d := w.make(notification.PluginState)
	d.Feed, d.Conversation, d.Seq, d.Actor = 0, "", 0, identity.Actor{Kind: identity.ActorSystem}
	d.Plugin = &notification.Plugin{ID: "acme/a", Name: map[string]string{"en": "A", "zh-CN": "甲"}, Version: "1.1.0", State: notification.PluginRolledBack}
	w.same(w.record(0, d), []notification.Notification{d})
	w.holds(w.me, d, c, b, a)
	e := w.make(notification.AccountHealth)
	e.Feed, e.Conversation, e.Seq, e.Actor = 0, "", 0, identity.Actor{Kind: identity.ActorSystem}
	e.Account = &notification.Account{ID: "inb_1", Name: "售后", State: "credentials", Code: "auth_expired"}
	w.same(w.record(0, e), []notification.Notification{e})
	w.holds(w.me, e, d, c, b, a)
	f := w.make(notification.AlertRaised)
	f.Feed, f.Conversation, f.Seq, f.Text, f.Actor = 0, "", 0, "", identity.Actor{Kind: identity.ActorSystem}
	f.Raised = &notification.Raised{ID: "alr_1", Rule: "wait", Queue: "que_1", Name: "售后", Limit: 600}
	w.same(w.record(0, f), []notification.Notification{f})
	w.holds(w.me, f, e, d, c, b, a)
	w.same(len(w.record(9)), 0)
	w.reached(9)
	w.record(3)
	w.record(0)
	w.reached(9)
}

func testOnce(w *world) {
	a := w.make(notification.Assigned)
	a.Feed = 0
	w.record(0, a)
	again := w.make(notification.Assigned)
	again.Feed, again.Source = 0, a.Source
	w.same(len(w.record(0, again)), 0)
	w.holds(w.me, a)
	other := again
	other.Member = w.Member(w.T, w.ws)
	w.same(w.record(0, other), []notification.Notification{other})
}

// An event that was looked at makes nothing more, whatever became of what it made.
func testCursor(w *world) {
	a, b := w.make(notification.Reply), w.make(notification.Reply)
	w.record(1, a)
	w.record(2, a, b) // comes again, with a newer one
	w.holds(w.me, b)
	w.same(len(w.record(2, a, b)), 0)
	w.holds(w.me, b)
	_, err := w.Store.Sweep(w.Context(), w.ws, w.now.Add(time.Hour), 10)
	w.ok(err)
	w.same(len(w.record(2, a, b)), 0)
	w.holds(w.me)
}

func testAtOnce(w *world) {
	a := w.make(notification.Assigned)
	stored := make([]int, 8)
	var wg sync.WaitGroup
	for i := range stored {
		mine := a
		mine.ID = notification.ID(w.ids.New("ntf"))
		wg.Go(func() {
			out, err := w.Store.Record(w.Context(), w.ws, a.Feed, []notification.Notification{mine}, nil)
			if err != nil {
				w.Error(err)
			}
			stored[i] = len(out)
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range stored {
		sum += n
	}
	w.same(sum, 1)
}

func testCollapse(w *world) {
	first, second := w.make(notification.Reply), w.make(notification.Reply)
	w.record(first.Feed, first)
	w.record(second.Feed, second)
	w.holds(w.me, second)
	w.ok(w.Inbox.MarkRead(w.Context(), w.ws, w.me, nil, w.now))
	second.ReadAt = w.now
	third := w.make(notification.Reply) // what was read stays
	w.record(third.Feed, third)
	w.holds(w.me, third, second)
	elsewhere := w.make(notification.Reply)
	elsewhere.Conversation = "cnv_2"
	follows, one, two := w.make(notification.ParticipantReply), w.make(notification.Mention), w.make(notification.Mention)
	w.record(two.Feed, elsewhere, follows, one, two)
	w.holds(w.me, two, one, follows, elsewhere, third, second)
}

func testWhole(w *world) {
	a, b := w.make(notification.Mention), w.make(notification.Mention)
	b.Member = "mem_none"
	if _, err := w.Store.Record(w.Context(), w.ws, 5, []notification.Notification{a, b}, nil); err == nil {
		w.Fatal("told somebody who is not there")
	}
	w.holds(w.me)
	w.reached(0)
}

func testPages(w *world) {
	var want []notification.Notification
	for range 5 {
		n := w.make(notification.Mention)
		w.record(n.Feed, n)
		want = append([]notification.Notification{n}, want...)
	}
	w.ok(w.Inbox.MarkRead(w.Context(), w.ws, w.me, []notification.ID{want[1].ID}, w.now))
	want = append(want[:1], want[2:]...)
	var got []notification.Notification
	for request := (page.Request{Limit: 2}); ; {
		p, err := w.Inbox.List(w.Context(), w.ws, everything(w.me), true, request)
		w.ok(err)
		got = append(got, p.Items...)
		if request.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	w.same(got, want)
	if _, err := w.Inbox.List(w.Context(), w.ws, everything(w.me), true, page.Request{Cursor: "?"}); !errs.Is(err, errs.Invalid) {
		w.Fatal(err)
	}
}

func testRead(w *world) {
	a, b, c := w.make(notification.Mention), w.make(notification.Mention), w.make(notification.Mention)
	w.record(c.Feed, a, b, c)
	at := w.now.Add(time.Minute)
	w.ok(w.Inbox.MarkRead(w.Context(), w.ws, w.me, []notification.ID{a.ID, c.ID, "ntf_none"}, at))
	a.ReadAt, c.ReadAt = at, at
	w.holds(w.me, c, b, a)
	later := at.Add(time.Minute)
	w.ok(w.Inbox.MarkRead(w.Context(), w.ws, w.me, nil, later))
	b.ReadAt = later
	w.holds(w.me, c, b, a)
	w.ok(w.Inbox.MarkRead(w.Context(), w.ws, w.me, nil, later))
}

// testEvents: what is stored is told, in the same transaction, and nothing else.
func testEvents(w *world) {
	head, err := w.Log.Head(w.Context(), string(w.ws))
	w.ok(err)
	tell := func(n notification.Notification) (event.Event, error) {
		return event.Event{ID: w.ids.New("chg"), Workspace: string(w.ws), Type: notification.CreatedEvent, Subject: string(n.ID), At: n.At, Data: []byte(`{}`)}, nil
	}
	a, b := w.make(notification.Mention), w.make(notification.Mention)
	again := w.make(notification.Mention)
	again.Source = a.Source
	_, err = w.Store.Record(w.Context(), w.ws, again.Feed, []notification.Notification{a, b, again}, tell)
	w.ok(err)
	stranger := w.make(notification.Mention)
	stranger.Member = "mem_none"
	if _, err := w.Store.Record(w.Context(), w.ws, 0, []notification.Notification{stranger}, tell); err == nil {
		w.Fatal("told somebody who is not there")
	}
	read := event.Event{ID: w.ids.New("chg"), Workspace: string(w.ws), Type: notification.ReadEvent, Subject: string(w.me), At: w.now, Data: []byte(`{}`)}
	w.ok(w.Inbox.MarkRead(w.Context(), w.ws, w.me, []notification.ID{a.ID}, w.now, read))
	events, err := w.Log.Since(w.Context(), string(w.ws), head, 10)
	w.ok(err)
	var told []string
	for _, e := range events {
		told = append(told, e.Type+" "+e.Subject)
	}
	w.same(told, []string{notification.CreatedEvent + " " + string(a.ID), notification.CreatedEvent + " " + string(b.ID), notification.ReadEvent + " " + string(w.me)})
}

// testNamed: by id, of any member, of the workspace alone.
func testNamed(w *world) {
	abroad := w.Workspace(w.T)
	a, b := w.make(notification.Mention), w.make(notification.TicketMention)
	b.Conversation, b.Ticket, b.Member = "", &notification.Ticket{ID: "tkt_1", Number: 7, Title: "坏了"}, w.Member(w.T, w.ws)
	w.record(b.Feed, a, b)
	got, err := w.Store.Named(w.Context(), w.ws, []notification.ID{a.ID, b.ID, "ntf_none"})
	w.ok(err)
	w.same(got, map[notification.ID]notification.Notification{a.ID: a, b.ID: b})
	got, err = w.Store.Named(w.Context(), abroad, []notification.ID{a.ID})
	w.ok(err)
	w.same(len(got), 0)
	got, err = w.Store.Named(w.Context(), w.ws, nil)
	w.ok(err)
	w.same(len(got), 0)
}

func testRetell(w *world) {
	one, two := w.make(notification.Reply), w.make(notification.Reply)
	one.Conversation, one.Seq, one.Text = "cnv_1", 3, "first"
	two.Conversation, two.Seq, two.Text = "cnv_1", 4, "second"
	_, err := w.Store.Record(w.Context(), w.ws, 0, []notification.Notification{one}, nil)
	w.ok(err)
	_, err = w.Store.Record(w.Context(), w.ws, 0, []notification.Notification{two}, nil)
	w.ok(err)
	other := w.Workspace(w.T)
	w.ok(w.Store.Retell(w.Context(), other, "cnv_1", 3, "not theirs"))
	w.ok(w.Store.Retell(w.Context(), w.ws, "cnv_2", 3, "not of it"))
	w.ok(w.Store.Retell(w.Context(), w.ws, "cnv_1", 3, "改"))
	got, err := w.Store.Named(w.Context(), w.ws, []notification.ID{one.ID, two.ID})
	w.ok(err)
	for id, n := range got {
		if want := map[notification.ID]string{one.ID: "改", two.ID: "second"}[id]; n.Text != want {
			w.Errorf("%s says %q, want %q", id, n.Text, want)
		}
	}
	if len(got) == 0 {
		w.Error("nothing is left")
	}
}

func testSweep(w *world) {
	other, abroad := w.Member(w.T, w.ws), w.Workspace(w.T)
	var mine []notification.Notification
	for range 6 {
		n := w.make(notification.Mention)
		mine = append([]notification.Notification{n}, mine...)
		w.record(n.Feed, n)
	}
	theirs := w.make(notification.Mention)
	theirs.Member = other
	w.record(theirs.Feed, theirs)
	n, err := w.Store.Sweep(w.Context(), abroad, w.now.Add(time.Hour), 0)
	w.ok(err)
	w.same(n, 0)
	n, err = w.Store.Sweep(w.Context(), w.ws, mine[4].At, 3)
	w.ok(err)
	w.same(n, 3)
	w.holds(w.me, mine[:3]...)
	n, err = w.Store.Sweep(w.Context(), w.ws, mine[0].At, 3)
	w.ok(err)
	w.same(n, 2)
	w.holds(w.me, mine[0])
	w.holds(other, theirs)
}

func testPreferences(w *world) {
	p, err := w.Inbox.Preferences(w.Context(), w.ws, w.me)
	w.ok(err)
	if p != nil {
		w.Fatalf("chose %+v", p)
	}
	for _, want := range []notification.Preferences{
		{
			Rules: map[notification.Kind]notification.Rule{notification.Mention: {InApp: true, Sound: true}, notification.Reply: {Browser: true}},
			Quiet: &notification.Quiet{From: "22:00", To: "08:00", Timezone: "Asia/Shanghai"},
		},
		{Rules: map[notification.Kind]notification.Rule{}},
	} {
		w.ok(w.Inbox.SavePreferences(w.Context(), w.ws, w.me, want))
		got, err := w.Inbox.Preferences(w.Context(), w.ws, w.me)
		w.ok(err)
		w.same(*got, want)
	}
	abroad := w.Workspace(w.T)
	for _, ws := range []identity.WorkspaceID{abroad, "wsp_none"} {
		if err := w.Inbox.SavePreferences(w.Context(), ws, w.me, notification.Preferences{}); !errs.Is(err, errs.NotFound) {
			w.Fatalf("in %s: %v", ws, err)
		}
	}
	p, err = w.Inbox.Preferences(w.Context(), abroad, w.me)
	w.ok(err)
	if p != nil {
		w.Fatal("another workspace knows what a member chose")
	}
}

func testApart(w *world) {
	a := w.make(notification.Mention)
	w.record(a.Feed, a)
	other, abroad := w.Member(w.T, w.ws), w.Workspace(w.T)
	w.holds(other)
	w.ok(w.Inbox.MarkRead(w.Context(), w.ws, other, []notification.ID{a.ID}, w.now))
	w.ok(w.Inbox.MarkRead(w.Context(), w.ws, other, nil, w.now))
	w.ok(w.Inbox.MarkRead(w.Context(), abroad, w.me, nil, w.now))
	w.holds(w.me, a)
	p, err := w.Inbox.List(w.Context(), abroad, everything(w.me), false, page.Request{})
	w.ok(err)
	if len(p.Items) > 0 {
		w.Fatal("another workspace sees a notification")
	}
	if _, err := w.Store.Record(w.Context(), abroad, 1, []notification.Notification{w.make(notification.Mention)}, nil); err == nil {
		w.Fatal("a member of another workspace was told")
	}
}

// everything is the sight of a member who sees all.
func everything(m identity.MemberID) notification.Sight {
	all := identity.Reach{Kind: identity.ReachAll, Member: m}
	return notification.Sight{Member: m, Conversations: all, Tickets: all}
}

// testTickets: they come back whole, newer comments replace, and who reaches no
// ticket is told of none.
func testTickets(w *world) {
	about := func(kind notification.Kind, id ticket.ID) notification.Notification {
		n := w.make(kind)
		n.Conversation, n.Ticket = "", &notification.Ticket{ID: id, Number: 12, Title: "坏了 " + string(id)}
		return n
	}
	a, b, other, given := about(notification.TicketComment, "tkt_1"), about(notification.TicketComment, "tkt_1"), about(notification.TicketComment, "tkt_2"), about(notification.TicketAssigned, "tkt_1")
	talk := w.make(notification.Mention)
	w.record(5, a, other, given, b, talk)
	w.holds(w.me, talk, given, other, b)
	blind := everything(w.me)
	blind.Tickets = identity.Reach{}
	p, err := w.Inbox.List(w.Context(), w.ws, blind, false, page.Request{})
	w.ok(err)
	w.same(p.Items, []notification.Notification{talk})
	n, err := w.Inbox.Unread(w.Context(), w.ws, blind)
	w.ok(err)
	w.same(n, 1)
	blind = everything(w.me)
	blind.Conversations = identity.Reach{}
	n, err = w.Inbox.Unread(w.Context(), w.ws, blind)
	w.ok(err)
	w.same(n, 3)
}
