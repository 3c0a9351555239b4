package webhooks

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/erasures"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// Mark implements webhook.Store.
func (s *Store) Mark(ctx context.Context, w identity.WorkspaceID, since time.Time) (event.Mark, error) {
	return erasures.Mark(ctx, s.db, w, since)
}

// Record implements webhook.Ledger.
func (s *Store) Record(ctx context.Context, w identity.WorkspaceID, upTo uint64, list []webhook.Delivery) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		reached, err := cursor(ctx, tx, w)
		if err == nil && len(list) > 0 { // they were made together
			err = erasures.Stands(ctx, tx, w, list[0].Made)
		}
		if err != nil {
			return err
		}
		k := footing{tx: tx, endpoints: make(map[webhook.ID]bool), events: make(map[string]bool)}
		for _, d := range list {
			if d.Feed <= reached {
				continue
			}
			if err := record(ctx, k, d); err != nil {
				return err
			}
		}
		if upTo <= reached {
			return nil
		}
		return tx.Queue(ctx, `INSERT INTO webhook_cursor (workspace_id, feed_seq) VALUES (?, ?)
ON CONFLICT (workspace_id) DO UPDATE SET feed_seq = excluded.feed_seq`, string(w), int64(upTo)) //nolint:gosec // sequences stay far below 2^63
	})
}

// footing remembers within a transaction what deliveries stand on: many are of one
// event, and of one endpoint.
type footing struct {
	tx        *db.Tx
	endpoints map[webhook.ID]bool
	events    map[string]bool // by event: it is what it was
}

// stands reports whether a delivery's endpoint is still there, and its event is
// still what it was when the body was made of it: an erasure in between leaves
// of an event only that something changed.
func (k footing) stands(ctx context.Context, d webhook.Delivery) (bool, error) {
	there, asked := k.endpoints[d.Endpoint]
	if !asked {
		var n int
		err := k.tx.Row(ctx, `SELECT COUNT(*) FROM webhook WHERE workspace_id = ? AND webhook_id = ?`, []any{string(d.Workspace), string(d.Endpoint)}, &n)
		if err != nil {
			return false, err
		}
		there = n > 0
		k.endpoints[d.Endpoint] = there
	}
	whole, asked := k.events[d.Event]
	if there && !asked {
		var erased int
		err := k.tx.Row(ctx, `SELECT COUNT(*) FROM event_outbox WHERE workspace_id = ? AND feed_seq = ? AND event_id = ? AND (type <> ? OR subject <> ?)`,
			[]any{string(d.Workspace), int64(d.Feed), d.Event, d.Type, d.Subject}, &erased) //nolint:gosec // sequences stay far below 2^63
		if err != nil {
			return false, err
		}
		whole = erased == 0
		k.events[d.Event] = whole
	}
	return there && whole, nil
}

// record puts one into the ledger, if it stands on what is still there.
func record(ctx context.Context, k footing, d webhook.Delivery) error {
	stands, err := k.stands(ctx, d)
	if err != nil || !stands {
		return err
	}
	k.tx.Delivers()
	return k.tx.Queue(ctx, `INSERT INTO webhook_delivery (workspace_id, delivery_id, webhook_id, event_id, type, feed_seq, subject, body, at,
state, attempts, next_at, claimed_until, status, code, created_at, pending_at, settled_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, webhook_id, event_id) DO NOTHING`,
		string(d.Workspace), string(d.ID), string(d.Endpoint), d.Event, d.Type, int64(d.Feed), d.Subject, string(d.Body), db.Micros(d.At), //nolint:gosec // as above
		string(d.State), d.Attempts, db.Micros(d.NextAt), d.Status, d.Code, db.Micros(d.CreatedAt), db.Micros(d.PendingAt), db.Micros(d.SettledAt))
}

// Waiting implements webhook.Ledger.
func (s *Store) Waiting(ctx context.Context) ([]webhook.Queue, error) {
	const query = `SELECT e.workspace_id, e.webhook_id FROM webhook e WHERE e.active = 1 AND e.health <> 'disabled' AND EXISTS
(SELECT 1 FROM webhook_delivery d WHERE d.workspace_id = e.workspace_id AND d.webhook_id = e.webhook_id AND d.state = 'pending')
ORDER BY e.workspace_id, e.webhook_id`
	var out []webhook.Queue
	err := s.db.Rows(ctx, query, nil, func(sc db.Scanner) error {
		var w, id string
		err := sc.Scan(&w, &id)
		out = append(out, webhook.Queue{Workspace: identity.WorkspaceID(w), Endpoint: webhook.ID(id)})
		return err
	})
	return out, err
}

// Next implements webhook.Ledger.
func (s *Store) Next(ctx context.Context, q webhook.Queue) (time.Time, error) {
	const query = `SELECT COALESCE(MIN(CASE WHEN d.claimed_until > d.next_at THEN d.claimed_until ELSE d.next_at END), 0)
FROM webhook_delivery d WHERE d.workspace_id = ? AND d.webhook_id = ? AND d.state = 'pending' AND ` + itsTurn
	var due int64
	err := s.db.Row(ctx, query, []any{string(q.Workspace), string(q.Endpoint)}, &due)
	return db.Time(due), err
}

// itsTurn holds for a delivery named d with none before it of its subject.
const itsTurn = `NOT EXISTS (SELECT 1 FROM webhook_delivery b WHERE b.workspace_id = d.workspace_id AND b.webhook_id = d.webhook_id
AND b.subject = d.subject AND b.state = 'pending' AND b.feed_seq < d.feed_seq)`

const deliveryColumns = `d.delivery_id, d.webhook_id, d.event_id, d.type, d.feed_seq, d.subject, d.at, d.state, d.attempts, d.next_at,
d.status, d.code, d.created_at, d.pending_at, d.settled_at`

func scanDelivery(sc db.Scanner, w identity.WorkspaceID, body *string) (webhook.Delivery, error) {
	d := webhook.Delivery{Workspace: w}
	var id, endpoint, state string
	var feed, at, next, created, pending, settled int64
	to := []any{&id, &endpoint, &d.Event, &d.Type, &feed, &d.Subject, &at, &state, &d.Attempts, &next, &d.Status, &d.Code, &created, &pending, &settled}
	if body != nil {
		to = append(to, body)
	}
	err := sc.Scan(to...)
	d.ID, d.Endpoint, d.State, d.Feed = webhook.DeliveryID(id), webhook.ID(endpoint), webhook.State(state), uint64(feed) //nolint:gosec // as it was stored
	d.At, d.NextAt, d.CreatedAt, d.PendingAt, d.SettledAt = db.Time(at), db.Time(next), db.Time(created), db.Time(pending), db.Time(settled)
	if body != nil {
		d.Body = []byte(*body)
	}
	return d, err
}

// Claim implements webhook.Ledger.
func (s *Store) Claim(ctx context.Context, q webhook.Queue, now, until time.Time, limit int) ([]webhook.Delivery, error) {
	const due = `FROM webhook_delivery d JOIN webhook e ON e.workspace_id = d.workspace_id AND e.webhook_id = d.webhook_id
WHERE d.workspace_id = ? AND d.webhook_id = ? AND d.state = 'pending' AND d.next_at <= ? AND d.claimed_until <= ?
AND e.active = 1 AND e.health <> 'disabled' AND ` + itsTurn + ` ORDER BY d.feed_seq LIMIT ?`
	const query = `SELECT ` + deliveryColumns + `, d.body ` + due
	there := false
	err := s.db.Rows(ctx, `SELECT d.delivery_id `+due, []any{string(q.Workspace), string(q.Endpoint), db.Micros(now), db.Micros(now), 1}, func(db.Scanner) error {
		there = true
		return nil
	})
	if err != nil || !there { // no transaction for nothing
		return nil, err
	}
	var out []webhook.Delivery
	err = s.db.Do(ctx, string(q.Workspace), func(ctx context.Context, tx *db.Tx) error {
		out = nil
		if err := tx.Lock(ctx, string(q.Workspace)); err != nil { // of two nodes that claim, one waits
			return err
		}
		err := tx.Rows(ctx, query, []any{string(q.Workspace), string(q.Endpoint), db.Micros(now), db.Micros(now), limit}, func(sc db.Scanner) error {
			var body string
			d, err := scanDelivery(sc, q.Workspace, &body)
			out = append(out, d)
			return err
		})
		if err != nil {
			return err
		}
		for _, d := range out {
			err := tx.Queue(ctx, `UPDATE webhook_delivery SET claimed_until = ? WHERE workspace_id = ? AND delivery_id = ?`,
				db.Micros(until), string(q.Workspace), string(d.ID))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Settle implements webhook.Ledger.
func (s *Store) Settle(ctx context.Context, x webhook.Settlement, change func(*webhook.Endpoint) webhook.Effect) error {
	d := x.Delivery
	return s.db.Do(ctx, string(d.Workspace), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(d.Workspace)); err != nil {
			return err
		}
		e, err := endpoint(ctx, tx, d.Workspace, d.Endpoint)
		if errs.Is(err, errs.NotFound) { // deleted meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		settled := time.Time{}
		if x.State != webhook.Pending {
			settled = x.Attempt.At.Add(x.Attempt.Took)
		}
		_, err = tx.Exec(ctx, `UPDATE webhook_delivery SET state = ?, attempts = ?, next_at = ?, claimed_until = 0, status = ?, code = ?, settled_at = ?
WHERE workspace_id = ? AND delivery_id = ? AND state = 'pending'`,
			string(x.State), x.Attempts, db.Micros(x.NextAt), x.Attempt.Status, x.Attempt.Code, db.Micros(settled), string(d.Workspace), string(d.ID))
		if err != nil {
			return err
		}
		if err := saveAttempt(ctx, tx, d, x.Attempt); err != nil {
			return err
		}
		tx.Delivers() // the next of the subject has its turn, or this one again
		effect := change(&e)
		return s.effect(ctx, tx, e, effect)
	})
}

// saveAttempt adds an attempt to the log, unless its delivery is gone, and
// forgets the oldest of too many.
func saveAttempt(ctx context.Context, tx *db.Tx, d webhook.Delivery, a webhook.Attempt) error {
	headers, err := json.Marshal(a.Headers)
	if err != nil {
		return err
	}
	err = tx.Queue(ctx, `INSERT INTO webhook_attempt (workspace_id, delivery_id, at, took, kids, status, headers, body, cut, code, detail)
SELECT workspace_id, delivery_id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM webhook_delivery WHERE workspace_id = ? AND delivery_id = ?
ON CONFLICT (workspace_id, delivery_id, at) DO NOTHING`,
		db.Micros(a.At), a.Took.Microseconds(), strings.Join(a.KIDs, " "), a.Status, string(headers), a.Body, flag(a.Cut), a.Code, a.Detail,
		string(d.Workspace), string(d.ID))
	if err != nil || d.Attempts < webhook.MaxAttempts && d.PendingAt.Equal(d.CreatedAt) {
		return err
	}
	return tx.Queue(ctx, `DELETE FROM webhook_attempt WHERE workspace_id = ? AND delivery_id = ? AND at NOT IN
(SELECT a.at FROM webhook_attempt a WHERE a.workspace_id = ? AND a.delivery_id = ? ORDER BY a.at DESC LIMIT ?)`,
		string(d.Workspace), string(d.ID), string(d.Workspace), string(d.ID), webhook.MaxAttempts)
}

// attempts reads the attempts of a delivery, the oldest first.
func (s *Store) attempts(ctx context.Context, w identity.WorkspaceID, id webhook.DeliveryID) ([]webhook.Attempt, error) {
	var out []webhook.Attempt
	err := s.db.Rows(ctx, `SELECT at, took, kids, status, headers, body, cut, code, detail FROM webhook_attempt
WHERE workspace_id = ? AND delivery_id = ? ORDER BY at DESC LIMIT ?`, []any{string(w), string(id), webhook.MaxAttempts}, func(sc db.Scanner) error {
		var a webhook.Attempt
		var at, took, cut int64
		var kids, headers string
		if err := sc.Scan(&at, &took, &kids, &a.Status, &headers, &a.Body, &cut, &a.Code, &a.Detail); err != nil {
			return err
		}
		a.At, a.Took, a.KIDs, a.Cut = db.Time(at), time.Duration(took)*time.Microsecond, strings.Fields(kids), cut != 0
		out = append(out, a)
		return json.Unmarshal([]byte(headers), &out[len(out)-1].Headers)
	})
	slices.Reverse(out)
	return out, err
}

// Unclaim implements webhook.Ledger.
func (s *Store) Unclaim(ctx context.Context) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE webhook_delivery SET claimed_until = 0 WHERE claimed_until > 0`)
	})
}
