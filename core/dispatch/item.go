package dispatch

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Item is a work item that waits for an agent. An Engine keeps what it is
// given: the ladder must not be changed afterwards.
type Item struct {
	Key
	// Queue is the stream of work that the item stands in: places and figures
	// count within it. "" = in none, and it counts with the others of its Class
	// that are in none.
	Queue     string
	Class     Class
	Channel   Channel
	Weight    int  // capacity it takes from its agent; below 1 counts as 1
	Exclusive bool // takes a whole agent: one who has nothing, and is given nothing else while it is there
	// WaitingSince is the original arrival time: it stays when the item comes
	// back from an agent. Compared by the millisecond, then by Key.
	WaitingSince time.Time
	Target       time.Duration // within which the first answer should come; 0 = none
	Value        int           // 0 = ordinary; a larger one is worth more, as the policy says
	// Until StickyFor after WaitingSince the item is given to Sticky alone; "" =
	// to whoever may.
	Sticky    identity.MemberID
	StickyFor time.Duration
	Ladder    []Rung // in any order
}

// Rung widens who may serve an item: after so long waiting, whoever meets
// Class may too.
type Rung struct {
	After time.Duration
	Class Class
}

// aside reports whether nobody waits in person for the item: it never rings, and
// places, expected waits and figures of those who do leave it out.
func (it Item) aside() bool { return it.Channel == Ticket }

// Equal reports whether two items say the same.
func (it Item) Equal(o Item) bool {
	return it.Key == o.Key && it.Queue == o.Queue && it.Class == o.Class && it.Channel == o.Channel &&
		it.Weight == o.Weight && it.Exclusive == o.Exclusive && it.WaitingSince.Equal(o.WaitingSince) &&
		it.Target == o.Target && it.Value == o.Value && it.Sticky == o.Sticky && it.StickyFor == o.StickyFor &&
		slices.Equal(it.Ladder, o.Ladder)
}

// Reached returns the classes of the rungs that an item has reached by now.
func (it Item) Reached(now time.Time) []Class {
	var out []Class
	for _, r := range it.Ladder {
		if !it.WaitingSince.Add(r.After).After(now) {
			out = append(out, r.Class)
		}
	}
	return out
}

// normal is how items are compared.
func normal(item Item) Item {
	item.Weight = max(item.Weight, 1)
	item.WaitingSince = item.WaitingSince.UTC().Truncate(time.Millisecond)
	if item.Sticky == "" || item.StickyFor <= 0 {
		item.Sticky, item.StickyFor = "", 0
	}
	return item
}
