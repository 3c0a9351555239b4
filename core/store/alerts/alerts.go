// Package alerts stores when supervisors are alerted, and the alerts that stand.
package alerts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements alert.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Rules implements alert.Store.
func (s *Store) Rules(ctx context.Context, w identity.WorkspaceID) (alert.Rules, uint64, error) {
	return rules(ctx, s.db, w)
}

func rules(ctx context.Context, q db.Querier, w identity.WorkspaceID) (alert.Rules, uint64, error) {
	var out alert.Rules
	var raw string
	var revision int64
	err := q.Row(ctx, `SELECT rules, revision FROM alert_rules WHERE workspace_id = ?`, []any{string(w)}, &raw, &revision)
	if errors.Is(err, sql.ErrNoRows) {
		return out, 0, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(raw), &out)
	}
	return out, db.Unsigned(revision), err
}

// SaveRules implements alert.Store.
func (s *Store) SaveRules(ctx context.Context, w identity.WorkspaceID, r alert.Rules, revision uint64, events ...event.Event) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode alert rules: %w", err)
	}
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		_, last, err := rules(ctx, tx, w)
		if err != nil {
			return err
		}
		if last != revision {
			return alert.Stale()
		}
		return tx.Queue(ctx, `INSERT INTO alert_rules (workspace_id, rules, revision) VALUES (?, ?, ?)
ON CONFLICT (workspace_id) DO UPDATE SET rules = excluded.rules, revision = excluded.revision`, string(w), string(raw), db.Signed(revision+1))
	})
}

const columns = `alert_id, rule, queue_id, member_id, passed, since, raised_at, ack_kind, ack_id, ack_name, ack_at`

func standing(ctx context.Context, q db.Querier, w identity.WorkspaceID, rest string, args ...any) ([]alert.Alert, error) {
	var out []alert.Alert
	err := q.Rows(ctx, `SELECT `+columns+` FROM alert WHERE workspace_id = ?`+rest, append([]any{string(w)}, args...), func(sc db.Scanner) error {
		var a alert.Alert
		var id, rule, in, member, kind string
		var since, at, ack int64
		err := sc.Scan(&id, &rule, &in, &member, &a.Limit, &since, &at, &kind, &a.AckBy.ID, &a.AckBy.Name, &ack)
		a.ID, a.Rule, a.Queue, a.Member = alert.ID(id), alert.Rule(rule), queue.ID(in), identity.MemberID(member)
		a.Since, a.At, a.AckBy.Kind, a.AckAt = db.Time(since), db.Time(at), identity.ActorKind(kind), db.Time(ack)
		out = append(out, a)
		return err
	})
	return out, err
}

// Standing implements alert.Store.
func (s *Store) Standing(ctx context.Context, w identity.WorkspaceID) ([]alert.Alert, error) {
	return standing(ctx, s.db, w, ` ORDER BY raised_at, alert_id`)
}

// Raise implements alert.Store.
func (s *Store) Raise(ctx context.Context, w identity.WorkspaceID, list []alert.Alert) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		for _, a := range list {
			err := tx.Queue(ctx, `INSERT INTO alert (workspace_id, `+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				string(w), string(a.ID), string(a.Rule), string(a.Queue), string(a.Member), a.Limit, db.Micros(a.Since), db.Micros(a.At),
				string(a.AckBy.Kind), a.AckBy.ID, a.AckBy.Name, db.Micros(a.AckAt))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Clear implements alert.Store.
func (s *Store) Clear(ctx context.Context, w identity.WorkspaceID, ids []alert.ID) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		for _, id := range ids {
			if err := tx.Queue(ctx, `DELETE FROM alert WHERE workspace_id = ? AND alert_id = ?`, string(w), string(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Acknowledge implements alert.Store.
func (s *Store) Acknowledge(ctx context.Context, w identity.WorkspaceID, id alert.ID, by identity.Actor, at time.Time) (alert.Alert, error) {
	var out alert.Alert
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE alert SET ack_kind = ?, ack_id = ?, ack_name = ?, ack_at = ? WHERE workspace_id = ? AND alert_id = ? AND ack_at = 0`,
			string(by.Kind), by.ID, by.Name, db.Micros(at), string(w), string(id))
		if err == nil {
			out, err = db.One(standing(ctx, tx, w, ` AND alert_id = ?`, string(id)))
		}
		return err
	})
	return out, err
}
