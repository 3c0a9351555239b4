package notification_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/notification/notificationtest"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket/tickettest"
)

// office is a workspace in memory whose feed is observed.
type office struct {
	*conversationtest.World
	*notification.Service
	store *crashing
	fake  *conversationtest.Fake
	work  *tickettest.Fake
	at    uint64 // the feed number that was observed

	mu   sync.Mutex
	told []string // "member kind unread"

	limited map[identity.MemberID]identity.Reach // of who does not see everything
}

// crashing is a store that fails once, before or after it has committed.
type crashing struct {
	*notificationtest.Fake
	before, after error
}

func (c *crashing) Record(ctx context.Context, w identity.WorkspaceID, upTo uint64, list []notification.Notification, tell notification.Teller) ([]notification.Notification, error) {
	if err := c.before; err != nil {
		c.before = nil
		return nil, err
	}
	out, err := c.Fake.Record(ctx, w, upTo, list, tell)
	if c.after != nil {
		out, err, c.after = nil, c.after, nil
	}
	return out, err
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{fake: conversationtest.NewFake()}
	o.World, o.work = conversationtest.NewWorld(t, o.fake.Fixture()), tickettest.NewFake(o.fake)
	o.store = &crashing{Fake: notificationtest.NewFake(func(w identity.WorkspaceID, m identity.MemberID) bool {
		_, err := o.fake.Identities.Member(t.Context(), w, m)
		return err == nil
	})}
	o.Service = notification.NewService(notification.Deps{
		Store: o.store, Inbox: o.store, Hydrator: o.fake, Reaches: o, Conversations: o.fake, Tickets: o.work, Announcer: o, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	return o
}

// ReachOf implements notification.Reaches.
func (o *office) ReachOf(_ context.Context, _ identity.WorkspaceID, m identity.MemberID, _ identity.Permission) (identity.Reach, error) {
	if r, ok := o.limited[m]; ok {
		return r, nil
	}
	return identity.Reach{Kind: identity.ReachAll, Member: m}, nil
}

// Notified implements notification.Announcer.
func (o *office) Notified(_ context.Context, _ identity.WorkspaceID, news notification.News) {
	o.mu.Lock()
	defer o.mu.Unlock()
	kind := "read"
	if news.Created != nil {
		kind = string(news.Created.Kind)
	}
	o.told = append(o.told, fmt.Sprint(news.Member, " ", kind, " ", news.Unread))
}

// observe hands the committed events on, as the pump does.
func (o *office) observe() error {
	events, err := o.fake.Feed.Since(o.Context(), string(o.WS), o.at, 100)
	o.OK(err)
	if len(events) == 0 {
		return nil
	}
	if err := o.Observe(o.Context(), events); err != nil {
		return err
	}
	o.at = events[len(events)-1].Feed
	return nil
}

// restart forgets what was observed but not stored.
func (o *office) restart() {
	at, err := o.Start(o.Context(), o.WS)
	o.OK(err)
	o.at = at
}

func scope(m identity.Member) identity.Scope {
	return identity.Scope{Workspace: m.Workspace, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m.ID), Name: m.Name, Role: m.Role}}
}

// has expects the kinds of a member's notifications, the newest first.
func (o *office) has(m identity.Member, want ...notification.Kind) []notification.Notification {
	o.Helper()
	p, err := o.List(o.Context(), scope(m), false, page.Request{})
	o.OK(err)
	got := []notification.Kind{}
	for _, n := range p.Items {
		got = append(got, n.Kind)
	}
	if !slices.Equal(got, want) {
		o.Fatalf("%s was told %v, want %v", m.Name, got, want)
	}
	return p.Items
}

func (o *office) assign(id conversation.ID, by, to identity.Member) {
	o.Helper()
	o.Change(id, func(c *conversation.Conversation) error { return c.Assign(o.Turn(by), to.ID, to.Name, "member") })
}

// follow makes members participants.
func (o *office) follow(id conversation.ID, members ...identity.MemberID) {
	o.Helper()
	o.Change(id, func(c *conversation.Conversation) error {
		c.Participants = members
		c.AddNote(o.Turn(o.Owner), conversation.Words("", "you follow this"))
		return nil
	})
}

func TestWhoIsToldWhat(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	c := o.Receive(o.Inbox, "ext", "m1", "hello")
	o.OK(o.observe())
	o.has(lin)

	o.assign(c.ID, o.Owner, lin)
	o.OK(o.observe())
	n := o.has(lin, notification.Assigned)[0]
	if n.Text != "hello" || n.Actor.ID != string(o.Owner.ID) || n.Conversation != c.ID || n.Seq != 0 || n.Actor.Role != "" {
		t.Fatalf("%+v", n)
	}
	o.has(o.Owner) // nobody is told of their own doings
	o.has(wang)

	o.Receive(o.Inbox, "ext", "m2", "are you there?")
	o.Receive(o.Inbox, "ext", "m3", "你好？")
	o.OK(o.observe())
	n = o.has(lin, notification.Reply, notification.Assigned)[0]
	if n.Text != "你好？" || n.Actor.Kind != identity.ActorContact {
		t.Fatalf("%+v", n)
	}
	o.Change(c.ID, func(c *conversation.Conversation) error { // a backfill tells nobody
		turn, w := o.System(), conversation.Words("m0", "from last week")
		turn.Actor = identity.Actor{Kind: identity.ActorContact, ID: string(c.Contact)}
		w.Carried.WrittenAt = turn.At.Add(-7 * 24 * time.Hour)
		c.Receive(turn, w)
		return nil
	})
	o.OK(o.observe())
	if again := o.has(lin, notification.Reply, notification.Assigned)[0]; again.Text != "你好？" || again.ID != n.ID {
		t.Fatalf("%+v", again)
	}
	var written uint64
	o.Change(c.ID, func(c *conversation.Conversation) error {
		w := conversation.Words("n1", "please look, @Wang")
		w.Mentions = []conversation.Mention{{Member: wang.ID, Name: wang.Name}, {Member: lin.ID, Name: lin.Name}}
		c.AddNote(o.Turn(lin), w)
		written = c.LastSeq
		return nil
	})
	o.OK(o.observe())
	if n := o.has(wang, notification.Mention)[0]; n.Text != "please look, @Wang" || n.Seq != written || n.Actor.Name != "Lin" {
		t.Fatalf("%+v", n)
	}
	o.has(lin, notification.Reply, notification.Assigned)

	o.assign(c.ID, wang, wang) // takes it
	o.OK(o.observe())
	o.has(wang, notification.Mention)
}

func TestThoseWhoFollow(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	c := o.Receive(o.Inbox, "ext", "m1", "hello")
	o.assign(c.ID, lin, lin)
	o.follow(c.ID, lin.ID, wang.ID)
	o.OK(o.observe())
	read := func() {
		for _, m := range []identity.Member{lin, wang} {
			if _, err := o.MarkRead(o.Context(), scope(m), nil, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	read()
	before := len(o.list(wang))
	o.Receive(o.Inbox, "ext", "m2", "again")
	o.OK(o.observe())
	if all := o.list(wang); len(all) != before+1 || all[0].Kind != notification.ParticipantReply || all[0].Text != "again" {
		t.Fatalf("%+v", all)
	}
	if all := o.list(lin); all[0].Kind != notification.Reply {
		t.Fatalf("whose conversation it is: %+v", all)
	}
	read()
	before = len(o.list(lin))
	o.Change(c.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(o.Turn(lin), conversation.Words("a1", "we are here"))
		return err
	})
	o.OK(o.observe())
	if all := o.list(wang); all[0].Text != "we are here" || all[0].Kind != notification.ParticipantReply {
		t.Fatalf("%+v", all)
	}
	if len(o.list(lin)) != before {
		t.Fatal("told of one's own answer")
	}
}

func (o *office) list(m identity.Member) []notification.Notification {
	o.Helper()
	p, err := o.List(o.Context(), scope(m), false, page.Request{})
	o.OK(err)
	return p.Items
}

// A crash before the commit loses nothing; one after it doubles nothing; and
// the same events may come again and again.
func TestCrashes(t *testing.T) {
	o := newOffice(t)
	lin := o.Member(o.WS, "lin@example.com", "Lin", 5)
	boom := errors.New("connection reset")
	var want []notification.Kind
	for i := range 6 {
		c := o.Receive(o.Inbox, fmt.Sprint("ext", i), "m1", "hello")
		o.assign(c.ID, o.Owner, lin)
		switch i % 3 {
		case 0:
			o.store.before = boom
		case 1:
			o.store.after = boom
		}
		if err := o.observe(); i%3 < 2 && !errors.Is(err, boom) {
			t.Fatalf("round %d: %v", i, err)
		}
		if i%2 == 0 {
			o.restart()
		}
		o.OK(o.observe())
		o.restart()
		o.OK(o.observe())
		want = append(want, notification.Assigned)
		o.has(lin, want...)
	}
	o.at = 0 // everything once more
	o.OK(o.observe())
	o.has(lin, want...)
}

func TestPreferences(t *testing.T) {
	o := newOffice(t)
	lin := o.Member(o.WS, "lin@example.com", "Lin", 5)
	p, err := o.Preferences(o.Context(), scope(lin))
	o.OK(err)
	for _, k := range notification.Kinds() {
		if !p.Rules[k].InApp {
			t.Errorf("%s is off at first", k)
		}
	}
	p.Rules = map[notification.Kind]notification.Rule{notification.Assigned: {Browser: true}}
	p.Quiet = &notification.Quiet{From: "22:00", To: "08:00", Timezone: "Asia/Shanghai"}
	p, err = o.SetPreferences(o.Context(), scope(lin), p)
	o.OK(err)
	if !p.Rules[notification.Mention].InApp || p.Rules[notification.Assigned].InApp || p.Quiet.From != "22:00" {
		t.Fatalf("%+v", p)
	}
	c := o.Receive(o.Inbox, "ext", "m1", "hello")
	o.assign(c.ID, o.Owner, lin)
	o.OK(o.observe())
	o.has(lin) // chose not to be told
	o.Receive(o.Inbox, "ext", "m2", "hello?")
	o.OK(o.observe())
	o.has(lin, notification.Reply)

	for name, bad := range map[string]notification.Preferences{
		"a kind there is not":     {Rules: map[notification.Kind]notification.Rule{"birthday": {}}},
		"no such time":            {Quiet: &notification.Quiet{From: "24:00", To: "08:00", Timezone: "UTC"}},
		"a time with seconds":     {Quiet: &notification.Quiet{From: "22:00:00", To: "08:00", Timezone: "UTC"}},
		"a time in other digits":  {Quiet: &notification.Quiet{From: "２２:00", To: "08:00", Timezone: "UTC"}},
		"a day without end":       {Quiet: &notification.Quiet{From: "08:00", To: "08:00", Timezone: "UTC"}},
		"no time zone":            {Quiet: &notification.Quiet{From: "22:00", To: "08:00"}},
		"a path as the time zone": {Quiet: &notification.Quiet{From: "22:00", To: "08:00", Timezone: "../../etc/passwd"}},
	} {
		if _, err := o.SetPreferences(o.Context(), scope(lin), bad); !errs.Is(err, errs.Invalid) || len(errs.As(err).Fields) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReading(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	for i := range 3 {
		c := o.Receive(o.Inbox, fmt.Sprint("ext", i), "m1", "hello")
		o.assign(c.ID, o.Owner, lin)
	}
	o.OK(o.observe())
	all := o.list(lin)
	if n, err := o.MarkRead(o.Context(), scope(wang), []notification.ID{all[0].ID}, false); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := o.Unread(o.Context(), scope(lin)); n != 3 || err != nil {
		t.Fatalf("somebody else read it: %d, %v", n, err)
	}
	if n, err := o.MarkRead(o.Context(), scope(lin), []notification.ID{all[0].ID}, false); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := o.MarkRead(o.Context(), scope(lin), nil, true); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	want := fmt.Sprintf("[%[1]s assigned 3 %[1]s assigned 3 %[1]s assigned 3 %[2]s read 0 %[1]s read 2 %[1]s read 0]", lin.ID, wang.ID)
	if got := fmt.Sprint(o.told); got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	for _, bad := range []struct {
		ids []notification.ID
		all bool
	}{{nil, false}, {[]notification.ID{"ntf_1"}, true}, {make([]notification.ID, notification.MaxRead+1), false}} {
		if _, err := o.MarkRead(o.Context(), scope(lin), bad.ids, bad.all); !errs.Is(err, errs.Invalid) {
			t.Errorf("%d ids, all %v: %v", len(bad.ids), bad.all, err)
		}
	}
	for name, s := range map[string]identity.Scope{
		"the system": identity.SystemScope(o.WS),
		"a visitor":  {Workspace: o.WS, Actor: identity.Actor{Kind: identity.ActorContact, ID: "vis_1"}},
		"a roleless": {Workspace: o.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(lin.ID)}},
	} {
		if _, err := o.List(o.Context(), s, false, page.Request{}); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRatingsAndFailures(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	c := o.Receive(o.Inbox, "ext", "m1", "hello")
	o.assign(c.ID, lin, lin)
	customer := conversation.Turn{Actor: identity.Actor{Kind: identity.ActorContact, ID: "vis_1", Name: "顾客"}, At: o.Tick(), IDs: o.IDs}
	o.Change(c.ID, func(c *conversation.Conversation) error {
		c.RequestRating(o.System(), conversation.RatingVia("widget"), lin.ID)
		return nil
	})
	o.Change(c.ID, func(c *conversation.Conversation) error {
		return c.Rate(customer, conversation.RatingAnswer{Rating: c.Rating, Score: 4, Comment: "很好", Via: "widget"})
	})
	o.OK(o.observe())
	if n := o.has(lin, notification.Rating)[0]; n.Text != "4/5 很好" || n.Actor.Name != "顾客" {
		t.Fatalf("%+v", n)
	}
	o.Change(c.ID, func(c *conversation.Conversation) error {
		c.Unschedule(o.Turn(wang), conversation.Scheduled{
			ID: "sch_1", State: "failed", Author: identity.Actor{Kind: identity.ActorMember, ID: string(wang.ID), Name: wang.Name}, Text: "later",
		})
		return nil
	})
	o.OK(o.observe())
	if n := o.has(wang, notification.ScheduledFailed)[0]; n.Text != "later" || n.Conversation != c.ID {
		t.Fatalf("%+v", n)
	}
	o.has(lin, notification.Rating)
}

// Who began an import is told once it is over, not on its way, and once.
func TestImports(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var events []event.Event
	for n, data := range []string{
		`{"id":"imp_1","state":"running","created_by":"` + string(lin.ID) + `","created":100}`,
		`{"id":"imp_2","state":"checked","created_by":"` + string(wang.ID) + `"}`,
		`{"id":"imp_1","state":"done","created_by":"` + string(lin.ID) + `","created":120,"updated":3,"skipped":2,"failed":1}`,
		`{"id":"imp_2","state":"failed","created_by":"` + string(wang.ID) + `"}`,
		`{"id":"imp_3","state":"done"}`,
		`not what it should be`,
	} {
		events = append(events, event.Event{
			ID: fmt.Sprint("chg_", n), Workspace: string(o.WS), Feed: o.at + uint64(n) + 1, Type: "import.changed", At: at, Data: []byte(data),
		})
	}
	o.OK(o.Observe(o.Context(), events))
	o.OK(o.Observe(o.Context(), events))
	got := o.has(lin, notification.ImportDone)[0]
	if *got.Import != (notification.Import{ID: "imp_1", Created: 120, Updated: 3, Skipped: 2, Refused: 1}) || !got.At.Equal(at) || got.Conversation != "" {
		t.Errorf("%+v %+v", got, got.Import)
	}
	if got := o.has(wang, notification.ImportDone)[0].Import; *got != (notification.Import{ID: "imp_2", Failed: true}) {
		t.Errorf("%+v", got)
	}
}

func TestUnattended(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	waits := notification.Waiting{Conversation: "cnv_1", Since: time.Now(), Tell: []identity.MemberID{lin.ID, wang.ID}}
	for range 3 {
		o.OK(o.Unattended(o.Context(), o.WS, waits))
	}
	o.has(lin, notification.Unattended)
	o.has(wang, notification.Unattended)
	waits.Since = waits.Since.Add(time.Hour)
	o.OK(o.Unattended(o.Context(), o.WS, waits))
	o.has(lin, notification.Unattended, notification.Unattended)
}

// Events that mean nothing to anybody move the cursor now and then, not always.
func TestTheCursorFollows(t *testing.T) {
	o := newOffice(t)
	events := func(from, to uint64) []event.Event {
		var out []event.Event
		for n := from; n <= to; n++ {
			out = append(out, event.Event{ID: fmt.Sprint("chg_", n), Workspace: string(o.WS), Feed: n, Type: "member.changed"})
		}
		return out
	}
	for _, tt := range []struct{ from, to, want uint64 }{{1, 50, 0}, {51, 199, 0}, {200, 201, 201}, {202, 390, 201}, {391, 1200, 1200}} {
		o.OK(o.Observe(o.Context(), events(tt.from, tt.to)))
		at, err := o.Start(o.Context(), o.WS)
		if o.OK(err); at != tt.want {
			t.Errorf("after %d the cursor is %d, want %d", tt.to, at, tt.want)
		}
	}
}
