// Package audits reads the chains of the audit log. Rows are written by
// db.Tx.Append.
package audits

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements audit.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Workspaces implements audit.Reader. One of which nothing is left is there too.
func (s *Store) Workspaces(ctx context.Context) ([]identity.WorkspaceID, error) {
	var out []identity.WorkspaceID
	err := s.db.Rows(ctx, `SELECT workspace_id FROM workspace UNION SELECT workspace_id FROM audit_row ORDER BY workspace_id`, nil, func(row db.Scanner) error {
		var w string
		err := row.Scan(&w)
		out = append(out, identity.WorkspaceID(w))
		return err
	})
	return out, err
}

// Head implements audit.Reader.
func (s *Store) Head(ctx context.Context, w identity.WorkspaceID) (audit.Head, error) {
	h := audit.NewHead()
	var seq, base int64
	err := s.db.Row(ctx, `SELECT seq, hash, base, base_hash FROM audit_head WHERE workspace_id = ?`, []any{string(w)}, &seq, &h.Hash, &base, &h.BaseHash)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	h.Seq, h.Base = uint64(seq), uint64(base) //nolint:gosec // written as uint64
	return h, err
}

const columns = `SELECT seq, audit_id, at, action, actor_kind, actor_id, actor_name, via, address, target_kind, target_id, target_name, detail, previous, hash
FROM audit_row WHERE workspace_id = ?`

func rowOf(w identity.WorkspaceID, s db.Scanner) (audit.Row, error) {
	r := audit.Row{Workspace: w}
	c := &r.Record
	var seq, at int64
	var detail string
	err := s.Scan(&seq, &r.ID, &at, &c.Action, &c.Actor.Kind, &c.Actor.ID, &c.Actor.Name, &c.Via, &c.Address,
		&c.Target.Kind, &c.Target.ID, &c.Target.Name, &detail, &r.Previous, &r.Hash)
	r.Seq, r.At = uint64(seq), db.Time(at) //nolint:gosec // written as uint64
	if detail != "" {
		c.Detail = []byte(detail)
	}
	return r, err
}

// Chain implements audit.Reader.
func (s *Store) Chain(ctx context.Context, w identity.WorkspaceID, after uint64, limit int) ([]audit.Row, error) {
	var out []audit.Row
	err := s.db.Rows(ctx, columns+` AND seq > ? ORDER BY seq LIMIT ?`, []any{string(w), int64(min(after, 1<<62)), limit}, func(row db.Scanner) error {
		r, err := rowOf(w, row)
		out = append(out, r)
		return err
	})
	return out, err
}

// Keep implements audit.Store.
func (s *Store) Keep(ctx context.Context, events ...event.Event) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Append(ctx, events...)
	})
}

// Rows implements audit.Store.
func (s *Store) Rows(ctx context.Context, w identity.WorkspaceID, f audit.Filter, p page.Request) (page.Page[audit.Row], error) {
	var out page.Page[audit.Row]
	query, args := columns, []any{string(w)}
	also := func(condition string, values ...any) {
		query += " AND " + condition
		args = append(args, values...)
	}
	after, err := page.Decode(p.Cursor, 1)
	if err != nil {
		return out, err
	}
	if after != nil {
		seq, err := strconv.ParseInt(after[0], 10, 64)
		if err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
		also("seq < ?", seq)
	}
	if f.Actor != "" {
		also("actor_id = ?", f.Actor)
	}
	if f.Target != "" {
		also("target_id = ?", f.Target)
	}
	if noun, ok := strings.CutSuffix(f.Action, "."); ok {
		also("action >= ? AND action < ?", f.Action, noun+"/") // "/" follows "."
	} else if f.Action != "" {
		also("action = ?", f.Action)
	}
	if !f.From.IsZero() {
		also("at >= ?", db.Micros(f.From))
	}
	if !f.To.IsZero() {
		also("at < ?", db.Micros(f.To))
	}
	if f.Words != "" {
		also(`LOWER(action || ' ' || actor_id || ' ' || actor_name || ' ' || via || ' ' || address || ' ' || target_id || ' ' || target_name || ' ' || detail) LIKE ? ESCAPE '\'`,
			"%"+escape(strings.ToLower(f.Words))+"%")
	}
	query += ` ORDER BY seq DESC LIMIT ?`
	args = append(args, p.Size()+1)
	err = s.db.RowsOnce(ctx, query, args, func(row db.Scanner) error {
		r, err := rowOf(w, row)
		out.Items = append(out.Items, r)
		return err
	})
	if err != nil {
		return page.Page[audit.Row]{}, err
	}
	if size := p.Size(); len(out.Items) > size {
		out.Items = out.Items[:size]
		out.Next = page.Encode(strconv.FormatUint(out.Items[size-1].Seq, 10))
	}
	return out, nil
}

// escape makes a text stand for itself in LIKE.
func escape(words string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(words)
}

// LastBefore implements audit.Store.
func (s *Store) LastBefore(ctx context.Context, w identity.WorkspaceID, at time.Time) (uint64, error) {
	var seq int64
	err := s.db.Row(ctx, `SELECT COALESCE(MAX(seq), 0) FROM audit_row WHERE workspace_id = ? AND at < ?`, []any{string(w), db.Micros(at)}, &seq)
	return uint64(seq), err //nolint:gosec // written as uint64
}

// Trim implements audit.Store. The base moves first: the database refuses to
// remove what stands above it.
func (s *Store) Trim(ctx context.Context, w identity.WorkspaceID, a audit.Anchor, e event.Event) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		through := int64(min(a.Through, 1<<62))
		var hash string
		err := tx.Row(ctx, `SELECT hash FROM audit_row WHERE workspace_id = ? AND seq = ?`, []any{string(w), through}, &hash)
		if errors.Is(err, sql.ErrNoRows) || err == nil && hash != a.Hash {
			return errs.New(errs.Conflict, "audit.broken", "The audit log is not what was verified. Nothing was removed from it.")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE audit_head SET base = ?, base_hash = ? WHERE workspace_id = ?`, through, a.Hash, string(w)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM audit_row WHERE workspace_id = ? AND seq <= ?`, string(w), through); err != nil {
			return err
		}
		return tx.Append(ctx, e)
	})
}

// Months implements audit.Store.
func (s *Store) Months(ctx context.Context, w identity.WorkspaceID) (int, error) {
	var months int
	err := s.db.Row(ctx, `SELECT keep_months FROM audit_head WHERE workspace_id = ?`, []any{string(w)}, &months)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return months, err
}

// SetMonths implements audit.Store.
func (s *Store) SetMonths(ctx context.Context, w identity.WorkspaceID, months int, told func(was int) event.Event) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(w)); err != nil {
			return err
		}
		var was int
		err := tx.Row(ctx, `SELECT keep_months FROM audit_head WHERE workspace_id = ?`, []any{string(w)}, &was)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		e := told(was)
		if e.Audit == nil {
			return nil
		}
		if _, err := tx.Exec(ctx, `INSERT INTO audit_head (workspace_id, seq, hash, base, base_hash, keep_months) VALUES (?, 0, ?, 0, ?, ?)
ON CONFLICT (workspace_id) DO UPDATE SET keep_months = excluded.keep_months`, string(w), audit.Origin, audit.Origin, months); err != nil {
			return err
		}
		return tx.Append(ctx, e)
	})
}
