package pluginstates

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const ofSchedule = ofOwner + ` AND schedule_key = ?`

// Schedules implements extension.ScheduleStore.
type Schedules struct {
	db *db.DB
}

// NewSchedules returns Schedules.
func NewSchedules(d *db.DB) *Schedules { return &Schedules{db: d} }

// Put implements extension.ScheduleStore.
func (s *Schedules) Put(ctx context.Context, o extension.Owner, want extension.Schedule, runID string) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		of := []any{string(o.Workspace), o.Instance, want.Key}
		at := db.Micros(want.At)
		_, err := tx.Exec(ctx, `INSERT INTO plugin_schedule (workspace_id, instance_id, schedule_key, plugin, due_at, next_at, every_us, payload, run_id, attempts, lease, lease_until)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0) ON CONFLICT (workspace_id, instance_id, schedule_key) DO UPDATE SET
plugin = excluded.plugin, due_at = excluded.due_at, next_at = excluded.next_at, every_us = excluded.every_us, payload = excluded.payload,
run_id = excluded.run_id, attempts = 0`,
			append(of[:3:3], string(want.Plugin), at, at, want.Every.Microseconds(), bytesOf(want.Payload), runID)...)
		if err != nil {
			return err
		}
		return most(ctx, tx, `plugin_schedule`, of, extension.Full("schedules", extension.MaxSchedules), extension.MaxSchedules)
	})
}

// Cancel implements extension.ScheduleStore.
func (s *Schedules) Cancel(ctx context.Context, o extension.Owner, key string) (bool, error) {
	found := false
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM plugin_schedule`+ofSchedule, string(o.Workspace), o.Instance, key)
		found = n > 0
		return err
	})
	return found, err
}

const runColumns = `SELECT workspace_id, instance_id, schedule_key, plugin, due_at, every_us, payload, run_id, attempts FROM plugin_schedule`

// Due implements extension.ScheduleStore. It looks first, so that nothing is
// written while nothing is due.
func (s *Schedules) Due(ctx context.Context, plugins []extension.PluginID, lease string, span extension.Span, limit int) ([]extension.Run, error) {
	if len(plugins) == 0 {
		return nil, nil
	}
	now := db.Micros(span.Now)
	var args []any
	for _, p := range plugins {
		args = append(args, string(p))
	}
	args = db.Padded(args, len(args))
	query := runColumns + ` WHERE plugin IN (?` + strings.Repeat(`, ?`, len(args)-1) + `) AND next_at <= ? AND lease_until <= ? ORDER BY next_at, instance_id, schedule_key LIMIT ?`
	var candidates []extension.Run
	err := s.db.Rows(ctx, query, append(args, now, now, limit), func(row db.Scanner) error {
		r, err := run(row)
		candidates = append(candidates, r)
		return err
	})
	if err != nil || len(candidates) == 0 {
		return nil, err
	}
	var out []extension.Run
	err = s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		out = nil
		for _, r := range candidates {
			n, err := tx.Exec(ctx, `UPDATE plugin_schedule SET lease = ?, lease_until = ?`+ofSchedule+` AND run_id = ? AND next_at <= ? AND lease_until <= ?`,
				lease, db.Micros(span.Until), string(r.Workspace), r.Instance, r.Key, r.ID, now, now)
			if err != nil {
				return err
			}
			if n > 0 {
				r.Lease = lease
				out = append(out, r)
			}
		}
		return nil
	})
	return out, err
}

func run(row db.Scanner) (extension.Run, error) {
	var r extension.Run
	var workspace, instance, plugin string
	var due, every int64
	err := row.Scan(&workspace, &instance, &r.Key, &plugin, &due, &every, &r.Payload, &r.ID, &r.Attempts)
	r.Owner, r.Plugin = owner(workspace, instance), extension.PluginID(plugin)
	r.At, r.Every = db.Time(due), time.Duration(every)*time.Microsecond
	return r, err
}

// Settle implements extension.ScheduleStore. A schedule that was replaced
// keeps what it is; only the lease on it ends, so that its own run may begin.
func (s *Schedules) Settle(ctx context.Context, r extension.Run, to extension.Settled) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		mine := []any{string(r.Workspace), r.Instance, r.Key, r.Lease}
		if to.Next.IsZero() {
			n, err := tx.Exec(ctx, `DELETE FROM plugin_schedule`+ofSchedule+` AND lease = ? AND run_id = ?`, append(mine[:4:4], r.ID)...)
			if err != nil || n > 0 {
				return err
			}
		} else if _, err := tx.Exec(ctx, `UPDATE plugin_schedule SET due_at = ?, next_at = ?, attempts = ?, run_id = ?`+ofSchedule+` AND lease = ? AND run_id = ?`,
			append([]any{db.Micros(to.Due), db.Micros(to.Next), to.Attempts, to.RunID}, append(mine[:4:4], r.ID)...)...); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE plugin_schedule SET lease = '', lease_until = 0`+ofSchedule+` AND lease = ?`, mine...)
		return err
	})
}
