package dispatch

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Presence knows who of one workspace is there. A member is, as long as a
// lease holds, which every heartbeat of any of their tabs renews; the lease
// decides, never what a tab last said. A member whose last tab closed keeps a
// short grace, so that reloading a page is no absence.
//
// It does no I/O and reads no clock. It is not safe for concurrent use.
type Presence struct {
	lease, grace time.Duration
	members      map[identity.MemberID]*attendance
	ends         *tree[*attendance] // those online, by the end of their lease
	changed      map[identity.MemberID]struct{}
	available    int
}

// attendance is one member.
type attendance struct {
	member identity.MemberID
	chosen Status
	reason string               // why away, as chosen
	since  time.Time            // of the present status and reason; zero = never here
	until  time.Time            // end of the lease, while node is set
	tabs   map[string]time.Time // connection → end of its own lease
	node   node[*attendance]    // in none = offline
}

func (a *attendance) status() Status {
	if !a.node.in() {
		return Offline
	}
	return a.chosen
}

// because returns why the member is away.
func (a *attendance) because() string {
	if a.status() != Away {
		return ""
	}
	return a.reason
}

func endsFirst(a, b *attendance) bool {
	if d := a.until.Compare(b.until); d != 0 {
		return d < 0
	}
	return a.member < b.member
}

// NewPresence returns a Presence in which nobody is there. lease is how long a
// heartbeat holds; grace is how long a member stays after the last tab closed.
func NewPresence(lease, grace time.Duration) *Presence {
	return &Presence{
		lease: lease, grace: grace,
		members: map[identity.MemberID]*attendance{},
		ends:    newTree(endsFirst),
		changed: map[identity.MemberID]struct{}{},
	}
}

func (p *Presence) of(member identity.MemberID) *attendance {
	a := p.members[member]
	if a == nil {
		a = &attendance{member: member, chosen: Available, tabs: map[string]time.Time{}}
		p.members[member] = a
	}
	return a
}

// change runs fn on an attendance and notes whether the status, or its reason,
// is another after it.
func (p *Presence) change(a *attendance, now time.Time, fn func()) {
	before, because := a.status(), a.because()
	fn()
	after := a.status()
	if before == after && because == a.because() {
		return
	}
	a.since = now
	p.changed[a.member] = struct{}{}
	if before == Available {
		p.available--
	}
	if after == Available {
		p.available++
	}
}

// hold makes the lease end at a time; zero = now.
func (p *Presence) hold(a *attendance, until time.Time) {
	if a.node.in() {
		p.ends.remove(&a.node)
	}
	if a.until = until; !until.IsZero() {
		p.ends.put(&a.node, a)
	}
}

// Restore takes a member over from the database, after a start: one who was
// online has a whole lease to come back, so that a restart takes nobody's work.
func (p *Presence) Restore(state AgentState, now time.Time) {
	a := p.of(state.Member)
	p.change(a, now, func() {
		if state.Status.Valid() {
			a.chosen, a.reason = state.Status, state.Reason
		}
		if until := now.Add(p.lease); state.Online && a.until.Before(until) {
			p.hold(a, until)
		}
	})
	if state.Online == a.node.in() { // as it was when saved
		a.since = state.Since
	}
}

// Choose records what a member wants to be. It renews no lease: a member who
// is not there stays offline, and is what they chose when they come.
func (p *Presence) Choose(member identity.MemberID, status Status, reason string, now time.Time) {
	a := p.of(member)
	p.change(a, now, func() { a.chosen, a.reason = status, reason })
}

// Beat is a heartbeat of one of a member's tabs, and its first when it opens.
func (p *Presence) Beat(member identity.MemberID, tab string, now time.Time) {
	a := p.of(member)
	until := now.Add(p.lease)
	p.change(a, now, func() {
		for id, end := range a.tabs {
			if !end.After(now) {
				delete(a.tabs, id)
			}
		}
		a.tabs[tab] = until
		p.hold(a, until)
	})
}

// Leave says that a tab is gone. The leases of the other tabs hold; the grace
// is the least that remains.
func (p *Presence) Leave(member identity.MemberID, tab string, now time.Time) {
	a := p.members[member]
	if a == nil || !a.node.in() {
		return
	}
	if _, open := a.tabs[tab]; !open {
		return
	}
	delete(a.tabs, tab)
	until := now.Add(p.grace)
	if a.until.Before(until) {
		until = a.until
	}
	for _, end := range a.tabs {
		if end.After(until) {
			until = end
		}
	}
	p.hold(a, until)
}

// Forget drops a member who does not work here any more.
func (p *Presence) Forget(member identity.MemberID) {
	if a := p.members[member]; a != nil {
		p.change(a, time.Time{}, func() { p.hold(a, time.Time{}) })
		delete(p.members, member)
	}
}

// Changes ends the leases that are over and returns the members whose status,
// or its reason, is another since the last call.
func (p *Presence) Changes(now time.Time) []identity.MemberID {
	for n := p.ends.first(); n != nil && !n.value.until.After(now); n = p.ends.first() {
		a := n.value
		p.change(a, now, func() {
			clear(a.tabs)
			p.hold(a, time.Time{})
		})
	}
	if len(p.changed) == 0 {
		return nil
	}
	out := sortedKeys(p.changed)
	clear(p.changed)
	return out
}

// Changed reports whether Changes has news that no time needs to pass for.
func (p *Presence) Changed() bool { return len(p.changed) > 0 }

// Next returns when the next lease ends unless renewed; false = nobody is there.
func (p *Presence) Next() (time.Time, bool) {
	if n := p.ends.first(); n != nil {
		return n.value.until, true
	}
	return time.Time{}, false
}

// Status returns a member's effective status. Ends of leases count from the
// next call of Changes.
func (p *Presence) Status(member identity.MemberID) Status {
	if a := p.members[member]; a != nil {
		return a.status()
	}
	return Offline
}

// Chosen returns what the member chose; Available before they ever did.
func (p *Presence) Chosen(member identity.MemberID) Status {
	if a := p.members[member]; a != nil {
		return a.chosen
	}
	return Available
}

// Reason returns why a member is away, or will be when they come; "" = they did
// not say.
func (p *Presence) Reason(member identity.MemberID) string {
	if a := p.members[member]; a != nil {
		return a.reason
	}
	return ""
}

// Since returns when a member's effective status, or its reason, began; zero =
// the member was never here.
func (p *Presence) Since(member identity.MemberID) time.Time {
	if a := p.members[member]; a != nil {
		return a.since
	}
	return time.Time{}
}

// Available returns how many members are available.
func (p *Presence) Available() int { return p.available }
