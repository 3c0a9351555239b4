package webhooks

import (
	"context"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// Deliveries implements webhook.Log. Its cursor is the feed number.
func (s *Store) Deliveries(ctx context.Context, w identity.WorkspaceID, id webhook.ID, state webhook.State, p page.Request) (page.Page[webhook.Delivery], error) {
	var out page.Page[webhook.Delivery]
	before, err := page.Decode(p.Cursor, 1)
	if err != nil {
		return out, err
	}
	query := `SELECT ` + deliveryColumns + ` FROM webhook_delivery d WHERE d.workspace_id = ? AND d.webhook_id = ?`
	args := []any{string(w), string(id)}
	if state != "" {
		query += ` AND d.state = ?`
		args = append(args, string(state))
	}
	if before != nil {
		feed, err := strconv.ParseInt(before[0], 10, 64)
		if err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
		query += ` AND d.feed_seq < ?`
		args = append(args, feed)
	}
	err = s.db.Rows(ctx, query+` ORDER BY d.feed_seq DESC LIMIT ?`, append(args, p.Size()+1), func(sc db.Scanner) error {
		d, err := scanDelivery(sc, w, nil)
		out.Items = append(out.Items, d)
		return err
	})
	if err != nil {
		return page.Page[webhook.Delivery]{}, err
	}
	if size := p.Size(); len(out.Items) > size {
		out.Items = out.Items[:size]
		out.Next = page.Encode(strconv.FormatUint(out.Items[size-1].Feed, 10))
	}
	return out, nil
}

// Delivery implements webhook.Log.
func (s *Store) Delivery(ctx context.Context, w identity.WorkspaceID, id webhook.DeliveryID) (webhook.Delivery, []webhook.Attempt, error) {
	var d webhook.Delivery
	found := false
	err := s.db.Rows(ctx, `SELECT `+deliveryColumns+`, d.body FROM webhook_delivery d WHERE d.workspace_id = ? AND d.delivery_id = ?`,
		[]any{string(w), string(id)}, func(sc db.Scanner) (err error) {
			var body string
			found = true
			d, err = scanDelivery(sc, w, &body)
			return err
		})
	if err == nil && !found {
		err = errs.Absent()
	}
	if err != nil {
		return webhook.Delivery{}, nil, err
	}
	attempts, err := s.attempts(ctx, w, id)
	return d, attempts, err
}

// Counts implements webhook.Log.
func (s *Store) Counts(ctx context.Context, w identity.WorkspaceID, id webhook.ID) (map[webhook.State]int, error) {
	out := make(map[webhook.State]int)
	err := s.db.Rows(ctx, `SELECT state, COUNT(*) FROM webhook_delivery WHERE workspace_id = ? AND webhook_id = ? GROUP BY state`,
		[]any{string(w), string(id)}, func(sc db.Scanner) error {
			var state string
			var n int
			err := sc.Scan(&state, &n)
			out[webhook.State(state)] = n
			return err
		})
	return out, err
}

// Replay implements webhook.Log.
func (s *Store) Replay(ctx context.Context, w identity.WorkspaceID, id webhook.ID, which webhook.Selection, now time.Time, done func(n int) []event.Event) (int, error) {
	query, args := replayed(w, id, which, now)
	var n int64
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) (err error) {
		if _, err := endpoint(ctx, tx, w, id); err != nil {
			return err
		}
		if n, err = tx.Exec(ctx, query, args...); err != nil {
			return err
		}
		if n == 0 {
			return known(ctx, tx, w, id, which.Delivery)
		}
		tx.Delivers()
		return tx.Append(ctx, done(int(n))...)
	})
	return int(n), err
}

// known is errs.Absent when a delivery is named that the endpoint does not have.
func known(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, id webhook.ID, delivery webhook.DeliveryID) error {
	if delivery == "" {
		return nil
	}
	var there int
	err := tx.Row(ctx, `SELECT COUNT(*) FROM webhook_delivery WHERE workspace_id = ? AND webhook_id = ? AND delivery_id = ?`,
		[]any{string(w), string(id), string(delivery)}, &there)
	if err == nil && there == 0 {
		err = errs.Absent()
	}
	return err
}

// replayed makes the statement of a replay.
func replayed(w identity.WorkspaceID, id webhook.ID, which webhook.Selection, now time.Time) (string, []any) {
	query := `UPDATE webhook_delivery SET state = 'pending', attempts = 0, next_at = ?, claimed_until = 0, code = '', pending_at = ?, settled_at = 0
WHERE workspace_id = ? AND webhook_id = ? AND state <> 'pending'`
	args := []any{db.Micros(now), db.Micros(now), string(w), string(id)}
	if which.Delivery != "" {
		query += ` AND delivery_id = ?`
		args = append(args, string(which.Delivery))
	}
	if which.State != "" {
		query += ` AND state = ?`
		args = append(args, string(which.State))
	}
	if !which.Since.IsZero() {
		query += ` AND at >= ?`
		args = append(args, db.Micros(which.Since))
	}
	return query, args
}

// Sweep implements webhook.Log.
func (s *Store) Sweep(ctx context.Context, delivered, dead time.Time, limit int) (int, error) {
	type key struct{ workspace, id string }
	var gone []key
	for _, old := range []struct {
		state  webhook.State
		before time.Time
	}{{webhook.Delivered, delivered}, {webhook.Dead, dead}} {
		err := s.db.Rows(ctx, `SELECT workspace_id, delivery_id FROM webhook_delivery WHERE state <> 'pending' AND state = ? AND settled_at < ?
ORDER BY settled_at LIMIT ?`, []any{string(old.state), db.Micros(old.before), limit - len(gone)}, func(sc db.Scanner) error {
			var k key
			err := sc.Scan(&k.workspace, &k.id)
			gone = append(gone, k)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	of := make(map[string][]string)
	for _, k := range gone {
		of[k.workspace] = append(of[k.workspace], k.id)
	}
	for w, ids := range of {
		err := s.db.Do(ctx, w, func(ctx context.Context, tx *db.Tx) error {
			for _, id := range ids { // unless it was replayed meanwhile
				if err := tx.Queue(ctx, `DELETE FROM webhook_delivery WHERE workspace_id = ? AND delivery_id = ? AND state <> 'pending'`, w, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}
