package traffic

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Switch is a change of a member's effective status.
type Switch struct {
	Member   identity.MemberID
	At       time.Time
	From, To dispatch.Status
}

// attendance is who was there when.
type attendance struct {
	from, to time.Time
	known    map[identity.MemberID]bool
	free     map[identity.MemberID][]span
}

// attend folds who was there: present are those whose status did not change since
// the beginning, switches all changes since then, in order.
func attend(from, to time.Time, present map[identity.MemberID]dispatch.Status, switches []Switch) attendance {
	a := attendance{from, to, map[identity.MemberID]bool{}, map[identity.MemberID][]span{}}
	status, since := map[identity.MemberID]dispatch.Status{}, map[identity.MemberID]time.Time{}
	for m, s := range present {
		status[m], since[m] = s, from
	}
	for _, s := range switches {
		if _, known := status[s.Member]; !known {
			status[s.Member], since[s.Member] = s.From, from
		}
		a.add(s.Member, status[s.Member], since[s.Member], s.At)
		status[s.Member], since[s.Member] = s.To, s.At
	}
	for m, s := range status {
		a.known[m] = true
		a.add(m, s, since[m], to)
	}
	return a
}

// add adds a time in which a member was something.
func (a attendance) add(m identity.MemberID, was dispatch.Status, from, to time.Time) {
	if from.Before(a.from) {
		from = a.from
	}
	if to.After(a.to) {
		to = a.to
	}
	if was == dispatch.Available && to.After(from) {
		a.free[m] = append(a.free[m], span{from: from, to: to})
	}
}

// shifts are the times in which a member was there, since the day began; none:
// they were not.
func (a attendance) shifts(m identity.MemberID) []simulate.Shift {
	var out []simulate.Shift
	for _, s := range a.free[m] {
		out = append(out, simulate.Shift{From: seconds(s.from.Sub(a.from)), To: seconds(s.to.Sub(a.from))})
	}
	slices.SortFunc(out, func(x, y simulate.Shift) int { return int(x.From*1000) - int(y.From*1000) })
	return out
}

// seconds is a length of time as it stands in files, by the millisecond.
func seconds(d time.Duration) simulate.Seconds {
	return simulate.Seconds(float64(d.Milliseconds()) / 1000)
}
