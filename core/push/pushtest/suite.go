package pushtest

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/push"
)

// Fixture is an implementation under test, and hands to arrange what the suite
// needs.
type Fixture struct {
	Store  push.Store
	Ledger push.Ledger
	// Person makes an account that is a member of a workspace.
	Person func(t testing.TB) (identity.AccountID, identity.WorkspaceID, identity.MemberID)
	// Begin begins a session of an account, Finish ends it.
	Begin  func(t testing.TB, a identity.AccountID) identity.SessionID
	Finish func(t testing.TB, s identity.SessionID)
	// Notify stores a notification.
	Notify func(t testing.TB, n notification.Notification)
}

type world struct {
	*testing.T
	Fixture

	now time.Time
	n   int
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"subscribe and list":        testSubscribe,
		"one of a browser":          testReplace,
		"so many of an account":     testMost,
		"ends with the session":     testFinish,
		"of whoever is told":        testWaiting,
		"claimed once":              testClaim,
		"settled":                   testSettle,
		"ended by its push service": testEnd,
	} {
		t.Run(name, func(t *testing.T) {
			run(&world{T: t, Fixture: open(t), now: time.Date(2026, 3, 1, 12, 0, 0, 5_000_000, time.UTC)})
		})
	}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) is(err error, kind errs.Kind) {
	w.Helper()
	if !errs.Is(err, kind) {
		w.Fatalf("got %v, want %v", err, kind)
	}
}

func (w *world) subscription(a identity.AccountID, s identity.SessionID) push.Subscription {
	w.n++
	return push.Subscription{
		Session: s, Account: a, Endpoint: fmt.Sprintf("https://push.example/%d", w.n), Key: bytes.Repeat([]byte{4}, 65), Auth: bytes.Repeat([]byte{7}, 16),
		Say: push.SayAll, Since: w.now.Add(time.Duration(w.n) * time.Second),
	}
}

func (w *world) told(ws identity.WorkspaceID, m identity.MemberID) notification.Notification {
	w.Helper()
	w.n++
	n := notification.Notification{
		Workspace: ws, ID: notification.ID(fmt.Sprintf("ntf_%d", w.n)), Member: m, Kind: notification.Mention, Source: fmt.Sprintf("s%d", w.n),
		At: w.now.Add(time.Duration(w.n) * time.Second),
	}
	w.Notify(w.T, n)
	return n
}

func (w *world) list(a identity.AccountID) []push.Subscription {
	w.Helper()
	all, err := w.Store.Subscriptions(w.Context(), a)
	w.ok(err)
	return all
}

func (w *world) waiting(s identity.SessionID) []notification.ID {
	w.Helper()
	all, err := w.Ledger.Waiting(w.Context(), s, w.now.Add(time.Hour), 100)
	w.ok(err)
	out := []notification.ID{}
	for _, x := range all {
		out = append(out, x.Notification)
	}
	return out
}

func (w *world) same(got, want any) {
	w.Helper()
	if !reflect.DeepEqual(got, want) {
		w.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func testSubscribe(w *world) {
	a, _, _ := w.Person(w.T)
	other, _, _ := w.Person(w.T)
	one, two := w.Begin(w.T, a), w.Begin(w.T, a)
	x, y := w.subscription(a, one), w.subscription(a, two)
	y.Say = push.SayKind
	w.ok(w.Store.Subscribe(w.Context(), y))
	w.ok(w.Store.Subscribe(w.Context(), x))
	w.same(w.list(a), []push.Subscription{x, y})
	w.same(len(w.list(other)), 0)
	w.is(w.Store.Unsubscribe(w.Context(), other, one), errs.NotFound)
	w.ok(w.Store.Unsubscribe(w.Context(), a, one))
	w.is(w.Store.Unsubscribe(w.Context(), a, one), errs.NotFound)
	w.same(w.list(a), []push.Subscription{y})
}

func testReplace(w *world) {
	a, _, _ := w.Person(w.T)
	b, _, _ := w.Person(w.T)
	mine, theirs := w.Begin(w.T, a), w.Begin(w.T, b)
	first := w.subscription(a, mine)
	w.ok(w.Store.Subscribe(w.Context(), first))
	second := w.subscription(a, mine)
	w.ok(w.Store.Subscribe(w.Context(), second))
	w.same(w.list(a), []push.Subscription{second})
	taken := w.subscription(b, theirs) // somebody else signs in to the browser
	taken.Endpoint = second.Endpoint
	w.ok(w.Store.Subscribe(w.Context(), taken))
	w.same(len(w.list(a)), 0)
	w.same(w.list(b), []push.Subscription{taken})
}

func testMost(w *world) {
	a, _, _ := w.Person(w.T)
	var last push.Subscription
	for range push.Most {
		last = w.subscription(a, w.Begin(w.T, a))
		w.ok(w.Store.Subscribe(w.Context(), last))
	}
	err := w.Store.Subscribe(w.Context(), w.subscription(a, w.Begin(w.T, a)))
	w.is(err, errs.Conflict)
	w.same(errs.As(err).Code, "push.too_many")
	again := w.subscription(a, last.Session)
	w.ok(w.Store.Subscribe(w.Context(), again))
	w.same(len(w.list(a)), push.Most)
}

func testFinish(w *world) {
	a, ws, m := w.Person(w.T)
	s := w.Begin(w.T, a)
	w.ok(w.Store.Subscribe(w.Context(), w.subscription(a, s)))
	w.told(ws, m)
	w.Finish(w.T, s)
	w.same(len(w.list(a)), 0)
	w.same(w.waiting(s), []notification.ID{})
	w.is(w.Store.Subscribe(w.Context(), w.subscription(a, s)), errs.NotFound)
	next, err := w.Ledger.Next(w.Context())
	w.ok(err)
	w.same(next.IsZero(), true)
}

func testWaiting(w *world) {
	a, ws, m := w.Person(w.T)
	_, elsewhere, other := w.Person(w.T)
	w.told(ws, m) // before anybody subscribed
	one, two := w.Begin(w.T, a), w.Begin(w.T, a)
	w.ok(w.Store.Subscribe(w.Context(), w.subscription(a, one)))
	w.ok(w.Store.Subscribe(w.Context(), w.subscription(a, two)))
	x, y := w.told(ws, m), w.told(ws, m)
	w.told(elsewhere, other)
	w.same(w.waiting(one), []notification.ID{x.ID, y.ID})
	w.same(w.waiting(two), []notification.ID{x.ID, y.ID})
	all, err := w.Ledger.Waiting(w.Context(), one, x.At.Add(push.Delay), 100)
	w.ok(err)
	w.same(all, []push.Waiting{{Workspace: ws, Member: m, Notification: x.ID, At: x.At}})
	next, err := w.Ledger.Next(w.Context())
	w.ok(err)
	w.same(next, x.At.Add(push.Delay))
}

func testClaim(w *world) {
	a, ws, m := w.Person(w.T)
	s := w.Begin(w.T, a)
	x := w.subscription(a, s)
	w.ok(w.Store.Subscribe(w.Context(), x))
	n := w.told(ws, m)
	due := n.At.Add(push.Delay)
	claim := func(at time.Time) []push.Subscription {
		got, err := w.Ledger.Claim(w.Context(), at, at.Add(time.Minute), 10)
		w.ok(err)
		return got
	}
	w.same(len(claim(due.Add(-time.Millisecond))), 0)
	w.same(claim(due), []push.Subscription{x})
	w.same(len(claim(due)), 0)
	next, err := w.Ledger.Next(w.Context())
	w.ok(err)
	w.same(next, due.Add(time.Minute))
	w.same(len(claim(due.Add(time.Minute))), 1) // whoever claimed it died
	w.ok(w.Ledger.Unclaim(w.Context()))
	w.same(len(claim(due)), 1)
}

func testSettle(w *world) {
	a, ws, m := w.Person(w.T)
	s := w.Begin(w.T, a)
	x := w.subscription(a, s)
	w.ok(w.Store.Subscribe(w.Context(), x))
	one, two := w.told(ws, m), w.told(ws, m)
	at := two.At.Add(push.Delay)
	_, err := w.Ledger.Claim(w.Context(), at, at.Add(time.Minute), 10)
	w.ok(err)
	x.SentAt, x.Code, x.Failures, x.RestTill, x.Paced = at, "busy", 3, at.Add(time.Hour), at.Add(time.Second)
	w.ok(w.Ledger.Settle(w.Context(), x, []push.Waiting{{Workspace: ws, Member: m, Notification: one.ID}}))
	w.same(w.waiting(s), []notification.ID{two.ID})
	w.same(w.list(a), []push.Subscription{x})
	next, err := w.Ledger.Next(w.Context())
	w.ok(err)
	w.same(next, at.Add(time.Hour))
	got, err := w.Ledger.Claim(w.Context(), at.Add(time.Minute), at.Add(2*time.Minute), 10)
	w.ok(err)
	w.same(len(got), 0)
	fresh := w.subscription(a, s) // the browser subscribed anew meanwhile
	w.ok(w.Store.Subscribe(w.Context(), fresh))
	w.ok(w.Ledger.Settle(w.Context(), x, nil))
	w.same(w.list(a), []push.Subscription{fresh})
}

func testEnd(w *world) {
	a, _, _ := w.Person(w.T)
	s := w.Begin(w.T, a)
	old := w.subscription(a, s)
	w.ok(w.Store.Subscribe(w.Context(), old))
	fresh := w.subscription(a, s)
	w.ok(w.Store.Subscribe(w.Context(), fresh))
	w.ok(w.Ledger.End(w.Context(), old))
	w.same(w.list(a), []push.Subscription{fresh})
	w.ok(w.Ledger.End(w.Context(), fresh))
	w.same(len(w.list(a)), 0)
	w.ok(w.Ledger.End(w.Context(), fresh))
}
