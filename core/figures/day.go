package figures

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// Day folds the events of a workspace into the figures of one day. The same
// events in the same order give the same figures, in whatever portions they
// come and however often: what came already changes nothing. What happened before
// the day moves what stands, and counts in no figure.
//
// It holds the conversations that are open, and a few numbers for each queue and
// each member. It is not safe for concurrent use.
type Day struct {
	since  time.Time
	feed   uint64 // of the last event
	talks  map[string]*talk
	queues map[queue.ID]*QueueDay
	agents map[identity.MemberID]*duty
}

// NewDay returns a Day that began at a time, of which the events after a feed
// number are to come.
func NewDay(since time.Time, feed uint64) *Day {
	return &Day{since: since, feed: feed, talks: map[string]*talk{}, queues: map[queue.ID]*QueueDay{}, agents: map[identity.MemberID]*duty{}}
}

// Feed returns the feed number of the last event that was taken.
func (d *Day) Feed() uint64 { return d.feed }

// Present says what a member is when the day begins.
func (d *Day) Present(m identity.MemberID, status dispatch.Status) {
	a := d.duty(m)
	a.status, a.known = status, true
}

// Recall takes what happened in a conversation earlier than what is to come: it
// says how the conversation stands, and counts in no figure.
func (d *Day) Recall(e Event) { d.talk(e, false) }

// Knows reports whether an event can be taken, or what happened before in its
// conversation is to be recalled first.
func (d *Day) Knows(e Event) bool {
	return e.Feed <= d.feed || e.Seq <= 1 || !Counts(e.Type) || d.talks[e.Subject] != nil
}

// Take takes the next event.
func (d *Day) Take(e Event) {
	if e.Feed <= d.feed {
		return
	}
	d.feed = e.Feed
	switch {
	case !Counts(e.Type):
	case e.Type == dispatch.PresenceSwitched:
		d.attend(e)
	default:
		d.talk(e, !e.At.Before(d.since))
	}
}

// Sweep forgets the conversations that are done. What happens in one of them
// later needs what happened before to be recalled.
func (d *Day) Sweep() {
	for id, t := range d.talks {
		if t.state == conversation.Resolved {
			delete(d.talks, id)
		}
	}
}

// attend takes a change of a member's presence. What the member was before the
// first one of the day, it says too.
func (d *Day) attend(e Event) {
	var said data
	if json.Unmarshal(e.Data, &said) != nil {
		return
	}
	a := d.duty(identity.MemberID(e.Subject))
	a.pass(e.At)
	if !a.known {
		a.settle(said.From)
	}
	a.status = said.Status
}

func (d *Day) queue(id queue.ID) *QueueDay {
	q := d.queues[id]
	if q == nil {
		q = &QueueDay{}
		d.queues[id] = q
	}
	return q
}

func (d *Day) duty(m identity.MemberID) *duty {
	a := d.agents[m]
	if a == nil {
		a = &duty{at: d.since}
		d.agents[m] = a
	}
	return a
}

// duty is a member's day.
type duty struct {
	AgentDay
	status dispatch.Status
	known  bool      // status is
	hands  int       // open conversations that are theirs
	at     time.Time // the times below are of the day until then
	free   time.Duration
	busy   time.Duration

	doubt, doubtBusy time.Duration // passed while the status was not known
}

// pass lets time pass until an instant. An earlier one than before changes
// nothing: nodes' clocks differ a little.
func (a *duty) pass(to time.Time) {
	took := to.Sub(a.at)
	if took <= 0 {
		return
	}
	a.at = to
	busy := took
	if a.hands == 0 {
		busy = 0
	}
	switch {
	case !a.known:
		a.doubt += took
		a.doubtBusy += busy
	case a.status == dispatch.Available:
		a.free += took
		a.busy += busy
	}
}

// settle says what the member was until now.
func (a *duty) settle(was dispatch.Status) {
	a.known = true
	if was == dispatch.Available {
		a.free += a.doubt
		a.busy += a.doubtBusy
	}
	a.doubt, a.doubtBusy = 0, 0
}

// Totals are what a Day says at an instant. They share nothing with it.
type Totals struct {
	Queues map[queue.ID]QueueDay
	Agents map[identity.MemberID]AgentTotals
}

// AgentTotals are what a Day says of a member.
type AgentTotals struct {
	AgentDay

	Available time.Duration // was available
	Busy      time.Duration // ... and had at least one conversation in hand
}

// Totals says how the day went until an instant.
func (d *Day) Totals(now time.Time) Totals {
	out := Totals{map[queue.ID]QueueDay{}, map[identity.MemberID]AgentTotals{}}
	for id, q := range d.queues {
		c := *q
		c.Wait, c.FirstResponse, c.Handle = q.Wait.Clone(), q.FirstResponse.Clone(), q.Handle.Clone()
		out.Queues[id] = c
	}
	for m, a := range d.agents {
		at := *a
		at.pass(now)
		t := AgentTotals{AgentDay: a.AgentDay, Available: at.free, Busy: at.busy}
		t.FirstResponse, t.Handle = a.FirstResponse.Clone(), a.Handle.Clone()
		out.Agents[m] = t
	}
	return out
}
