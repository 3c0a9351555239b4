package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// LeftAfter is after how long without a window a customer who waits has left.
const LeftAfter = 3 * time.Minute

// Attendance is until when a customer who waits in front of a window counts as
// there. Whichever server has their window puts it off, so nobody needs to see
// them go: a server that crashed puts nothing off.
type Attendance struct {
	Workspace    identity.WorkspaceID
	Conversation ID
	QueuedAt     time.Time // which wait it is of: Conversation.QueuedAt
	Until        time.Time
	AbandonedAt  time.Time // when the customer was found to have left this wait; zero = not
	ActAt        time.Time // when what its queue does then is due; zero = nothing is. Who attends takes it back
}

// AttendanceStore keeps attendances.
type AttendanceStore interface {
	// Attend makes the customers of conversations count as there until a time, for
	// the wait they are in; that one of them was found to have left it stays. A
	// conversation that does not wait, or is unknown, stays as it is; that is no error.
	Attend(ctx context.Context, w identity.WorkspaceID, ids []ID, until time.Time) error
	// Absences lists attendances whose time has come by now, in all workspaces, the
	// oldest first.
	Absences(ctx context.Context, now time.Time, limit int) ([]Attendance, error)
}

// AttendanceTx is the side of a transaction that keeps attendances.
type AttendanceTx interface {
	// Attendance returns that of a conversation; nil = there is none.
	Attendance(ctx context.Context, id ID) (*Attendance, error)
	// PutAttendance stores one, new or known.
	PutAttendance(ctx context.Context, a Attendance) error
	// EndAttendance forgets that of a conversation; none is no error.
	EndAttendance(ctx context.Context, id ID) error
}

// Abandon records that the customer left before anybody was found. The
// conversation waits on, at its place.
func (c *Conversation) Abandon(t Turn) {
	data := map[string]string{"since": c.QueuedAt.UTC().Format(time.RFC3339Nano)}
	if c.Queue != "" {
		data["queue_id"] = string(c.Queue)
	}
	if c.Team != "" {
		data["team_id"] = string(c.Team)
	}
	c.record(t, Abandoned, nil, data)
}

// VisitorsAttend says that the customers of conversations have a window open.
func (s *Service) VisitorsAttend(ctx context.Context, w identity.WorkspaceID, ids []ID) error {
	return s.Visitors.Attend(ctx, w, ids, s.Now().Add(LeftAfter))
}

// NoteLeft records which customers left while they waited, once for each wait,
// unless somebody was found first, and does what their queue does then. It returns
// how many had left. Several nodes may try at the same time; what cannot be looked
// at does not hold up the others.
func (s *Service) NoteLeft(ctx context.Context) (int, error) {
	due, err := s.Visitors.Absences(ctx, s.Now(), sweepBatch)
	if err != nil {
		return 0, err
	}
	left := 0
	var failed error
	for _, a := range due {
		gone := false
		err := s.Store.Within(ctx, a.Workspace, func(ctx context.Context, tx Tx) (err error) {
			gone, err = s.noteLeft(ctx, tx, a)
			return err
		})
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("customer of %s: %w", a.Conversation, err))
			continue
		}
		if gone {
			left++
		}
	}
	return left, failed
}

// noteLeft looks at one attendance again, with its conversation locked.
func (s *Service) noteLeft(ctx context.Context, tx Tx, due Attendance) (bool, error) {
	c, err := tx.Conversation(ctx, due.Conversation)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return false, err
	}
	a, readErr := tx.Attendance(ctx, due.Conversation)
	now := s.Now()
	switch {
	case readErr != nil || a == nil || a.Until.After(now):
		return false, readErr
	case err != nil || !c.Waits() || !c.QueuedAt.Equal(a.QueuedAt):
		return false, tx.EndAttendance(ctx, due.Conversation)
	}
	t := Turn{Actor: identity.SystemScope(c.Workspace).Actor, At: now, IDs: s.ids}
	found := a.AbandonedAt.IsZero()
	if found {
		a.AbandonedAt = now
		c.Abandon(t)
	}
	does, err := s.whenLeft(ctx, c)
	if err != nil {
		return false, err
	}
	if a.schedule(does, now) {
		return found, s.endLeft(ctx, tx, t, c, does.Does())
	}
	if err := tx.PutAttendance(ctx, *a); err != nil || !found {
		return false, err
	}
	return true, tx.Save(ctx, c)
}

// keepLeft is how often it is looked whether a wait that was left is over.
const keepLeft = time.Hour
