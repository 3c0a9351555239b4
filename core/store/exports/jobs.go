// Package exports keeps the jobs of exports, and reads what goes into them.
package exports

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements export.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const columns = `workspace_id, export_id, contact_id, files, state, actor_kind, actor_id, actor_name, created_at, started_at, finished_at, expires_at,
done, total, size, sha256, counts, code, detail, file_at`

// Create implements export.Store.
func (s *Store) Create(ctx context.Context, j export.Job, events ...event.Event) error {
	return s.db.Do(ctx, string(j.Workspace), func(ctx context.Context, tx *db.Tx) error {
		var n int
		err := tx.Row(ctx, `SELECT COUNT(*) FROM export_job WHERE workspace_id = ? AND state IN ('queued', 'running')`, []any{string(j.Workspace)}, &n)
		if err != nil {
			return err
		}
		if n > 0 {
			return export.UnderWay()
		}
		args, err := rowOf(j)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO export_job (`+columns+`) VALUES (?`+strings.Repeat(`, ?`, len(args)-1)+`)`, args...); err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
}

func rowOf(j export.Job) ([]any, error) {
	counts, err := json.Marshal(j.Counts)
	files, at := 0, int64(0)
	if j.Files {
		files = 1
	}
	if j.HasFile {
		at = db.Micros(j.FinishedAt)
	}
	return []any{
		string(j.Workspace), string(j.ID), string(j.Contact), files, string(j.State), string(j.Actor.Kind), j.Actor.ID, j.Actor.Name,
		db.Micros(j.CreatedAt), db.Micros(j.StartedAt), db.Micros(j.FinishedAt), db.Micros(j.ExpiresAt),
		j.Done, j.Total, j.Size, j.SHA256, string(counts), j.Code, j.Detail, at,
	}, err
}

func scan(sc db.Scanner) (export.Job, error) {
	var j export.Job
	var w, id, who, state, kind, counts string
	var files int
	var created, started, finished, expires, at int64
	err := sc.Scan(&w, &id, &who, &files, &state, &kind, &j.Actor.ID, &j.Actor.Name, &created, &started, &finished, &expires,
		&j.Done, &j.Total, &j.Size, &j.SHA256, &counts, &j.Code, &j.Detail, &at)
	if err != nil {
		return j, err
	}
	j.Workspace, j.ID, j.Contact, j.Files = identity.WorkspaceID(w), export.ID(id), contact.ID(who), files == 1
	j.State, j.Actor.Kind, j.HasFile = export.State(state), identity.ActorKind(kind), at > 0
	j.CreatedAt, j.StartedAt, j.FinishedAt, j.ExpiresAt = db.Time(created), db.Time(started), db.Time(finished), db.Time(expires)
	return j, json.Unmarshal([]byte(counts), &j.Counts)
}

func list(ctx context.Context, q db.Querier, where string, args ...any) ([]export.Job, error) {
	var out []export.Job
	err := q.Rows(ctx, `SELECT `+columns+` FROM export_job WHERE `+where, args, func(sc db.Scanner) error {
		j, err := scan(sc)
		out = append(out, j)
		return err
	})
	return out, err
}

func one(ctx context.Context, q db.Querier, w identity.WorkspaceID, id export.ID) (export.Job, error) {
	return db.One(list(ctx, q, `workspace_id = ? AND export_id = ?`, string(w), string(id)))
}

// Job implements export.Store.
func (s *Store) Job(ctx context.Context, w identity.WorkspaceID, id export.ID) (export.Job, error) {
	return one(ctx, s.db, w, id)
}

// Jobs implements export.Store.
func (s *Store) Jobs(ctx context.Context, w identity.WorkspaceID, limit int) ([]export.Job, error) {
	return list(ctx, s.db, `workspace_id = ? ORDER BY export_id DESC LIMIT ?`, string(w), limit)
}

// Busy implements export.Store.
func (s *Store) Busy(ctx context.Context) ([]export.Job, error) {
	return list(ctx, s.db, `state IN ('queued', 'running') ORDER BY created_at`)
}

// Expired implements export.Store.
func (s *Store) Expired(ctx context.Context, now time.Time) ([]export.Job, error) {
	return list(ctx, s.db, `file_at > 0 AND expires_at <= ? AND state NOT IN ('queued', 'running')`, db.Micros(now))
}

// Change implements export.Store.
func (s *Store) Change(ctx context.Context, w identity.WorkspaceID, id export.ID, change func(*export.Job) ([]event.Event, error)) (export.Job, error) {
	var out export.Job
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		j, err := one(ctx, tx, w, id)
		if err != nil {
			return err
		}
		events, err := change(&j)
		if err != nil {
			return err
		}
		args, err := rowOf(j)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE export_job SET (`+columns+`) = (?`+strings.Repeat(`, ?`, len(args)-1)+`) WHERE workspace_id = ? AND export_id = ?`, append(args, string(w), string(id))...)
		out = j
		if err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.Absent()
	}
	return out, err
}
