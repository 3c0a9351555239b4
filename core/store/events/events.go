// Package events reads the outbox: the committed feed of every workspace. Rows
// are written by db.Tx.Append.
package events

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Log implements event.Log. The event of a conversation carries no data: its
// change does (see conversation.Reader.Hydrate).
type Log struct {
	db *db.DB
}

// New returns a Log.
func New(d *db.DB) *Log { return &Log{db: d} }

// Since implements event.Log.
func (l *Log) Since(ctx context.Context, workspace string, after uint64, limit int) ([]event.Event, error) {
	const query = `SELECT event_id, feed_seq, type, subject, seq, public_seq, at, COALESCE(data, '')
FROM event_outbox WHERE workspace_id = ? AND feed_seq > ? ORDER BY feed_seq LIMIT ?`
	var out []event.Event
	if after > 1<<62 {
		return nil, nil
	}
	err := l.db.Rows(ctx, query, []any{workspace, int64(after), limit}, func(s db.Scanner) error {
		e := event.Event{Workspace: workspace}
		var feed, seq, public, at int64
		var data string
		if err := s.Scan(&e.ID, &feed, &e.Type, &e.Subject, &seq, &public, &at, &data); err != nil {
			return err
		}
		e.Feed, e.Seq, e.PublicSeq, e.At = uint64(feed), uint64(seq), uint64(public), db.Time(at) //nolint:gosec // written as uint64
		if data != "" {
			e.Data = []byte(data)
		}
		out = append(out, e)
		return nil
	})
	return out, err
}

// Head implements event.Log.
func (l *Log) Head(ctx context.Context, workspace string) (uint64, error) {
	var head int64
	err := l.db.Row(ctx, `SELECT feed_seq FROM workspace WHERE workspace_id = ?`, []any{workspace}, &head)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return uint64(head), err //nolint:gosec // written as uint64
}
