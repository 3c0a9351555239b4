package traffic

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
)

// fold is a day of which the conversations' histories are taken, one after the
// other. It keeps what waited on the day, and nothing of the rest.
type fold struct {
	from, to, now time.Time

	id   string // of the conversation that is being taken
	talk *talk

	waits   []*wait
	carried int
	inHand  int
	direct  int
	acts    map[identity.MemberID]span // from the first to the last thing that a member did on the day
}

func newFold(from, to, now time.Time) *fold {
	return &fold{from: from, to: to, now: now, acts: map[identity.MemberID]span{}}
}

// take takes the next change of a conversation that came by a channel.
func (f *fold) take(e figures.Event, channel dispatch.Channel) error {
	if f.talk == nil || e.Subject != f.id {
		f.done()
		f.id, f.talk = e.Subject, &talk{channel: channel, state: conversation.Open}
	}
	f.talk.take(e)
	if f.within(e.At) {
		f.act(e)
	}
	return f.crowded()
}

// crowded refuses a day on which too many waited.
func (f *fold) crowded() error {
	if len(f.waits) <= MaxCustomers {
		return nil
	}
	r := errs.Refusals{}
	r.Refuse("/day/date", "too_many", "brought more than 20,000 customers")
	return r.Refused(CodeDay, "The day is too large to be played.")
}

func (f *fold) within(at time.Time) bool { return !at.Before(f.from) && at.Before(f.to) }

// act notes that a member was at work.
func (f *fold) act(e figures.Event) {
	who := e.ActorID
	if e.Actor != identity.ActorMember || who == "" {
		if e.Type != string(conversation.Assigned) {
			return
		}
		who = f.talk.member // who was given it was there
	}
	m := identity.MemberID(who)
	s, known := f.acts[m]
	if !known || e.At.Before(s.from) {
		s.from = e.At
	}
	if e.At.After(s.to) {
		s.to = e.At
	}
	f.acts[m] = s
}

// done takes what is of the day of the conversation that was taken last.
func (f *fold) done() {
	if f.talk == nil {
		return
	}
	f.talk.end(f.now)
	for _, w := range f.talk.all {
		switch {
		case !w.at.Before(f.to) || !w.ended.IsZero() && !w.ended.After(f.from) && w.at.Before(f.from):
			continue
		case !w.left.IsZero() && w.left.Before(f.from): // and was still in the list
			continue
		case w.at.Before(f.from):
			w.at = f.from
			f.carried++
		}
		f.waits = append(f.waits, w)
	}
	direct := false
	for _, s := range f.talk.held {
		if s.from.Before(f.from) && s.to.After(f.from) {
			f.inHand++
		}
		direct = direct || !s.waited && f.within(s.from)
	}
	if direct {
		f.direct++
	}
	f.talk = nil
}

// all is everybody who waited, as they came.
func (f *fold) all() []*wait {
	f.done()
	slices.SortStableFunc(f.waits, func(a, b *wait) int { return a.at.Compare(b.at) })
	return f.waits
}

// waited is for how long, at least, the customer waited without leaving; and
// whether they left then.
func (f *fold) waited(w *wait) (time.Duration, bool) {
	end := w.ended
	if end.IsZero() {
		end = f.now
	}
	if !w.left.IsZero() && !w.left.After(end) {
		return max(w.left.Sub(w.at), 0), true
	}
	return max(end.Sub(w.at), 0), false
}
