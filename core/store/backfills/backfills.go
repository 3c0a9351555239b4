// Package backfills stores the runs of backfills.
package backfills

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/backfill"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements backfill.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const columns = `workspace_id, backfill_id, inbox_id, since, state, actor_kind, actor_id, actor_name, started_at, finished_at,
found, fresh, known, refused, refusals, code, detail, holder, held_until`

func rowOf(r backfill.Run) ([]any, error) {
	refusals := []byte(`[]`)
	if len(r.Refusals) > 0 {
		var err error
		if refusals, err = json.Marshal(r.Refusals); err != nil {
			return nil, err
		}
	}
	return []any{
		string(r.Workspace), string(r.ID), string(r.Inbox), db.Micros(r.Since), string(r.State), string(r.Actor.Kind), r.Actor.ID, r.Actor.Name,
		db.Micros(r.StartedAt), db.Micros(r.FinishedAt), r.Found, r.New, r.Known, r.Refused, string(refusals), r.Code, r.Detail,
		r.Holder, db.Micros(r.Until),
	}, nil
}

func find(ctx context.Context, q db.Querier, where string, args ...any) ([]backfill.Run, error) {
	var out []backfill.Run
	err := q.Rows(ctx, `SELECT `+columns+` FROM inbox_backfill WHERE `+where, args, func(sc db.Scanner) error {
		var r backfill.Run
		var workspace, id, inbox, state, kind, refusals string
		var since, started, finished, until int64
		err := sc.Scan(&workspace, &id, &inbox, &since, &state, &kind, &r.Actor.ID, &r.Actor.Name, &started, &finished,
			&r.Found, &r.New, &r.Known, &r.Refused, &refusals, &r.Code, &r.Detail, &r.Holder, &until)
		if err != nil {
			return err
		}
		r.Workspace, r.ID, r.Inbox = identity.WorkspaceID(workspace), backfill.ID(id), channel.InboxID(inbox)
		r.State, r.Actor.Kind = backfill.State(state), identity.ActorKind(kind)
		r.Since, r.StartedAt, r.FinishedAt, r.Until = db.Time(since), db.Time(started), db.Time(finished), db.Time(until)
		if refusals != `[]` {
			err = json.Unmarshal([]byte(refusals), &r.Refusals)
		}
		out = append(out, r)
		return err
	})
	return out, err
}

// Begin implements backfill.Store.
func (s *Store) Begin(ctx context.Context, r backfill.Run, e event.Event) error {
	args, err := rowOf(r)
	if err != nil {
		return err
	}
	return s.db.Do(ctx, string(r.Workspace), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(r.Workspace)); err != nil {
			return err
		}
		running := 0
		err := tx.Row(ctx, `SELECT COUNT(*) FROM inbox_backfill WHERE workspace_id = ? AND inbox_id = ? AND state = 'running'`,
			[]any{string(r.Workspace), string(r.Inbox)}, &running)
		if err != nil {
			return err
		}
		if running > 0 {
			return backfill.UnderWay()
		}
		if _, err := tx.Exec(ctx, `INSERT INTO inbox_backfill (`+columns+`) VALUES (?`+strings.Repeat(`, ?`, len(args)-1)+`)`, args...); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM inbox_backfill WHERE workspace_id = ? AND inbox_id = ? AND backfill_id NOT IN (
SELECT backfill_id FROM inbox_backfill WHERE workspace_id = ? AND inbox_id = ? ORDER BY started_at DESC, backfill_id DESC LIMIT ?)`,
			string(r.Workspace), string(r.Inbox), string(r.Workspace), string(r.Inbox), backfill.Kept)
		if err != nil {
			return err
		}
		return tx.Append(ctx, e)
	})
}

// Runs implements backfill.Store.
func (s *Store) Runs(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID) ([]backfill.Run, error) {
	return find(ctx, s.db, `workspace_id = ? AND inbox_id = ? ORDER BY started_at DESC, backfill_id DESC`, string(w), string(inbox))
}

// Running implements backfill.Store.
func (s *Store) Running(ctx context.Context) ([]backfill.Run, error) {
	return find(ctx, s.db, `state = 'running' ORDER BY started_at, backfill_id`)
}

// Change implements backfill.Store.
func (s *Store) Change(ctx context.Context, w identity.WorkspaceID, id backfill.ID, change func(*backfill.Run) error, events ...event.Event) (backfill.Run, error) {
	var out backfill.Run
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(w)); err != nil {
			return err
		}
		r, err := db.One(find(ctx, tx, `workspace_id = ? AND backfill_id = ?`, string(w), string(id)))
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		args, err := rowOf(r)
		if err != nil {
			return err
		}
		out = r
		_, err = tx.Exec(ctx, `UPDATE inbox_backfill SET (`+columns+`) = (?`+strings.Repeat(`, ?`, len(args)-1)+`) WHERE workspace_id = ? AND backfill_id = ?`,
			append(args, string(w), string(id))...)
		if err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	if err != nil {
		return backfill.Run{}, err
	}
	return out, nil
}
