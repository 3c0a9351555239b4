// Package traffic is what came to a workspace on one of its days, and who was
// there to serve it, as core/dispatch/simulate plays it: what was recorded, with
// what was not recorded drawn or left out, and said (Gap).
//
// Who waited and how long they took is folded from the conversations' histories,
// who was there from the changes of presence. Nobody's name and nothing that
// anybody wrote is in it. Teams, skills, capacities and queues are as they are
// now: how they were, nothing tells.
//
// Concurrency: Service is safe for concurrent use and starts nothing.
package traffic

import (
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// MaxCustomers is how many may have come on a day that is played.
const MaxCustomers = 20_000

// Days is how far back days are played, today included: what happened since is
// read for one.
const Days = 31

// Day is what was recorded of a day.
type Day struct {
	Date         string // 2026-11-20
	Zone         string // in which it is a day, of the IANA database
	Since, Until time.Time
	Scenario     simulate.Scenario
	Streams      []Stream // the queues of the scenario, in its order
	Groups       []Group  // the staff of the scenario, by its Kind
	Gaps         []Gap    // in the order of their codes' declaration, each once
}

// Stream is what the customers of a queue of the scenario have in common.
type Stream struct {
	Queue  queue.ID // "" = they stood in none
	Team   team.ID  // who serves it; "" = everybody
	Value  int
	Skills []queue.Need
}

// Group is members who are alike, and came and went at about the same times.
type Group struct {
	Key      string // the Kind of its staff
	Count    int
	Teams    []team.ID
	Skills   []queue.Need
	Capacity int
	From, To simulate.Seconds // since the day began, by the half hour
}

// Gap is something of the day that is not known, or not played, and how often.
type Gap struct {
	Code  GapCode
	Count int
}

// GapCode names a Gap.
type GapCode string

// The gaps.
const (
	// GapToday: the day is not over; it is played until now.
	GapToday GapCode = "today"
	// GapHandling: of so many customers it is not known how long they took; it is
	// drawn from what was measured of the others.
	GapHandling GapCode = "handling"
	// GapAssumed: nobody's was measured; ten minutes are the mean.
	GapAssumed GapCode = "handling_assumed"
	// GapCarried: so many waited when the day began; they come at its beginning.
	GapCarried GapCode = "carried"
	// GapInHand: so many were with a member when the day began; the members are
	// without them.
	GapInHand GapCode = "in_hand"
	// GapDirect: so many were given to a member without waiting; they are left out.
	GapDirect GapCode = "direct"
	// GapPresence: when so many members were there was not recorded; they are from
	// the first to the last thing that they did.
	GapPresence GapCode = "presence"
	// GapGone: so many members worked on the day and may be given no work now; they
	// are left out.
	GapGone GapCode = "gone"
	// GapHours: so many of the queues have hours; they are played as always open.
	GapHours GapCode = "hours"
	// GapQueues: so many customers stood in queues that there are no more; they are
	// served by their team, without skills and targets.
	GapQueues GapCode = "queues"
	// GapDemands: so many customers' own skills are left out, since there are too
	// many kinds of them.
	GapDemands GapCode = "demands"
)
