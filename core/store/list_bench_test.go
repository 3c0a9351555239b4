package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// BenchmarkP9SQLite reads lists of a workspace with 100,000 conversations: a
// twentieth open, the rest resolved, spread over 20 agents. Run with
// -benchtime 1x; the figures are the slowest of 50 reads, in milliseconds.
func BenchmarkP9SQLite(b *testing.B) {
	c := config()
	c.Driver, c.Source = store.SQLite, filepath.Join(b.TempDir(), "patchbay.db")
	s, err := store.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	h := newHouse(b, s)
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	fill(b, c, h)
	if s, err = store.Open(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close(b.Context()) }()
	ws := h.inbox.Workspace
	for name, f := range map[string]conversation.Filter{
		"all": {}, "open": {State: conversation.Open}, "snoozed": {State: conversation.Snoozed},
		"mine": {Assignee: "mem_7"}, "mine-open": {Assignee: "mem_7", State: conversation.Open},
		"mine-resolved": {Assignee: "mem_7", State: conversation.Resolved},
		"nobody's":      {Assignee: identity.MemberID(h.ids.New("mem")), State: conversation.Resolved},
		"unassigned":    {Unassigned: true, State: conversation.Open},
		"empty-inbox":   {Inbox: "inb_none", State: conversation.Resolved},
		"inbox":         {Inbox: h.inbox.ID, State: conversation.Resolved},
		"contact":       {Contact: "con_77777"},
	} {
		f.Reach = identity.Everywhere()
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var took []float64
				for range 10 {
					r := page.Request{Limit: 50}
					for range 5 { // five pages
						start := time.Now()
						p, err := s.Conversations().List(b.Context(), ws, f, r)
						took = append(took, float64(time.Since(start).Microseconds())/1000)
						if err != nil {
							b.Fatal(err)
						}
						if r.Cursor = p.Next; p.Next == "" {
							break
						}
					}
				}
				b.ReportMetric(slices.Max(took), "worst-ms")
			}
		})
	}
	b.Run("search contacts", func(b *testing.B) {
		for b.Loop() {
			start := time.Now()
			if _, err := s.Contacts().List(b.Context(), ws, contact.Filter{Reach: identity.Everywhere(), Query: "customer 99999"}, page.Request{}); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "worst-ms")
		}
	})
}

// fill makes the rows with SQL of its own, which the ports could not do in time.
func fill(b *testing.B, c store.Config, h *house) {
	b.Helper()
	d, err := db.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) `
	ws, inbox := h.inbox.Workspace, h.inbox.ID
	for _, q := range []string{
		`INSERT INTO account SELECT 'acc_' || i, 'a' || i, '', '', '', 1, 1 FROM (` + numbers + `SELECT i FROM n WHERE i BETWEEN 2 AND 21)`,
		fmt.Sprintf(`INSERT INTO member SELECT '%s', 'mem_' || (i - 2), 'acc_' || i, 'agent', 'agent', 5, 0, 1, 1 FROM (`+numbers+`SELECT i FROM n WHERE i BETWEEN 2 AND 21)`, ws),
		fmt.Sprintf(numbers+`INSERT INTO contact (workspace_id, contact_id, name, email, phone, note, attributes, created_at, updated_at) SELECT '%s', 'con_' || i, 'Customer ' || i, '', '', '', '{}', i, i FROM n`, ws),
		fmt.Sprintf(numbers+`INSERT INTO conversation SELECT '%s', 'cnv_' || i, '%s', 'con_' || i, 'ext' || i,
CASE WHEN i %% 20 = 0 THEN 'open' ELSE 'resolved' END, 'agent', CASE WHEN i %% 40 = 0 THEN NULL ELSE 'mem_' || ((i / 7) %% 20) END,
0, 0, 0, 3, 2, 2, 'the last message of them all', 'contact', 'text', 1, i, (i * 7919) %% 100003 * 1000000 FROM n`, ws, inbox),
	} {
		err := d.Do(b.Context(), "", func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, q) })
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := d.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
