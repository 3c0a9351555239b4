package queue

import (
	"cmp"
	"slices"
	"time"
)

// LeftDo is what happens to the conversation of a customer who left while they
// waited in front of a window. Who writes by mail or by a messenger never leaves.
type LeftDo string

// What can happen.
const (
	LeftKeep   LeftDo = "keep"   // it waits on, at its place
	LeftClose  LeftDo = "close"  // it is resolved
	LeftTicket LeftDo = "ticket" // it is resolved, and there is a ticket for the queue's team
)

// Left is what happens to who left while they waited.
type Left struct {
	Do    LeftDo        // "" = LeftKeep
	After time.Duration // behind the moment from which they count as gone; who is back by then waits on
}

// Does returns what happens.
func (l Left) Does() LeftDo { return cmp.Or(l.Do, LeftKeep) }

// left refuses what cannot happen to who left.
func (w *wrong) left(l Left) Left {
	if !slices.Contains([]LeftDo{LeftKeep, LeftClose, LeftTicket}, l.Does()) {
		w.Refuse("/when_left", "enum", "is keep, close or ticket")
	}
	w.wait("/left_after_s", l.After, 0)
	return l
}
