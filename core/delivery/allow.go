package delivery

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// Skip is what Due leaves out.
type Skip struct {
	Out     map[ID]bool                   // what is in flight
	Held    map[ID]time.Time              // whose recipient may get no more before
	Inboxes map[channel.InboxID]time.Time // that may send no more before
}

// Has reports whether a delivery is left out.
func (s Skip) Has(d *Delivery) bool {
	_, held := s.Held[d.ID]
	_, blocked := s.Inboxes[d.Inbox]
	return s.Out[d.ID] || held || blocked
}

// unskip lets those be looked at again whose time has come.
func (s *session) unskip() {
	now := s.now()
	for id, until := range s.skip.Held {
		if !until.After(now) {
			delete(s.skip.Held, id)
		}
	}
	for inbox, until := range s.skip.Inboxes {
		if !until.After(now) {
			delete(s.skip.Inboxes, inbox)
		}
	}
}

// soonest returns how long it takes until something that is skipped may leave.
func (s *session) soonest() time.Duration {
	now, wait := s.now(), idle
	for _, until := range s.skip.Held {
		wait = min(wait, until.Sub(now))
	}
	for _, until := range s.skip.Inboxes {
		wait = min(wait, until.Sub(now))
	}
	return wait
}

// person is a recipient of an account.
type person struct {
	inbox     channel.InboxID
	recipient string
}

// allowed returns what may leave now, as far as their accounts and recipients
// go, and skips the rest until it may. Something is skipped unless all may.
func (s *session) allowed(due []Delivery) []Delivery {
	now, out := s.now(), due[:0]
	room, served := make(map[channel.InboxID]int, 1), make(map[person]bool)
	paced := slices.ContainsFunc(s.can.Rates, func(r channel.Rate) bool { return r.Per == channel.PerRecipient })
	for i := range due {
		d := &due[i]
		if _, known := room[d.Inbox]; !known {
			room[d.Inbox] = s.roomOf(d.Inbox, now)
		}
		who := person{d.Inbox, d.Recipient}
		if room[d.Inbox] == 0 || served[who] { // served: looked at again when that one has left
			continue
		}
		if ok, wait := s.accounts.fits(d.Inbox, s.can.Rates, d.Recipient, now); !ok {
			s.skip.Held[d.ID] = now.Add(wait)
			continue
		}
		served[who] = paced
		room[d.Inbox]--
		out = append(out, *d)
	}
	return out
}

// roomOf returns how many items of an inbox may leave now; one that may send
// none is skipped.
func (s *session) roomOf(inbox channel.InboxID, now time.Time) int {
	n, wait := s.accounts.room(inbox, s.can.Rates, now)
	if n == 0 {
		s.skip.Inboxes[inbox] = now.Add(wait)
		return 0
	}
	n = min(n, s.share(inbox))
	if n <= 0 {
		s.skip.Inboxes[inbox], s.crowded = now.Add(idle), append(s.crowded, inbox)
	}
	return max(n, 0)
}

// share is how many more items of an inbox may be in flight. An account whose
// far side hangs does not get all of the line: of what the others leave, an
// eighth stays free. A line of less than eight credits has nothing to spare.
func (s *session) share(inbox channel.InboxID) int {
	others := len(s.inFlight) - s.load[inbox]
	left := s.window - others
	return max(left-left/8, 1) - s.load[inbox]
}
