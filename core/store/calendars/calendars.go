// Package calendars stores business hours.
package calendars

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/queues"
)

// Store implements calendar.Store and calendar.Directory.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const selectCalendar = `SELECT calendar_id, name, time_zone, hours, revision, created_at, updated_at FROM calendar WHERE workspace_id = ?`

// hoursRow is what the column hours holds.
type hoursRow struct {
	Week       calendar.WeekDraft        `json:"week"`
	Exceptions []calendar.ExceptionDraft `json:"exceptions"`
}

func encode(h calendar.Hours) (string, error) {
	d := h.Draft()
	raw, err := json.Marshal(hoursRow{d.Week, d.Exceptions})
	return string(raw), err
}

func find(ctx context.Context, q db.Querier, w identity.WorkspaceID, rest string, args ...any) ([]calendar.Calendar, error) {
	var out []calendar.Calendar
	err := q.Rows(ctx, selectCalendar+rest, append([]any{string(w)}, args...), func(sc db.Scanner) error {
		c := calendar.Calendar{Workspace: w}
		var id, zone, hours string
		var revision, created, updated int64
		if err := sc.Scan(&id, &c.Name, &zone, &hours, &revision, &created, &updated); err != nil {
			return err
		}
		var r hoursRow
		if err := json.Unmarshal([]byte(hours), &r); err != nil {
			return err
		}
		var err error
		c.Hours, err = calendar.Draft{Zone: zone, Week: r.Week, Exceptions: r.Exceptions}.Read()
		c.ID, c.Revision, c.CreatedAt, c.UpdatedAt = calendar.ID(id), db.Unsigned(revision), db.Time(created), db.Time(updated)
		out = append(out, c)
		return err
	})
	return out, err
}

// Calendar implements calendar.Store and calendar.Directory.
func (s *Store) Calendar(ctx context.Context, w identity.WorkspaceID, id calendar.ID) (calendar.Calendar, error) {
	return db.One(find(ctx, s.db, w, ` AND calendar_id = ?`, string(id)))
}

// Schedules compiles every calendar of a workspace, by id.
func Schedules(ctx context.Context, q db.Querier, w identity.WorkspaceID) (map[calendar.ID]*calendar.Schedule, error) {
	all, err := find(ctx, q, w, "")
	if err != nil {
		return nil, err
	}
	out := make(map[calendar.ID]*calendar.Schedule, len(all))
	for _, c := range all {
		if out[c.ID], err = c.Hours.Schedule(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Calendars implements calendar.Store.
func (s *Store) Calendars(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[calendar.Calendar], error) {
	var out page.Page[calendar.Calendar]
	after, err := page.Decode(request.Cursor, 1)
	if err != nil {
		return out, err
	}
	if after == nil {
		after = []string{""}
	}
	size := request.Size()
	out.Items, err = find(ctx, s.db, w, ` AND calendar_id > ? ORDER BY calendar_id LIMIT ?`, after[0], size+1)
	if len(out.Items) > size {
		out.Items = out.Items[:size]
		out.Next = page.Encode(string(out.Items[size-1].ID))
	}
	return out, err
}

// Create implements calendar.Store.
func (s *Store) Create(ctx context.Context, c calendar.Calendar, events ...event.Event) error {
	hours, err := encode(c.Hours)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, string(c.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.Row(ctx, `SELECT count(*) FROM calendar WHERE workspace_id = ?`, []any{string(c.Workspace)}, &n); err != nil {
			return err
		}
		if n >= calendar.MaxCalendars {
			return calendar.TooMany()
		}
		if err := free(ctx, tx, c); err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO calendar (workspace_id, calendar_id, name, time_zone, hours, revision, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			string(c.Workspace), string(c.ID), c.Name, c.Hours.Zone, hours, db.Signed(c.Revision), db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt))
	})
}

// free refuses a name that another calendar has.
func free(ctx context.Context, tx *db.Tx, c calendar.Calendar) error {
	var n int
	err := tx.Row(ctx, `SELECT count(*) FROM calendar WHERE workspace_id = ? AND name = ? AND calendar_id <> ?`, []any{string(c.Workspace), c.Name, string(c.ID)}, &n)
	if err == nil && n > 0 {
		return calendar.NameTaken()
	}
	return err
}

// Change implements calendar.Store.
func (s *Store) Change(ctx context.Context, w identity.WorkspaceID, id calendar.ID, change func(*calendar.Calendar) error, events ...event.Event) (calendar.Calendar, error) {
	var out calendar.Calendar
	err := s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		c, err := db.One(find(ctx, tx, w, ` AND calendar_id = ?`, string(id)))
		if err != nil {
			return err
		}
		created := c.CreatedAt
		if err := change(&c); err != nil {
			return err
		}
		c.Workspace, c.ID, c.CreatedAt = w, id, created
		if err := free(ctx, tx, c); err != nil {
			return err
		}
		hours, err := encode(c.Hours)
		if err != nil {
			return err
		}
		out = c
		return tx.Queue(ctx, `UPDATE calendar SET name = ?, time_zone = ?, hours = ?, revision = ?, updated_at = ? WHERE workspace_id = ? AND calendar_id = ?`,
			c.Name, c.Hours.Zone, hours, db.Signed(c.Revision), db.Micros(c.UpdatedAt), string(w), string(id))
	})
	if err != nil {
		return calendar.Calendar{}, err
	}
	return out, nil
}

// Delete implements calendar.Store.
func (s *Store) Delete(ctx context.Context, w identity.WorkspaceID, id calendar.ID, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		all, err := queues.All(ctx, tx, w)
		if err != nil {
			return err
		}
		if names := queues.Names(all, func(q queue.Queue) bool { return q.Calendar == id }); len(names) > 0 {
			return calendar.InUse(names...)
		}
		n, err := tx.Exec(ctx, `DELETE FROM calendar WHERE workspace_id = ? AND calendar_id = ?`, string(w), string(id))
		if err == nil && n == 0 {
			err = errs.Absent()
		}
		return err
	})
}
