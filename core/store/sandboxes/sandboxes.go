// Package sandboxes keeps sandboxes, and empties their workspaces.
package sandboxes

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/sandbox"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/purge"
)

// Store implements sandbox.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// listed are the states in which a sandbox is seen.
const listed = `b.state <> 'ending'`

// read returns the sandboxes that a condition finds, by id.
func read(ctx context.Context, q db.Querier, where string, args ...any) ([]sandbox.Sandbox, error) {
	const query = `SELECT b.workspace_id, b.sandbox_id, w.name, w.locale, b.member_id, m.name, m.account_id, b.state, b.idle, b.created_at, b.filled_at, w.used_at, b.ended_at, b.due_at
FROM sandbox b JOIN workspace w ON w.workspace_id = b.sandbox_id JOIN member m ON m.workspace_id = b.workspace_id AND m.member_id = b.member_id WHERE `
	var out []sandbox.Sandbox
	err := q.Rows(ctx, query+where+` ORDER BY b.sandbox_id`, args, func(sc db.Scanner) error {
		var x sandbox.Sandbox
		var parent, id, maker, account, state string
		var idle, made, filled, used, ended, due int64
		err := sc.Scan(&parent, &id, &x.Name, &x.Locale, &maker, &x.MakerName, &account, &state, &idle, &made, &filled, &used, &ended, &due)
		x.Parent, x.ID, x.Maker, x.Account = identity.WorkspaceID(parent), identity.WorkspaceID(id), identity.MemberID(maker), identity.AccountID(account)
		x.State, x.Idle = sandbox.State(state), idle != 0
		x.CreatedAt, x.FilledAt, x.UsedAt, x.EndedAt, x.DueAt = db.Time(made), db.Time(filled), db.Time(used), db.Time(ended), db.Time(due)
		out = append(out, x)
		return err
	})
	return out, err
}

// Sandbox implements sandbox.Store.
func (s *Store) Sandbox(ctx context.Context, parent, id identity.WorkspaceID) (sandbox.Sandbox, error) {
	return db.One(read(ctx, s.db, `b.workspace_id = ? AND b.sandbox_id = ? AND `+listed, string(parent), string(id)))
}

// Sandboxes implements sandbox.Store.
func (s *Store) Sandboxes(ctx context.Context, parent identity.WorkspaceID) ([]sandbox.Sandbox, error) {
	return read(ctx, s.db, `b.workspace_id = ? AND `+listed, string(parent))
}

// Due implements sandbox.Store.
func (s *Store) Due(ctx context.Context, now time.Time) ([]sandbox.Sandbox, error) {
	return read(ctx, s.db, `b.due_at > 0 AND b.due_at <= ?`, db.Micros(now))
}

// Unused implements sandbox.Store.
func (s *Store) Unused(ctx context.Context, before time.Time) ([]sandbox.Sandbox, error) {
	at := db.Micros(before)
	return read(ctx, s.db, `b.state = 'ready' AND b.created_at < ? AND b.filled_at < ? AND w.used_at < ?`, at, at, at)
}

// Create implements sandbox.Store. The parent is locked, so the counts hold
// until the commit.
func (s *Store) Create(ctx context.Context, x sandbox.Sandbox, w identity.Workspace, owner identity.Member, l sandbox.Limits, events ...event.Event) error {
	parent := string(x.Parent)
	return s.db.Do(ctx, parent, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM sandbox WHERE workspace_id = ? AND member_id = ? AND state = 'ended'`, parent, string(x.Maker)); err != nil {
			return err
		}
		var all, theirs int
		err := tx.Row(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN member_id = ? THEN 1 ELSE 0 END), 0) FROM sandbox WHERE workspace_id = ? AND state IN ('filling', 'ready')`,
			[]any{string(x.Maker), parent}, &all, &theirs)
		switch {
		case err != nil:
			return err
		case theirs >= l.PerMember:
			return sandbox.TooManyOfYours(l.PerMember)
		case all >= l.PerWorkspace:
			return sandbox.TooMany(l.PerWorkspace)
		}
		if err := found(ctx, tx, w, owner); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO sandbox (workspace_id, sandbox_id, member_id, state, idle, created_at, filled_at, ended_at, due_at) VALUES (?, ?, ?, ?, 0, ?, 0, 0, ?)`,
			parent, string(x.ID), string(x.Maker), string(x.State), db.Micros(x.CreatedAt), db.Micros(x.DueAt))
		if err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
}

// found stores a workspace with its owner, whose account exists.
func found(ctx context.Context, tx *db.Tx, w identity.Workspace, owner identity.Member) error {
	_, err := tx.Exec(ctx, `INSERT INTO workspace (workspace_id, name, locale, parent_id, used_at, created_at, updated_at, unattended_seconds, ticket_close_days,
offer_mode, offer_ring_seconds, offer_misses) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(w.ID), w.Name, w.Locale, string(w.Parent), db.Micros(w.UsedAt), db.Micros(w.CreatedAt), db.Micros(w.UpdatedAt),
		int64(w.Settings.Unattended/time.Second), w.Settings.CloseTickets,
		string(w.Settings.Offers.Mode), int64(w.Settings.Offers.Ring/time.Second), w.Settings.Offers.Misses)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO member (workspace_id, member_id, account_id, name, role, capacity, suspended, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(w.ID), string(owner.ID), string(owner.Account), owner.Name, string(owner.Role), owner.Capacity, owner.Suspended,
		db.Micros(owner.CreatedAt), db.Micros(owner.UpdatedAt))
	return err
}

// Turn implements sandbox.Store.
func (s *Store) Turn(ctx context.Context, from sandbox.State, x sandbox.Sandbox, events ...event.Event) error {
	return s.db.Do(ctx, string(x.Parent), func(ctx context.Context, tx *db.Tx) error {
		where, args := listed, []any{string(x.Parent), string(x.ID)}
		if from != "" {
			where, args = `b.state = ?`, append(args, string(from))
		}
		there, err := read(ctx, tx, `b.workspace_id = ? AND b.sandbox_id = ? AND `+where, args...)
		switch {
		case err != nil:
			return err
		case len(there) == 0:
			return errs.Absent()
		case x.State == sandbox.Ended && !x.Idle: // nobody is told of it
			_, err = tx.Exec(ctx, `DELETE FROM sandbox WHERE workspace_id = ? AND sandbox_id = ?`, string(x.Parent), string(x.ID))
		default:
			_, err = tx.Exec(ctx, `UPDATE sandbox SET state = ?, idle = ?, filled_at = ?, ended_at = ?, due_at = ? WHERE workspace_id = ? AND sandbox_id = ?`,
				string(x.State), whole(x.Idle), db.Micros(x.FilledAt), db.Micros(x.EndedAt), db.Micros(x.DueAt), string(x.Parent), string(x.ID))
		}
		if err != nil {
			return err
		}
		if err := tx.Append(ctx, events...); err != nil {
			return err
		}
		if x.State == sandbox.Ending {
			return shut(ctx, tx, x)
		}
		return nil
	})
}

func whole(b bool) int {
	if b {
		return 1
	}
	return 0
}

// shut ends the workspace of a sandbox: nothing is written to it any more.
func shut(ctx context.Context, tx *db.Tx, x sandbox.Sandbox) error {
	if _, err := tx.Exec(ctx, `UPDATE workspace SET ended_at = ? WHERE workspace_id = ?`, db.Micros(x.EndedAt), string(x.ID)); err != nil {
		return err
	}
	p := purge.New(tx, string(x.ID), nil)
	p.Do(ctx, `DELETE FROM api_key WHERE workspace_id = ?`)
	p.Do(ctx, `UPDATE webhook SET active = 0 WHERE workspace_id = ?`)
	p.Do(ctx, `UPDATE inbox SET enabled = FALSE WHERE workspace_id = ?`)
	return p.Err()
}

// Claim implements sandbox.Store.
func (s *Store) Claim(ctx context.Context, x sandbox.Sandbox, until time.Time) (bool, error) {
	var n int64
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE sandbox SET due_at = ? WHERE workspace_id = ? AND sandbox_id = ? AND state = ? AND due_at = ?`,
			db.Micros(until), string(x.Parent), string(x.ID), string(x.State), db.Micros(x.DueAt))
		return err
	})
	return n > 0, err
}

// Exports implements sandbox.Store.
func (s *Store) Exports(ctx context.Context, w identity.WorkspaceID) ([]string, error) {
	var out []string
	return out, purge.Texts(ctx, s.db, &out, `SELECT export_id FROM export_job WHERE workspace_id = ?`, string(w))
}

// Renumber implements sandbox.Store.
func (s *Store) Renumber(ctx context.Context, w identity.WorkspaceID) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		for _, of := range []string{`conversation`, `ticket`} {
			used, err := tx.Exists(ctx, `SELECT 1 FROM `+of+` WHERE workspace_id = ? LIMIT 1`, string(w))
			if err != nil || used {
				return err
			}
		}
		return tx.Renumber(ctx, string(w))
	})
}

// Forget implements sandbox.Store.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM sandbox WHERE state = 'ended' AND ended_at < ?`, db.Micros(before))
		return err
	})
}

// rowsAtOnce is how many rows of an audit log one transaction removes.
const rowsAtOnce = 500

// Silence implements sandbox.Store. The base of the chain moves first: the
// database refuses to remove what stands above it.
func (s *Store) Silence(ctx context.Context, before time.Time) error {
	for {
		var w string
		var seq int64
		err := s.db.Row(ctx, `SELECT w.workspace_id, (SELECT MIN(r.seq) FROM audit_row r WHERE r.workspace_id = w.workspace_id) AS first FROM workspace w
WHERE w.ended_at > 0 AND w.ended_at < ? AND EXISTS (SELECT 1 FROM audit_row r WHERE r.workspace_id = w.workspace_id) ORDER BY w.workspace_id LIMIT 1`, []any{db.Micros(before)}, &w, &seq)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		err = s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE audit_head SET base = seq, base_hash = hash WHERE workspace_id = ? AND base < seq`, w); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `DELETE FROM audit_row WHERE workspace_id = ? AND seq < ?`, w, seq+rowsAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
}
