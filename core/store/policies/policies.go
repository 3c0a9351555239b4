// Package policies stores how workspaces give out their work.
package policies

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements policy.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const (
	selectDraft    = `SELECT plan, revision, actor_kind, actor_id, actor_name, updated_at FROM dispatch_policy WHERE workspace_id = ?`
	selectRevision = `SELECT number, plan, note, restores, actor_kind, actor_id, actor_name, at FROM dispatch_policy_revision WHERE workspace_id = ?`
	newestFirst    = ` ORDER BY number DESC LIMIT ?`
)

func drafts(ctx context.Context, q db.Querier, w identity.WorkspaceID) ([]policy.Draft, error) {
	var out []policy.Draft
	err := q.Rows(ctx, selectDraft, []any{string(w)}, func(sc db.Scanner) error {
		var d policy.Draft
		var plan, kind string
		var revision, at int64
		if err := sc.Scan(&plan, &revision, &kind, &d.By.ID, &d.By.Name, &at); err != nil {
			return err
		}
		d.Revision, d.By.Kind, d.At = db.Unsigned(revision), identity.ActorKind(kind), db.Time(at)
		err := json.Unmarshal([]byte(plan), &d.Plan)
		out = append(out, d)
		return err
	})
	return out, err
}

func revisions(ctx context.Context, q db.Querier, w identity.WorkspaceID, rest string, args ...any) ([]policy.Revision, error) {
	var out []policy.Revision
	err := q.Rows(ctx, selectRevision+rest, append([]any{string(w)}, args...), func(sc db.Scanner) error {
		var r policy.Revision
		var plan, kind string
		var number, restores, at int64
		if err := sc.Scan(&number, &plan, &r.Note, &restores, &kind, &r.By.ID, &r.By.Name, &at); err != nil {
			return err
		}
		r.Number, r.Restores, r.By.Kind, r.At = db.Unsigned(number), db.Unsigned(restores), identity.ActorKind(kind), db.Time(at)
		err := json.Unmarshal([]byte(plan), &r.Plan)
		out = append(out, r)
		return err
	})
	return out, err
}

// published returns the revision in force; the zero Revision is none.
func published(ctx context.Context, q db.Querier, w identity.WorkspaceID) (policy.Revision, error) {
	found, err := revisions(ctx, q, w, newestFirst, 1)
	if err != nil || len(found) == 0 {
		return policy.Revision{}, err
	}
	return found[0], nil
}

func state(ctx context.Context, q db.Querier, w identity.WorkspaceID) (policy.State, error) {
	var out policy.State
	found, err := drafts(ctx, q, w)
	if err != nil {
		return out, err
	}
	if len(found) > 0 {
		out.Draft = found[0]
	}
	out.Published, err = published(ctx, q, w)
	return out, err
}

// InForce returns the plan in force, as dispatch.Plans does.
func InForce(ctx context.Context, q db.Querier, w identity.WorkspaceID) (dispatch.Plan, error) {
	r, err := published(ctx, q, w)
	return r.Plan, err
}

// Plan implements dispatch.Plans.
func (s *Store) Plan(ctx context.Context, w identity.WorkspaceID) (dispatch.Plan, error) {
	return InForce(ctx, s.db, w)
}

// State implements policy.Store.
func (s *Store) State(ctx context.Context, w identity.WorkspaceID) (policy.State, error) {
	return state(ctx, s.db, w)
}

// Revision implements policy.Store.
func (s *Store) Revision(ctx context.Context, w identity.WorkspaceID, number uint64) (policy.Revision, error) {
	return db.One(revisions(ctx, s.db, w, ` AND number = ?`, db.Signed(number)))
}

// Revisions implements policy.Store.
func (s *Store) Revisions(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[policy.Revision], error) {
	var out page.Page[policy.Revision]
	before, err := policy.Before(request.Cursor)
	if err != nil {
		return out, err
	}
	size := request.Size()
	out.Items, err = revisions(ctx, s.db, w, ` AND number < ?`+newestFirst, db.Signed(before), size+1)
	if len(out.Items) > size {
		out.Items = out.Items[:size]
		out.Next = page.Encode(strconv.FormatUint(out.Items[size-1].Number, 10))
	}
	return out, err
}

// Change implements policy.Store. It has locked the workspace, so what it reads
// holds until the commit.
func (s *Store) Change(ctx context.Context, w identity.WorkspaceID, change func(*policy.State) error, events ...event.Event) (policy.State, error) {
	var out policy.State
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		st, err := state(ctx, tx, w)
		if err != nil {
			return err
		}
		last := st.Published
		if err := change(&st); err != nil {
			return err
		}
		if policy.Replaced(last, st.Published) {
			st.Published.Number = last.Number + 1
			if err := insert(ctx, tx, w, st.Published); err != nil {
				return err
			}
		}
		if err := save(ctx, tx, w, st.Draft); err != nil {
			return err
		}
		out = st
		return tx.Append(ctx, events...)
	})
	if err != nil {
		return policy.State{}, err
	}
	return out, nil
}

func insert(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, r policy.Revision) error {
	plan, err := json.Marshal(r.Plan)
	if err != nil {
		return fmt.Errorf("encode a policy: %w", err)
	}
	return tx.Queue(ctx, `INSERT INTO dispatch_policy_revision (workspace_id, number, plan, note, restores, actor_kind, actor_id, actor_name, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(w), db.Signed(r.Number), string(plan), r.Note, db.Signed(r.Restores), string(r.By.Kind), r.By.ID, r.By.Name, db.Micros(r.At))
}

func save(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, d policy.Draft) error {
	plan, err := json.Marshal(d.Plan)
	if err != nil {
		return fmt.Errorf("encode a policy: %w", err)
	}
	return tx.Queue(ctx, `INSERT INTO dispatch_policy (workspace_id, plan, revision, actor_kind, actor_id, actor_name, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id) DO UPDATE SET plan = excluded.plan, revision = excluded.revision, actor_kind = excluded.actor_kind,
actor_id = excluded.actor_id, actor_name = excluded.actor_name, updated_at = excluded.updated_at`,
		string(w), string(plan), db.Signed(d.Revision), string(d.By.Kind), d.By.ID, d.By.Name, db.Micros(d.At))
}
