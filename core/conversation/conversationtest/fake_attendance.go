package conversationtest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Attend implements conversation.AttendanceStore.
func (f *Fake) Attend(ctx context.Context, w identity.WorkspaceID, ids []conversation.ID, until time.Time) error {
	return f.Within(ctx, w, func(ctx context.Context, tx conversation.Tx) error {
		for _, id := range ids {
			c, err := tx.Conversation(ctx, id)
			if errs.Is(err, errs.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			a := conversation.Attendance{Workspace: w, Conversation: id, QueuedAt: c.QueuedAt, Until: until}
			before, err := tx.Attendance(ctx, id)
			if err != nil {
				return err
			}
			if before != nil && before.QueuedAt.Equal(a.QueuedAt) {
				a.AbandonedAt = before.AbandonedAt
			}
			if !c.Waits() {
				continue
			}
			if err := tx.PutAttendance(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// Absences implements conversation.AttendanceStore.
func (f *Fake) Absences(_ context.Context, now time.Time, limit int) ([]conversation.Attendance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []conversation.Attendance
	for _, s := range f.spaces {
		for a := range maps.Values(s.attendances) {
			if !a.Until.After(now) {
				out = append(out, a)
			}
		}
	}
	slices.SortFunc(out, func(a, b conversation.Attendance) int { return a.Until.Compare(b.Until) })
	return out[:min(limit, len(out))], nil
}

// Attendance implements conversation.AttendanceTx.
func (t *fakeTx) Attendance(_ context.Context, id conversation.ID) (*conversation.Attendance, error) {
	if a, ok := t.space.attendances[id]; ok {
		return &a, nil
	}
	return nil, nil //nolint:nilnil // the port says nil for none
}

// PutAttendance implements conversation.AttendanceTx.
func (t *fakeTx) PutAttendance(_ context.Context, a conversation.Attendance) error {
	a.Workspace = t.workspace
	t.space.attendances[a.Conversation] = a
	return nil
}

// EndAttendance implements conversation.AttendanceTx.
func (t *fakeTx) EndAttendance(_ context.Context, id conversation.ID) error {
	delete(t.space.attendances, id)
	return nil
}
