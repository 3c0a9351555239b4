// Package webhooks stores endpoints and the ledger of what they must be told.
package webhooks

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// Store implements webhook.Store, webhook.Ledger and webhook.Log.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const columns = `webhook_id, url, description, events, filter, inboxes, active, secrets, health, failing_since, last_success,
from_feed, created_by, created_at, updated_at`

// secret is how a secret is stored.
type secret struct {
	KID     string `json:"kid"`
	Sealed  string `json:"sealed"`
	Created int64  `json:"created_at"`
	Expires int64  `json:"expires_at"`
}

func scanInto(sc db.Scanner, e *webhook.Endpoint) error {
	var id, events, filter, inboxes, secrets, health, by string
	var active, failing, success, from, created, updated int64
	err := sc.Scan(&id, &e.URL, &e.Description, &events, &filter, &inboxes, &active, &secrets, &health, &failing, &success,
		&from, &by, &created, &updated)
	if err != nil {
		return err
	}
	e.ID, e.Active, e.Health, e.CreatedBy = webhook.ID(id), active != 0, webhook.Health(health), identity.MemberID(by)
	e.FailingSince, e.LastSuccess, e.From = db.Time(failing), db.Time(success), uint64(from) //nolint:gosec // written as uint64
	e.CreatedAt, e.UpdatedAt = db.Time(created), db.Time(updated)
	if filter != "" {
		e.Filter = json.RawMessage(filter)
	}
	var kept []secret
	err = errors.Join(json.Unmarshal([]byte(events), &e.Events), json.Unmarshal([]byte(inboxes), &e.Inboxes), json.Unmarshal([]byte(secrets), &kept))
	for _, k := range kept {
		e.Secrets = append(e.Secrets, webhook.Secret{KID: k.KID, Sealed: k.Sealed, CreatedAt: db.Time(k.Created), ExpiresAt: db.Time(k.Expires)})
	}
	return err
}

// values are an endpoint's columns, in their order but for the id.
func values(e webhook.Endpoint) ([]any, error) {
	kept := make([]secret, len(e.Secrets))
	for i, k := range e.Secrets {
		kept[i] = secret{KID: k.KID, Sealed: k.Sealed, Created: db.Micros(k.CreatedAt), Expires: db.Micros(k.ExpiresAt)}
	}
	events, err1 := json.Marshal(e.Events)
	inboxes, err2 := json.Marshal(e.Inboxes)
	secrets, err3 := json.Marshal(kept)
	return []any{
		e.URL, e.Description, string(events), string(e.Filter), string(inboxes), flag(e.Active), string(secrets), string(e.Health),
		db.Micros(e.FailingSince), db.Micros(e.LastSuccess), int64(e.From), string(e.CreatedBy), db.Micros(e.CreatedAt), db.Micros(e.UpdatedAt), //nolint:gosec // sequences stay far below 2^63
	}, errors.Join(err1, err2, err3)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Endpoints implements webhook.Store.
func (s *Store) Endpoints(ctx context.Context, w identity.WorkspaceID) ([]webhook.Endpoint, error) {
	var out []webhook.Endpoint
	err := s.db.Rows(ctx, `SELECT `+columns+` FROM webhook WHERE workspace_id = ? ORDER BY webhook_id`, []any{string(w)}, func(sc db.Scanner) error {
		e := webhook.Endpoint{Workspace: w}
		err := scanInto(sc, &e)
		out = append(out, e)
		return err
	})
	return out, err
}

// Endpoint implements webhook.Store.
func (s *Store) Endpoint(ctx context.Context, w identity.WorkspaceID, id webhook.ID) (webhook.Endpoint, error) {
	return endpoint(ctx, s.db, w, id)
}

func endpoint(ctx context.Context, q db.Querier, w identity.WorkspaceID, id webhook.ID) (webhook.Endpoint, error) {
	e := webhook.Endpoint{Workspace: w}
	found := false
	err := q.Rows(ctx, `SELECT `+columns+` FROM webhook WHERE workspace_id = ? AND webhook_id = ?`, []any{string(w), string(id)}, func(sc db.Scanner) error {
		found = true
		return scanInto(sc, &e)
	})
	if err == nil && !found {
		err = errs.Absent()
	}
	return e, err
}

// Create implements webhook.Store.
func (s *Store) Create(ctx context.Context, e webhook.Endpoint, changed event.Event) error {
	return s.db.Do(ctx, string(e.Workspace), func(ctx context.Context, tx *db.Tx) error {
		from, err := tx.Head(ctx, string(e.Workspace))
		if err != nil {
			return err
		}
		var n int
		if err := tx.Row(ctx, `SELECT COUNT(*) FROM webhook WHERE workspace_id = ?`, []any{string(e.Workspace)}, &n); err != nil {
			return err
		}
		if n >= webhook.MaxEndpoints {
			return errs.New(errs.Conflict, "webhook.too_many", "A workspace has at most 20 webhooks. Delete one first.")
		}
		e.From = from
		args, err := values(e)
		if err != nil {
			return err
		}
		args = append([]any{string(e.Workspace), string(e.ID)}, args...)
		err = tx.Queue(ctx, `INSERT INTO webhook (workspace_id, `+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
		if err != nil {
			return err
		}
		return tx.Append(ctx, changed)
	})
}

// Change implements webhook.Store.
func (s *Store) Change(ctx context.Context, w identity.WorkspaceID, id webhook.ID, change func(*webhook.Endpoint) (webhook.Effect, error)) (webhook.Endpoint, error) {
	var out webhook.Endpoint
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		from, err := tx.Head(ctx, string(w))
		if err != nil {
			return err
		}
		e, err := endpoint(ctx, tx, w, id)
		if err != nil {
			return err
		}
		was := e.Active
		effect, err := change(&e)
		if err != nil {
			return err
		}
		if e.Active && !was {
			e.From = from
		}
		out = e
		return s.effect(ctx, tx, e, effect)
	})
	return out, err
}

// effect saves what a change of an endpoint brings with it.
func (s *Store) effect(ctx context.Context, tx *db.Tx, e webhook.Endpoint, x webhook.Effect) error {
	w, id := string(e.Workspace), string(e.ID)
	if x.Save {
		args, err := values(e)
		if err != nil {
			return err
		}
		err = tx.Queue(ctx, `UPDATE webhook SET url = ?, description = ?, events = ?, filter = ?, inboxes = ?, active = ?, secrets = ?, health = ?,
failing_since = ?, last_success = ?, from_feed = ?, created_by = ?, created_at = ?, updated_at = ? WHERE workspace_id = ? AND webhook_id = ?`,
			append(args, w, id)...)
		if err != nil {
			return err
		}
	}
	if x.Bury != "" {
		err := tx.Queue(ctx, `UPDATE webhook_delivery SET state = 'dead', code = ?, settled_at = ?, next_at = 0, claimed_until = 0
WHERE workspace_id = ? AND webhook_id = ? AND state = 'pending'`, x.Bury, db.Micros(x.At), w, id)
		if err != nil {
			return err
		}
	}
	if x.Hurry {
		err := tx.Queue(ctx, `UPDATE webhook_delivery SET next_at = ? WHERE workspace_id = ? AND webhook_id = ? AND state = 'pending' AND next_at > ?`,
			db.Micros(x.At), w, id, db.Micros(x.At))
		if err != nil {
			return err
		}
		tx.Delivers()
	}
	return tx.Append(ctx, x.Events...)
}

// Delete implements webhook.Store.
func (s *Store) Delete(ctx context.Context, w identity.WorkspaceID, id webhook.ID, changed event.Event) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM webhook WHERE workspace_id = ? AND webhook_id = ?`, string(w), string(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Absent()
		}
		return tx.Append(ctx, changed)
	})
}

// Cursor implements webhook.Ledger.
func (s *Store) Cursor(ctx context.Context, w identity.WorkspaceID) (uint64, error) {
	return cursor(ctx, s.db, w)
}

func cursor(ctx context.Context, q db.Querier, w identity.WorkspaceID) (uint64, error) {
	var n int64
	err := q.Row(ctx, `SELECT feed_seq FROM webhook_cursor WHERE workspace_id = ?`, []any{string(w)}, &n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return uint64(n), err //nolint:gosec // as it was stored
}
