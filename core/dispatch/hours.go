package dispatch

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Hours says which queues are not always open.
type Hours interface {
	// Hours returns the queues of a workspace that have hours, each once. Its
	// errors are as Store's.
	Hours(ctx context.Context, workspace identity.WorkspaceID) ([]QueueHours, error)
}

// QueueHours is a queue with its hours.
type QueueHours struct {
	Queue string
	Hours Schedule
}

// Schedule answers when it is open, from the time alone and always the same:
// *calendar.Schedule is one. It is safe for concurrent use.
type Schedule interface {
	// Open reports whether it is open at an instant.
	Open(at time.Time) bool
	// Opens returns the first instant from at on at which it is open; false = never.
	Opens(at time.Time) (time.Time, bool)
	// Next returns when what Open says changes after at; zero = never.
	Next(at time.Time) (change time.Time, opens bool)
}

// doors opens and closes the queues of a workspace by their hours.
type doors struct {
	hours []QueueHours
	shut  map[string]struct{} // the queues that are closed by hours
	at    time.Time           // when the next one opens or closes; zero = never
	fresh bool                // hours are new: all are looked at
}

// hang takes over what the hours are now. s.mu is held.
func (s *shard) hang(hours []QueueHours) {
	s.doors.fresh = s.doors.fresh || len(hours)+len(s.doors.hours) > 0
	s.doors.hours = hours
}

// watchDoors opens and closes the queues whose time has come. It needs no store.
func (s *shard) watchDoors(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &s.doors
	if !d.fresh && (d.at.IsZero() || now.Before(d.at)) {
		return
	}
	before := d.shut
	d.shut, d.at, d.fresh = map[string]struct{}{}, time.Time{}, false
	for _, q := range d.hours {
		if change, _ := q.Hours.Next(now); !change.IsZero() && (d.at.IsZero() || change.Before(d.at)) {
			d.at = change
		}
		if q.Hours.Open(now) {
			continue
		}
		opens, _ := q.Hours.Opens(now)
		d.shut[q.Queue] = struct{}{}
		s.engine.Hold(q.Queue, true, opens)
	}
	for name := range before {
		if _, still := d.shut[name]; !still {
			s.engine.Hold(name, false, time.Time{})
		}
	}
}

// readHours asks for the hours of the workspace; nothing where nobody has any.
func (s *shard) readHours(ctx context.Context) ([]QueueHours, error) {
	if s.Hours == nil {
		return nil, nil
	}
	return s.Hours.Hours(ctx, s.ws)
}
