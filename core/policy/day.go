package policy

import (
	"fmt"
	"strconv"

	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/errs"
)

// Day is a day of customers that plans are compared by: made up, who comes when
// drawn by Seed, or recorded. What was not recorded of one is drawn by Seed.
type Day struct {
	Kind    DayKind
	Date    string // of DayRecorded: 2026-11-20
	Seed    uint64
	Load    float64  // of a made-up day: 0.5 to 2, how many come beside its usual ones; 0 = 1
	Staff   []Staff  // of DayOwn: 1 to 20
	Streams []Stream // of DayOwn: 1 to 20
}

// DayKind is what a day is like.
type DayKind string

// The kinds of days. DayMessaging and DayVoice have 60 members with two of four
// skills each, 8 hours, and two peaks.
const (
	DayMessaging DayKind = "messaging" // chats, important chats, messages, mails
	DayVoice     DayKind = "voice"     // chats, important chats, mails and calls
	DayOwn       DayKind = "own"       // as Staff and Streams say: 8 hours, all along the same, everybody may have everything
	// DayRecorded is what was recorded of the workspace's Date, with who was there.
	DayRecorded DayKind = "recorded"
)

// Staff is members of the same capacity.
type Staff struct {
	Count    int // 1 to MaxPeople in all
	Capacity int // 1 to 100
}

// Stream is customers who come by a channel.
type Stream struct {
	Channel   string  // see dispatch.Channel
	PerHour   float64 // how many come, drawn; up to MaxCustomers a day in all
	HandlingS int     // mean seconds that one takes a member, 1 to 86,400
	TargetS   int     // seconds to the first answer; 0 = as the plan says
	PatienceS int     // mean seconds after which they leave; 0 = nobody leaves
	Value     int     // 0 to 100
}

// What a day of one's own may be: well below a second of work.
const (
	MaxPeople    = 200
	MaxCustomers = 20_000
	maxGroups    = 20
	dayHours     = 8
)

// madeUp is a day that is not recorded, as simulate plays it.
func (d Day) madeUp() (simulate.Scenario, error) {
	var r errs.Refusals
	load := d.Load
	if load == 0 {
		load = 1
	}
	if !(load >= 0.5 && load <= 2) {
		r.Refuse("/day/load", "range", "must be 0, or from 0.5 to 2")
		load = 1
	}
	var out simulate.Scenario
	switch d.Kind {
	case DayMessaging:
		out = simulate.MessagingDay(load)
	case DayVoice:
		out = simulate.Everyday(load)
	case DayOwn:
		out = d.own(&r)
	default:
		r.Refuse("/day/kind", "enum", "must be recorded, messaging, voice or own")
	}
	out.Seed = d.Seed
	if err := r.Refused("policy.day", "The day cannot be played; fields says why."); err != nil {
		return out, err
	}
	if err := out.Check(); err != nil {
		return out, errs.Wrap(err, errs.Invalid, "policy.day", "The day cannot be played.")
	}
	return out, nil
}

func (d Day) own(r *errs.Refusals) simulate.Scenario {
	out := simulate.Scenario{Name: string(DayOwn), Length: dayHours * 3600}
	if len(d.Staff) == 0 || len(d.Staff) > maxGroups {
		r.Refuse("/day/staff", "range", fmt.Sprintf("must have 1 to %d entries", maxGroups))
	}
	if len(d.Streams) == 0 || len(d.Streams) > maxGroups {
		r.Refuse("/day/streams", "range", fmt.Sprintf("must have 1 to %d entries", maxGroups))
	}
	people, customers := 0, 0.0
	for i, s := range d.Staff {
		at := fmt.Sprintf("/day/staff/%d", i)
		within(r, at+"/count", float64(s.Count), 1, MaxPeople)
		within(r, at+"/capacity", float64(s.Capacity), 1, 100)
		people += s.Count
		out.Staff = append(out.Staff, simulate.Staff{Name: strconv.Itoa(i + 1), Count: s.Count, Budget: s.Capacity})
	}
	for i, s := range d.Streams {
		s.check(r, fmt.Sprintf("/day/streams/%d", i))
		customers += s.PerHour * dayHours
		out.Queues = append(out.Queues, simulate.Queue{
			Name: strconv.Itoa(i + 1), Channel: s.Channel, Value: s.Value, Target: simulate.Seconds(s.TargetS), Patience: simulate.Seconds(s.PatienceS),
			Traffic: simulate.Traffic{PerHour: s.PerHour}, Handling: simulate.Handling{Law: simulate.Lognormal, Mean: simulate.Seconds(s.HandlingS), CV: 1},
		})
	}
	if people > MaxPeople {
		r.Refuse("/day/staff", "too_many", fmt.Sprintf("are %d people; at most %d", people, MaxPeople))
	}
	if customers > MaxCustomers {
		r.Refuse("/day/streams", "too_many", fmt.Sprintf("bring about %.0f customers; at most %d", customers, MaxCustomers))
	}
	return out
}

func (s Stream) check(r *errs.Refusals, at string) {
	const day = 24 * 3600
	if !channelKnown(s.Channel) {
		r.Refuse(at+"/channel", "enum", "must be chat, message, mail, ticket or voice")
	}
	within(r, at+"/per_hour", s.PerHour, 0, MaxCustomers)
	within(r, at+"/handling_s", float64(s.HandlingS), 1, day)
	within(r, at+"/target_s", float64(s.TargetS), 0, 30*day)
	within(r, at+"/patience_s", float64(s.PatienceS), 0, 30*day)
	within(r, at+"/value", float64(s.Value), 0, 100)
}

func within(r *errs.Refusals, pointer string, n, low, high float64) {
	if !(n >= low && n <= high) {
		r.Refuse(pointer, "range", fmt.Sprintf("must be from %.10g to %.10g", low, high))
	}
}
