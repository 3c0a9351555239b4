package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/notification"
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

// What was made of events while somebody was erased is not stored: it may hold
// what they wrote in places that are others', whose events stay as they were.
// Made again, it is.
func TestNothingIsRecordedOverAnErasure(t *testing.T) {
	for name, from := range map[string]func(*testing.T) source{"sqlite": lite, "postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			k := keeping(t, from(t)(t))
			alice := k.Receive(k.Inbox, "alice", "e1", "hello").Contact
			k.Receive(k.Inbox, "bob", "e2", "hello")
			k.exec(`INSERT INTO webhook (workspace_id, webhook_id, url, description, events, filter, inboxes, active, secrets, health, failing_since, last_success, from_feed, created_by, created_at, updated_at) VALUES (?, 'whk_1', 'https://example.com', '', '["*"]', '', '[]', 1, '[]', 'healthy', 0, 0, 0, '', 1, 1)`, string(k.WS))
			head, err := k.F.Log.Head(k.Context(), string(k.WS))
			k.OK(err)
			events, err := k.F.Log.Since(k.Context(), string(k.WS), head-1, 1)
			k.OK(err)
			about, hooks, told := events[0], k.store.Webhooks(), k.store.Notifications()
			records := func(made event.Mark) (hooked, noted error) {
				hooked = hooks.Record(k.Context(), k.WS, head, []webhook.Delivery{{
					Workspace: k.WS, ID: "whd_1", Endpoint: "whk_1", Event: about.ID, Type: about.Type, Feed: about.Feed, Subject: about.Subject,
					Body: []byte(`{}`), State: webhook.Pending, At: k.at, NextAt: k.at, CreatedAt: k.at, PendingAt: k.at, Made: made,
				}})
				_, noted = told.Record(k.Context(), k.WS, head, []notification.Notification{{
					Workspace: k.WS, ID: "ntf_1", Member: k.Owner.ID, Kind: notification.Mention, Source: about.ID, Feed: about.Feed, Text: "words", At: k.at, Made: made,
				}}, nil)
				return hooked, noted
			}
			since := k.at.Add(-event.MarkSpan)
			before, err := hooks.Mark(k.Context(), k.WS, since)
			k.OK(err)
			_, err = k.store.Erasures().Erase(k.Context(), k.WS, alice, func(u erasure.Subject) (erasure.Record, []event.Event, error) {
				return erasure.Record{Workspace: k.WS, ID: "era_1", Contact: alice, Contacts: u.Contacts, Reason: erasure.Requested, At: k.at}, nil, nil
			})
			k.OK(err)
			if hooked, noted := records(before); !errors.Is(hooked, event.ErrErased) || !errors.Is(noted, event.ErrErased) {
				t.Fatalf("deliveries: %v, notifications: %v", hooked, noted)
			}
			for _, table := range []string{"webhook_delivery", "webhook_cursor", "notification", "notification_cursor"} {
				if n := k.count(table); n != 0 {
					t.Errorf("%s has %d", table, n)
				}
			}
			now, err := told.Mark(k.Context(), k.WS, since)
			k.OK(err)
			if hooked, noted := records(now); hooked != nil || noted != nil || k.count("webhook_delivery") != 1 || k.count("notification") != 1 {
				t.Fatalf("made again: %v, %v", hooked, noted)
			}
		})
	}
}
