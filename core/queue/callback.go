package queue

import (
	"cmp"
	"slices"
	"time"
)

// Offered is when customers who wait in front of a window are offered to be
// called back instead.
type Offered string

// When it can be offered.
const (
	OfferedNever  Offered = "never"
	OfferedClosed Offered = "closed" // while the queue is closed
	OfferedWait   Offered = "wait"   // likewise, and while the wait is longer than Callbacks.Wait, or nobody is there
	OfferedAlways Offered = "always"
)

// Reach is how customers who are called back say that they can be reached.
type Reach string

// What can be asked for.
const (
	ReachPhone  Reach = "phone"
	ReachEmail  Reach = "email"
	ReachEither Reach = "either" // one of the two, at least
)

// Callbacks is what a queue offers to customers who do not want to wait.
type Callbacks struct {
	Offered Offered       // "" = OfferedNever
	Wait    time.Duration // of OfferedWait
	Ask     Reach         // "" = ReachPhone
}

// When returns when it is offered.
func (c Callbacks) When() Offered { return cmp.Or(c.Offered, OfferedNever) }

// Asks returns what is asked for.
func (c Callbacks) Asks() Reach { return cmp.Or(c.Ask, ReachPhone) }

// Expected is what is known of a wait.
type Expected struct {
	Wait      time.Duration // 0 = nobody knows
	Available bool          // somebody is there who may serve it
	Closed    bool          // it is outside the queue's hours
}

// Offers reports whether who waits so is offered to be called back.
func (c Callbacks) Offers(e Expected) bool {
	switch c.When() {
	case OfferedAlways:
		return true
	case OfferedWait:
		return e.Closed || !e.Available || e.Wait > c.Wait
	case OfferedClosed:
		return e.Closed
	default:
		return false
	}
}

// callbacks refuses what cannot be offered.
func (w *wrong) callbacks(c Callbacks) Callbacks {
	if !slices.Contains([]Offered{OfferedNever, OfferedClosed, OfferedWait, OfferedAlways}, c.When()) {
		w.Refuse("/callback/offered", "enum", "is never, closed, wait or always")
	}
	if !slices.Contains([]Reach{ReachPhone, ReachEmail, ReachEither}, c.Asks()) {
		w.Refuse("/callback/ask", "enum", "is phone, email or either")
	}
	w.wait("/callback/wait_s", c.Wait, 0)
	return c
}
