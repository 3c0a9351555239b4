package figures

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// talk is what figures know of a conversation. All of it comes from the
// conversation's own history.
type talk struct {
	seq    uint64
	state  conversation.State
	queue  queue.ID
	member identity.MemberID // who has it; "" = nobody

	waits   bool
	pending bool // it waits, and was counted as arrived in the queue and not as answered yet
	arrived time.Time
	counted bool     // as arrived since it was opened or woke,
	in      queue.ID // there

	asked    time.Time // the customer's first message since it was opened; zero = none
	answered bool      // by a person, since then
	left     bool      // the customer left while they waited

	given   time.Time     // when it became the member's
	of      queue.ID      // where it stood then
	running time.Time     // since when the member handles it; zero = not now
	handled time.Duration // by the member, until running
}

// hand returns who has the conversation in hand: whose it is while it is open.
func (t *talk) hand() identity.MemberID {
	if t.state != conversation.Open {
		return ""
	}
	return t.member
}

// owner returns whose it is, open or asleep.
func (t *talk) owner() identity.MemberID {
	if t.state == conversation.Resolved {
		return ""
	}
	return t.member
}

// step is one event of a conversation that a Day takes.
type step struct {
	*Day
	*talk
	e      Event
	said   data
	counts bool // in figures
}

// talk takes an event of a conversation.
func (d *Day) talk(e Event, counts bool) {
	t := d.talks[e.Subject]
	if t == nil {
		t = &talk{state: conversation.Open}
		d.talks[e.Subject] = t
	}
	s := step{Day: d, talk: t, e: e, counts: counts}
	if e.Type == conversation.Deleted {
		s.counts = false
		s.move(func() { t.member = "" })
		delete(d.talks, e.Subject)
		return
	}
	if e.Seq <= t.seq {
		return
	}
	t.seq = e.Seq
	if len(e.Data) > 0 && json.Unmarshal(e.Data, &s.said) != nil {
		return
	}
	s.take()
}

func (s step) take() {
	switch conversation.ChangeType(s.e.Type) { //nolint:exhaustive // as Counts
	case conversation.MessageCreated:
		s.message()
	case conversation.Queued:
		s.move(func() { s.member, s.state = "", conversation.Open })
		s.waits = true
		if !s.counted || s.in != s.talk.queue {
			s.arrive()
		}
	case conversation.TeamChanged:
		s.stand()
	case conversation.Assigned:
		s.assigned()
	case conversation.OfferEnded:
		s.offerEnded()
	case conversation.BotEngaged:
		s.rest(func() { s.member = "" })
	case conversation.SnoozedChange:
		s.rest(func() { s.state = conversation.Snoozed })
		s.counted = false
	case conversation.Unsnoozed:
		s.move(func() { s.state = conversation.Open })
	case conversation.Reopened:
		s.reopened()
	case conversation.ResolvedChange:
		s.resolved()
	case conversation.Merged:
		s.rest(func() { s.state = conversation.Resolved })
	case conversation.Unmerged:
		if s.said.State != "" { // of the one that stands by itself again
			s.move(func() { s.state = conversation.State(s.said.State) })
			s.counted = false
		}
	case Abandoned:
		s.abandoned()
	}
}

// rest moves the conversation to where it waits no more.
func (s step) rest(fn func()) {
	s.waits, s.pending = false, false
	s.move(fn)
}

// move changes whose the conversation is, or whether it is open, and keeps the
// time that members have it.
func (s step) move(fn func()) {
	hand, owner := s.hand(), s.owner()
	fn()
	if now := s.hand(); now != hand {
		if hand != "" {
			s.hold(hand, -1)
			s.handled += max(s.e.At.Sub(s.running), 0)
			s.running = time.Time{}
		}
		if now != "" {
			s.hold(now, 1)
			s.running = s.e.At
		}
	}
	if now := s.owner(); now != owner {
		if owner != "" && s.handled > 0 && s.counts {
			s.duty(owner).Handle.Add(s.handled)
			s.Day.queue(s.of).Handle.Add(s.handled)
		}
		s.handled, s.given, s.of = 0, s.e.At, s.talk.queue
	}
}

// hold changes how much a member has in hand.
func (s step) hold(m identity.MemberID, by int) {
	a := s.duty(m)
	a.pass(s.e.At)
	a.hands += by
}

func (s step) arrive() {
	s.pending, s.arrived, s.counted, s.in = true, s.e.At, true, s.talk.queue
	if s.counts {
		s.Day.queue(s.in).Arrived++
	}
}

// stand takes that the conversation stands in another queue. One that is routed as
// it arrives has arrived there alone.
func (s step) stand() {
	if s.said.Queue == nil {
		return
	}
	s.talk.queue = queue.ID(*s.said.Queue)
	if !s.waits {
		return
	}
	if s.pending && s.arrived.Equal(s.e.At) && s.counts {
		s.Day.queue(s.in).Arrived--
	}
	s.arrive()
}

func (s step) assigned() {
	pending := s.pending
	s.rest(func() { s.member = s.said.Assignee })
	s.left = false
	if !s.counts {
		return
	}
	if pending {
		q := s.Day.queue(s.in)
		q.Answered++
		q.Wait.Add(s.e.At.Sub(s.arrived))
	}
	s.duty(s.member).Given++
}

func (s step) offerEnded() {
	if !s.counts || s.said.Member == "" {
		return
	}
	switch s.said.Reason {
	case conversation.OfferUnanswered:
		s.duty(s.said.Member).Missed++
	case conversation.OfferRejected:
		s.duty(s.said.Member).Rejected++
	}
}

func (s step) reopened() {
	s.asked, s.answered, s.counted, s.left = time.Time{}, false, false, false
	s.move(func() {
		s.state = conversation.Open
		if s.said.By == string(identity.ActorContact) {
			s.member = ""
		}
	})
}

func (s step) resolved() {
	owner := s.owner()
	s.rest(func() { s.state = conversation.Resolved })
	if !s.counts {
		return
	}
	if !s.left && s.said.Reason != conversation.ResolvedCallback { // who has gone was not helped, who is called back not yet
		s.Day.queue(s.talk.queue).Resolved++
	}
	if owner != "" {
		s.duty(owner).Resolved++
	}
}

func (s step) abandoned() {
	in := s.talk.queue
	if s.said.Queue != nil {
		in = queue.ID(*s.said.Queue)
	}
	s.pending, s.left = false, true
	if s.counts {
		s.Day.queue(in).Abandoned++
	}
}

// message takes what somebody wrote: the customer, whose first words begin the
// wait for an answer, or a person of the company, whose first words end it.
func (s step) message() {
	m := s.e.Message
	person := s.e.Actor == identity.ActorMember && s.said.Scheduled == ""
	switch {
	case m.Automatic || m.Old:
	case s.e.Actor == identity.ActorContact:
		s.left = false
		if s.asked.IsZero() && !s.answered {
			s.asked = s.e.At
		}
	case person || m.Elsewhere:
		s.answer()
	}
}

func (s step) answer() {
	if s.asked.IsZero() || s.answered {
		return
	}
	s.answered = true
	if !s.counts {
		return
	}
	s.Day.queue(s.talk.queue).FirstResponse.Add(s.e.At.Sub(s.asked))
	if s.member != "" && s.e.Actor == identity.ActorMember && s.e.ActorID == string(s.member) {
		from := s.given
		if s.asked.After(from) {
			from = s.asked
		}
		s.duty(s.member).FirstResponse.Add(s.e.At.Sub(from))
	}
}
