package queue

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Standing is how a queue stands at an instant.
type Standing struct {
	Queue  Queue
	Closed bool
	Opens  time.Time // when a closed one does, in the zone of its calendar; zero = never

	// ChangesAt is when Closed changes; zero = never.
	ChangesAt time.Time
	schedule  *calendar.Schedule // nil = always open
}

// Worked reports whether the queue was open at any time between two instants.
func (s Standing) Worked(from, to time.Time) bool {
	return s.schedule == nil || s.schedule.Working(from, to) > 0
}

// Hours knows when queues are open. It is safe for concurrent use.
type Hours struct {
	queues    Directory
	calendars calendar.Directory
}

// NewHours returns Hours over what is stored.
func NewHours(queues Directory, calendars calendar.Directory) *Hours {
	return &Hours{queues, calendars}
}

// Standing says how a queue stands. One that is not there (any more) is open.
func (h *Hours) Standing(ctx context.Context, w identity.WorkspaceID, id ID, at time.Time) (Standing, error) {
	q, err := h.queues.Queue(ctx, w, id)
	if errs.Is(err, errs.NotFound) {
		return Standing{}, nil
	}
	if err != nil {
		return Standing{}, err
	}
	s, err := scheduleOf(ctx, h.calendars, w, q.Calendar)
	return q.standing(s, at), err
}

// Entering says how the queue stands in which who comes to a queue waits: that one
// or, where those who come while it is closed go on to its overflow queue, the
// first of those that is open.
func (h *Hours) Entering(ctx context.Context, w identity.WorkspaceID, id ID, at time.Time) (Standing, error) {
	here, err := h.Standing(ctx, w, id, at)
	for on := here; err == nil && on.Closed && on.Queue.Outside.Does() == Pass && on.Queue.Overflow.Queue != ""; {
		if on, err = h.Standing(ctx, w, on.Queue.Overflow.Queue, at); err == nil && on.Queue.ID != "" && !on.Closed {
			return on, nil
		}
	}
	return here, err
}

// OfInbox says how the queue stands in which who writes to an inbox first waits; the
// zero Standing where there is none.
func (h *Hours) OfInbox(ctx context.Context, w identity.WorkspaceID, inbox string, at time.Time) (Standing, error) {
	id, _, err := h.queues.QueueOfInbox(ctx, w, inbox)
	if err != nil || id == "" {
		return Standing{}, err
	}
	return h.Entering(ctx, w, id, at)
}

// scheduleOf compiles a calendar; nil = always open, as is what has none.
func scheduleOf(ctx context.Context, from calendar.Directory, w identity.WorkspaceID, id calendar.ID) (*calendar.Schedule, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // as said
	}
	c, err := from.Calendar(ctx, w, id)
	if errs.Is(err, errs.NotFound) {
		return nil, nil //nolint:nilnil // as said
	}
	if err != nil {
		return nil, err
	}
	return c.Hours.Schedule()
}

// standing is how a queue with a schedule stands.
func (q Queue) standing(s *calendar.Schedule, at time.Time) Standing {
	out := Standing{Queue: q, schedule: s}
	if s == nil {
		return out
	}
	out.Closed = !s.Open(at)
	out.ChangesAt, _ = s.Next(at)
	if out.Closed {
		out.Opens, _ = s.Opens(at)
	}
	return out
}
