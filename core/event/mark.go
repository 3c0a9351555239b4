package event

import (
	"errors"
	"time"
)

// Mark says how many people of a workspace were erased since a time. Who makes
// something of events for a place that an erasure goes through takes one before
// they read, and has it compared in the transaction that stores what they made:
// otherwise somebody's words would be back after their erasure. The zero Mark is
// compared with nothing.
type Mark struct {
	Since  time.Time
	Erased int
}

// MarkSpan is how far back a Mark counts: longer than clocks of servers differ.
const MarkSpan = time.Hour

// ErrErased is what becomes of what was made of events before an erasure: an
// Observer returns it, and is given the events as they are now.
var ErrErased = errors.New("somebody was erased meanwhile")
