package store_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/webhook"
)

// A body that was made before an erasure, of an event that the erasure took, is
// not put into the ledger after it.
func TestErasedEventsAreNotRecorded(t *testing.T) {
	for name, from := range map[string]func(*testing.T) source{"sqlite": lite, "postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			k := keeping(t, from(t)(t))
			k.Receive(k.Inbox, "alice", "e1", "hello")
			k.exec(`INSERT INTO webhook (workspace_id, webhook_id, url, description, events, filter, inboxes, active, secrets, health, failing_since, last_success, from_feed, created_by, created_at, updated_at) VALUES (?, 'whk_1', 'https://example.com', '', '["*"]', '', '[]', 1, '[]', 'healthy', 0, 0, 0, '', 1, 1)`, string(k.WS))
			rows, err := k.raw.QueryContext(k.Context(), `SELECT feed_seq, event_id, type, subject FROM event_outbox WHERE subject <> '' ORDER BY feed_seq LIMIT 2`)
			k.OK(err)
			defer rows.Close() //nolint:errcheck // only read
			var list []webhook.Delivery
			for rows.Next() {
				d := webhook.Delivery{Workspace: k.WS, Endpoint: "whk_1", Body: []byte(`{}`), State: webhook.Pending, At: k.at, NextAt: k.at, CreatedAt: k.at, PendingAt: k.at}
				k.OK(rows.Scan(&d.Feed, &d.Event, &d.Type, &d.Subject))
				d.ID = webhook.DeliveryID("whd_" + d.Event)
				list = append(list, d)
			}
			k.OK(rows.Err())
			if len(list) != 2 {
				t.Fatalf("%d events", len(list))
			}
			k.exec(`UPDATE event_outbox SET type = 'contact.changed', subject = '' WHERE workspace_id = ? AND event_id = ?`, string(k.WS), list[0].Event)
			k.OK(k.store.Webhooks().Record(k.Context(), k.WS, list[1].Feed, list))
			waiting, err := k.store.Webhooks().Claim(k.Context(), webhook.Queue{Workspace: k.WS, Endpoint: "whk_1"}, k.at.Add(time.Minute), k.at.Add(time.Hour), 10)
			k.OK(err)
			if len(waiting) != 1 || waiting[0].Event != list[1].Event {
				t.Errorf("the ledger has %+v", waiting)
			}
		})
	}
}
