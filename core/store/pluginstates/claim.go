package pluginstates

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const ofClaim = ofOwner + ` AND claim_key = ?`

// Take implements extension.ClaimStore.
func (s *Store) Take(ctx context.Context, o extension.Owner, key, token string, span extension.Span) (extension.Claim, error) {
	var out extension.Claim
	of := []any{string(o.Workspace), o.Instance, key}
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		out = extension.Claim{State: extension.ClaimGranted, Token: token, Until: span.Until}
		now, until := db.Micros(span.Now), db.Micros(span.Until)
		n, err := tx.Exec(ctx, `UPDATE plugin_claim SET token = ?, lapsed = CASE WHEN done = 0 THEN 1 ELSE 0 END, done = 0, result = ?, expires_at = ?`+
			ofClaim+` AND expires_at <= ?`, append(append([]any{token, []byte{}, until}, of...), now)...)
		if err != nil {
			return err
		}
		if n == 0 {
			n, err = tx.Exec(ctx, `INSERT INTO plugin_claim (workspace_id, instance_id, claim_key, token, done, lapsed, result, expires_at)
VALUES (?, ?, ?, ?, 0, 0, ?, ?) ON CONFLICT (workspace_id, instance_id, claim_key) DO NOTHING`, append(of[:3:3], token, []byte{}, until)...)
			if err != nil {
				return err
			}
			if n > 0 {
				return grow(ctx, tx, o, claims)
			}
		}
		return look(ctx, tx, of, n > 0, &out)
	})
	return out, err
}

// look reads what is there: whether what was taken over had lapsed, or what
// somebody else made of it.
func look(ctx context.Context, tx *db.Tx, of []any, ours bool, out *extension.Claim) error {
	var done, lapsed, expires int64
	var result []byte
	err := tx.Row(ctx, `SELECT done, lapsed, result, expires_at FROM plugin_claim`+ofClaim, of, &done, &lapsed, &result, &expires)
	switch {
	case err != nil:
		return err
	case ours && lapsed != 0:
		out.State = extension.ClaimLapsed
	case ours:
	case done != 0:
		*out = extension.Claim{State: extension.ClaimDone, Result: result}
	default:
		*out = extension.Claim{State: extension.ClaimHeld, Until: db.Time(expires)}
	}
	return nil
}

// Complete implements extension.ClaimStore.
func (s *Store) Complete(ctx context.Context, o extension.Owner, key, token string, r extension.Completed) (bool, error) {
	n, err := s.exec(ctx, `UPDATE plugin_claim SET done = 1, lapsed = 0, result = ?, expires_at = ?`+ofClaim+` AND token = ?`,
		bytesOf(r.Result), db.Micros(r.Until), string(o.Workspace), o.Instance, key, token)
	return n > 0, err
}

// Abandon implements extension.ClaimStore. One that was taken over after a
// lapse stays as lapsed.
func (s *Store) Abandon(ctx context.Context, o extension.Owner, key, token string, now time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		mine := []any{string(o.Workspace), o.Instance, key, token}
		n, err := tx.Exec(ctx, `DELETE FROM plugin_claim`+ofClaim+` AND token = ? AND done = 0 AND lapsed = 0`, mine...)
		if err != nil {
			return err
		}
		if n > 0 {
			return shrink(ctx, tx, o, claims, n)
		}
		_, err = tx.Exec(ctx, `UPDATE plugin_claim SET expires_at = ?`+ofClaim+` AND token = ? AND done = 0`, append([]any{db.Micros(now)}, mine...)...)
		return err
	})
}

func (s *Store) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err = tx.Exec(ctx, query, args...)
		return err
	})
	return n, err
}
