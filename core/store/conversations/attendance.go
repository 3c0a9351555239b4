package conversations

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const attendanceColumns = `workspace_id, conversation_id, queued_at, until, abandoned_at, act_at`

// Attend implements conversation.AttendanceStore.
func (s *Store) Attend(ctx context.Context, w identity.WorkspaceID, ids []conversation.ID, until time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	args := []any{db.Micros(until), string(w)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO attendance (`+attendanceColumns+`)
SELECT workspace_id, conversation_id, queued_at, CAST(? AS BIGINT), 0, 0 FROM conversation
WHERE workspace_id = ? AND conversation_id IN (?`+strings.Repeat(`, ?`, len(ids)-1)+`) AND state = 'open' AND responder = 'queue'
ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET until = excluded.until, queued_at = excluded.queued_at, act_at = 0,
abandoned_at = CASE WHEN attendance.queued_at = excluded.queued_at THEN attendance.abandoned_at ELSE 0 END`, args...)
	})
}

func attendances(ctx context.Context, q db.Querier, where string, args ...any) ([]conversation.Attendance, error) {
	var out []conversation.Attendance
	err := q.Rows(ctx, `SELECT `+attendanceColumns+` FROM attendance WHERE `+where, args, func(sc db.Scanner) error {
		var a conversation.Attendance
		var workspace, id string
		var queued, until, abandoned, act int64
		if err := sc.Scan(&workspace, &id, &queued, &until, &abandoned, &act); err != nil {
			return err
		}
		a.Workspace, a.Conversation = identity.WorkspaceID(workspace), conversation.ID(id)
		a.QueuedAt, a.Until, a.AbandonedAt, a.ActAt = db.Time(queued), db.Time(until), db.Time(abandoned), db.Time(act)
		out = append(out, a)
		return nil
	})
	return out, err
}

// Absences implements conversation.AttendanceStore.
func (s *Store) Absences(ctx context.Context, now time.Time, limit int) ([]conversation.Attendance, error) {
	return attendances(ctx, s.db, `until <= ? ORDER BY until LIMIT ?`, db.Micros(now), limit)
}

// Attendance implements conversation.AttendanceTx.
func (t *Tx) Attendance(ctx context.Context, id conversation.ID) (*conversation.Attendance, error) {
	found, err := attendances(ctx, t.tx, `workspace_id = ? AND conversation_id = ?`, string(t.workspace), string(id))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// PutAttendance implements conversation.AttendanceTx.
func (t *Tx) PutAttendance(ctx context.Context, a conversation.Attendance) error {
	return t.tx.Queue(ctx, `INSERT INTO attendance (`+attendanceColumns+`) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET queued_at = excluded.queued_at, until = excluded.until, abandoned_at = excluded.abandoned_at, act_at = excluded.act_at`,
		string(t.workspace), string(a.Conversation), db.Micros(a.QueuedAt), db.Micros(a.Until), db.Micros(a.AbandonedAt), db.Micros(a.ActAt))
}

// EndAttendance implements conversation.AttendanceTx.
func (t *Tx) EndAttendance(ctx context.Context, id conversation.ID) error {
	return t.tx.Queue(ctx, `DELETE FROM attendance WHERE workspace_id = ? AND conversation_id = ?`, string(t.workspace), string(id))
}
