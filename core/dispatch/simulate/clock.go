package simulate

import (
	"container/heap"
	"time"
)

// event is something that happens at a time since the start.
type event struct {
	at     time.Duration
	number uint64 // of what happens at the same time, what was planned first
	happen func() error
}

// events is what is still to happen.
type events struct {
	planned schedule
	number  uint64
}

// book makes something happen at a time.
func (e *events) book(at time.Duration, happen func() error) {
	e.number++
	heap.Push(&e.planned, &event{at, e.number, happen})
}

// take returns what happens next; false = nothing.
func (e *events) take() (*event, bool) {
	if len(e.planned) == 0 {
		return nil, false
	}
	next, ok := heap.Pop(&e.planned).(*event)
	return next, ok
}

// schedule implements heap.Interface.
type schedule []*event

func (s *schedule) Len() int { return len(*s) }
func (s *schedule) Less(i, j int) bool {
	a, b := (*s)[i], (*s)[j]
	return a.at < b.at || a.at == b.at && a.number < b.number
}
func (s *schedule) Swap(i, j int) { (*s)[i], (*s)[j] = (*s)[j], (*s)[i] }

// Push implements heap.Interface.
func (s *schedule) Push(x any) {
	if e, ok := x.(*event); ok {
		*s = append(*s, e)
	}
}

// Pop implements heap.Interface.
func (s *schedule) Pop() any {
	last := len(*s) - 1
	e := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	return e
}
