package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

const (
	lease = 30 * time.Second
	grace = 10 * time.Second
)

// room is a Presence under test with a clock.
type room struct {
	*testing.T
	p   *dispatch.Presence
	now time.Time
}

func newRoom(t *testing.T) *room {
	t.Helper()
	return &room{t, dispatch.NewPresence(lease, grace), epoch}
}

func (r *room) pass(d time.Duration) { r.now = r.now.Add(d) }

func (r *room) beat(tab string) { r.p.Beat("m", tab, r.now) }

func (r *room) leave(tab string) { r.p.Leave("m", tab, r.now) }

// is expects a status now, and the news of it exactly when it changed.
func (r *room) is(want dispatch.Status, news bool) {
	r.Helper()
	changes := r.p.Changes(r.now)
	if got := r.p.Status("m"); got != want {
		r.Fatalf("the member is %s, want %s", got, want)
	}
	if slices.Contains(changes, identity.MemberID("m")) != news {
		r.Fatalf("news %v, want news %v", changes, news)
	}
	if n := map[bool]int{true: 1}[want == dispatch.Available]; r.p.Available() != n {
		r.Fatalf("%d available, want %d", r.p.Available(), n)
	}
}

func TestLease(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.is(dispatch.Offline, false)
	r.beat("a")
	r.is(dispatch.Available, true)
	r.pass(lease - time.Millisecond)
	r.is(dispatch.Available, false)
	r.beat("a")
	r.pass(lease - time.Millisecond)
	r.is(dispatch.Available, false)
	if at, ok := r.p.Next(); !ok || !at.Equal(r.now.Add(time.Millisecond)) {
		t.Fatalf("next is %v, %v", at, ok)
	}
	r.pass(time.Millisecond)
	r.is(dispatch.Offline, true)
	if _, ok := r.p.Next(); ok {
		t.Fatal("nobody is there, yet a lease ends")
	}
}

func TestLastTabHasAGrace(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.beat("a")
	r.is(dispatch.Available, true)
	r.leave("a")
	r.pass(grace - time.Millisecond)
	r.is(dispatch.Available, false)
	r.beat("b") // the page was reloaded
	r.pass(lease - time.Millisecond)
	r.is(dispatch.Available, false)
	r.beat("b")
	r.leave("b")
	r.pass(grace)
	r.is(dispatch.Offline, true)
}

func TestEveryTabHolds(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.beat("a")
	r.beat("b")
	r.is(dispatch.Available, true)
	r.leave("a")
	r.leave("a") // twice is once
	r.leave("never opened")
	r.pass(lease - time.Millisecond)
	r.is(dispatch.Available, false)
	r.pass(time.Millisecond)
	r.is(dispatch.Offline, true)
}

// A tab that died without a word must not keep its member there: only its own
// last heartbeat counts.
func TestSilentTabDoesNotHold(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.beat("silent")
	r.pass(25 * time.Second)
	r.beat("b")
	r.is(dispatch.Available, true)
	r.leave("b")
	r.pass(5 * time.Second)
	r.is(dispatch.Available, false)
	r.pass(5 * time.Second)
	r.is(dispatch.Offline, true)
}

func TestGraceIsNoLongerThanTheLease(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.beat("a")
	r.is(dispatch.Available, true)
	r.pass(lease - time.Second)
	r.leave("a")
	r.pass(time.Second)
	r.is(dispatch.Offline, true)
}

func TestChoice(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.p.Choose("m", dispatch.Away, "", r.now)
	r.is(dispatch.Offline, false)
	r.beat("a")
	r.is(dispatch.Away, true)
	r.p.Choose("m", dispatch.Available, "", r.now)
	r.is(dispatch.Available, true)
	r.p.Choose("m", dispatch.Available, "", r.now)
	r.is(dispatch.Available, false)
	if !slices.Equal([]dispatch.Status{r.p.Chosen("m"), r.p.Chosen("stranger")}, []dispatch.Status{dispatch.Available, dispatch.Available}) {
		t.Fatal("the choice was lost")
	}
}

func TestRestoredMemberHasALease(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.p.Restore(dispatch.AgentState{Member: "m", Status: dispatch.Away, Online: true}, r.now)
	r.is(dispatch.Away, true)
	r.pass(lease - time.Millisecond)
	r.is(dispatch.Away, false)
	r.pass(time.Millisecond)
	r.is(dispatch.Offline, true)
	r.p.Restore(dispatch.AgentState{Member: "m", Status: dispatch.Available}, r.now)
	r.is(dispatch.Offline, false)
	r.beat("a")
	r.is(dispatch.Available, true)
}

func TestForgotten(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.beat("a")
	r.is(dispatch.Available, true)
	r.p.Forget("m")
	r.is(dispatch.Offline, true)
	r.leave("a")
	r.is(dispatch.Offline, false)
}
