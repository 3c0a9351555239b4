// Package pushes stores the browsers that are told when no window is open, and
// what they are to be told. What waits is written by package notifications, with
// the notification.
package pushes

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements push.Store and push.Ledger.
type Store struct {
	db     *db.DB
	sealer push.Sealer
}

// New returns a Store that seals where subscriptions lead.
func New(d *db.DB, sealer push.Sealer) *Store { return &Store{db: d, sealer: sealer} }

// Subscribe implements push.Store.
func (s *Store) Subscribe(ctx context.Context, x push.Subscription) error {
	sealed, err := x.Sealed(s.sealer)
	if err != nil {
		return err
	}
	place := push.Place(x.Endpoint)
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, `DELETE FROM push_subscription WHERE session_id = ? OR endpoint_hash = ?`, string(x.Session), place); err != nil {
			return err
		}
		var n int
		if err := tx.Row(ctx, `SELECT COUNT(*) FROM push_subscription WHERE account_id = ?`, []any{string(x.Account)}, &n); err != nil {
			return err
		}
		if n >= push.Most {
			return push.TooMany()
		}
		return tx.Queue(ctx, `INSERT INTO push_subscription (session_id, account_id, endpoint_hash, sealed, say, since, sent_at, code, failures, rest_until, paced, claimed_until)
VALUES (?, ?, ?, ?, ?, ?, 0, '', 0, 0, 0, 0)`, string(x.Session), string(x.Account), place, sealed, string(x.Say), db.Micros(x.Since))
	})
}

const columns = `session_id, account_id, sealed, say, since, sent_at, code, failures, rest_until, paced`

// scan reads a subscription. One that cannot be opened has no endpoint.
func (s *Store) scan(sc db.Scanner) (push.Subscription, error) {
	var session, account, sealed, say, code string
	var since, sent, rest, paced int64
	var x push.Subscription
	err := sc.Scan(&session, &account, &sealed, &say, &since, &sent, &code, &x.Failures, &rest, &paced)
	x.Session, x.Account, x.Say, x.Code = identity.SessionID(session), identity.AccountID(account), push.Say(say), code
	x.Since, x.SentAt, x.RestTill, x.Paced = db.Time(since), db.Time(sent), db.Time(rest), db.Time(paced)
	if err == nil && x.Unseal(s.sealer, sealed) != nil {
		x.Endpoint = ""
	}
	return x, err
}

// Subscriptions implements push.Store.
func (s *Store) Subscriptions(ctx context.Context, a identity.AccountID) ([]push.Subscription, error) {
	var out []push.Subscription
	err := s.db.Rows(ctx, `SELECT `+columns+` FROM push_subscription WHERE account_id = ? ORDER BY since, session_id`, []any{string(a)}, func(sc db.Scanner) error {
		x, err := s.scan(sc)
		out = append(out, x)
		return err
	})
	return out, err
}

// Unsubscribe implements push.Store.
func (s *Store) Unsubscribe(ctx context.Context, a identity.AccountID, session identity.SessionID) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM push_subscription WHERE account_id = ? AND session_id = ?`, string(a), string(session))
		if err == nil && n == 0 {
			return errs.Absent()
		}
		return err
	})
}

// Next implements push.Ledger.
func (s *Store) Next(ctx context.Context) (time.Time, error) {
	var next int64
	err := s.db.Rows(ctx, `SELECT MIN(w.due_at), s.rest_until, s.claimed_until FROM push_waiting w JOIN push_subscription s ON s.session_id = w.session_id
GROUP BY s.session_id, s.rest_until, s.claimed_until`, nil, func(sc db.Scanner) error {
		var due, rest, claimed int64
		err := sc.Scan(&due, &rest, &claimed)
		if at := max(due, rest, claimed); next == 0 || at < next {
			next = at
		}
		return err
	})
	return db.Time(next), err
}

// Claim implements push.Ledger. Of two nodes that claim one, the second finds it
// claimed when the first has committed.
func (s *Store) Claim(ctx context.Context, now, until time.Time, limit int) ([]push.Subscription, error) {
	at := db.Micros(now)
	var out []push.Subscription
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		var found []push.Subscription
		out = nil
		err := tx.Rows(ctx, `SELECT `+columns+` FROM push_subscription s WHERE rest_until <= ? AND claimed_until <= ?
AND EXISTS (SELECT 1 FROM push_waiting w WHERE w.session_id = s.session_id AND w.due_at <= ?) ORDER BY rest_until, session_id LIMIT ?`,
			[]any{at, at, at, limit}, func(sc db.Scanner) error {
				x, err := s.scan(sc)
				found = append(found, x)
				return err
			})
		if err != nil {
			return err
		}
		for _, x := range found {
			n, err := tx.Exec(ctx, `UPDATE push_subscription SET claimed_until = ? WHERE session_id = ? AND claimed_until <= ?`, db.Micros(until), string(x.Session), at)
			if err != nil {
				return err
			}
			if n > 0 {
				out = append(out, x)
			}
		}
		return nil
	})
	return out, err
}

// Waiting implements push.Ledger.
func (s *Store) Waiting(ctx context.Context, session identity.SessionID, now time.Time, limit int) ([]push.Waiting, error) {
	var out []push.Waiting
	err := s.db.Rows(ctx, `SELECT workspace_id, member_id, notification_id, at FROM push_waiting WHERE session_id = ? AND due_at <= ?
ORDER BY due_at, notification_id LIMIT ?`, []any{string(session), db.Micros(now), limit}, func(sc db.Scanner) error {
		var w, m, n string
		var at int64
		err := sc.Scan(&w, &m, &n, &at)
		out = append(out, push.Waiting{Workspace: identity.WorkspaceID(w), Member: identity.MemberID(m), Notification: notification.ID(n), At: db.Time(at)})
		return err
	})
	return out, err
}

// Settle implements push.Ledger.
func (s *Store) Settle(ctx context.Context, x push.Subscription, done []push.Waiting) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		for _, d := range done {
			err := tx.Queue(ctx, `DELETE FROM push_waiting WHERE workspace_id = ? AND member_id = ? AND notification_id = ? AND session_id = ?`,
				string(d.Workspace), string(d.Member), string(d.Notification), string(x.Session))
			if err != nil {
				return err
			}
		}
		return tx.Queue(ctx, `UPDATE push_subscription SET sent_at = ?, code = ?, failures = ?, rest_until = ?, paced = ?, claimed_until = 0
WHERE session_id = ? AND endpoint_hash = ?`,
			db.Micros(x.SentAt), x.Code, x.Failures, db.Micros(x.RestTill), db.Micros(x.Paced), string(x.Session), push.Place(x.Endpoint))
	})
}

// End implements push.Ledger.
func (s *Store) End(ctx context.Context, x push.Subscription) error {
	query, args := `DELETE FROM push_subscription WHERE session_id = ?`, []any{string(x.Session)}
	if x.Endpoint != "" { // else nobody can say which it is
		query, args = query+` AND endpoint_hash = ?`, append(args, push.Place(x.Endpoint))
	}
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, query, args...) })
}

// Unclaim implements push.Ledger.
func (s *Store) Unclaim(ctx context.Context) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE push_subscription SET claimed_until = 0 WHERE claimed_until > 0`)
	})
}
