package conversation

import "time"

// Standing is what a merge takes from a conversation and its undoing gives back.
type Standing struct {
	State        State
	SnoozedUntil time.Time
	WaitingSince time.Time
}
