// Package claims keeps the requests that programs named, with their answers.
// That a claim had an effect is marked by package db.
package claims

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements idempotency.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const (
	// take makes a claim, or takes over one that is nobody's any more.
	take = `INSERT INTO request_claim (workspace_id, principal, request_key, token, hash, effect, status, media_type, answer, lease_until, expires_at)
VALUES (?, ?, ?, ?, ?, 0, 0, '', '', ?, ?)
ON CONFLICT (workspace_id, principal, request_key) DO UPDATE SET
token = excluded.token, hash = excluded.hash, effect = 0, status = 0, media_type = '', answer = '',
lease_until = excluded.lease_until, expires_at = excluded.expires_at
WHERE request_claim.expires_at <= ? OR request_claim.status = 0 AND request_claim.effect = 0 AND request_claim.lease_until <= ?`
	look = `SELECT hash, status, media_type, answer, lease_until FROM request_claim WHERE workspace_id = ? AND principal = ? AND request_key = ?`
	mine = ` WHERE workspace_id = ? AND principal = ? AND request_key = ? AND token = ?`
)

// Claim implements idempotency.Store.
func (s *Store) Claim(ctx context.Context, c idempotency.Claim, expires time.Time) (idempotency.Held, error) {
	var held idempotency.Held
	at := db.Micros(c.At)
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		held = idempotency.Held{State: idempotency.Claimed}
		n, err := tx.Exec(ctx, take, string(c.Workspace), c.Principal, c.Name, c.Token, c.Hash, db.Micros(c.Until), db.Micros(expires), at, at)
		if err != nil || n > 0 {
			return err
		}
		var until int64
		a := &held.Answer
		err = tx.Row(ctx, look, []any{string(c.Workspace), c.Principal, c.Name}, &held.Hash, &a.Status, &a.MediaType, &a.Body, &until)
		held.Until = db.Time(until)
		switch {
		case a.Status != 0:
			held.State = idempotency.Done
		case until <= at:
			held.State = idempotency.Lost
		default:
			held.State = idempotency.Running
		}
		return err
	})
	return held, err
}

// Release implements idempotency.Store.
func (s *Store) Release(ctx context.Context, c idempotency.Claim) (bool, error) {
	n, err := s.exec(ctx, `DELETE FROM request_claim`+mine+` AND effect = 0 AND status = 0`,
		string(c.Workspace), c.Principal, c.Name, c.Token)
	return n > 0, err
}

// Answer implements idempotency.Store.
func (s *Store) Answer(ctx context.Context, c idempotency.Claim, a idempotency.Sealed) error {
	_, err := s.exec(ctx, `UPDATE request_claim SET status = ?, media_type = ?, answer = ?`+mine,
		a.Status, a.MediaType, a.Body, string(c.Workspace), c.Principal, c.Name, c.Token)
	return err
}

// Sweep implements idempotency.Store.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := s.exec(ctx, `DELETE FROM request_claim WHERE (workspace_id, principal, request_key) IN
(SELECT workspace_id, principal, request_key FROM request_claim WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`, db.Micros(now), limit)
	return int(n), err
}

func (s *Store) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err = tx.Exec(ctx, query, args...)
		return err
	})
	return n, err
}
