package store_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store"
)

// BenchmarkAuditSQLite and BenchmarkAuditPostgres measure what an audit record
// adds to a change: the same label is renamed by many at once, with a record in
// every other round. The figure is the median ratio of interleaved rounds
// (changes a second with a record, to without); run with -benchtime 1x.
func BenchmarkAuditSQLite(b *testing.B) {
	c := config()
	c.Driver, c.Source = store.SQLite, filepath.Join(b.TempDir(), "patchbay.db")
	benchAudit(b, c)
}

// BenchmarkAuditPostgres is the same on PostgreSQL.
func BenchmarkAuditPostgres(b *testing.B) {
	c := config()
	c.Driver, c.Source = store.Postgres, pgtest.Start(b).Schema(b)
	benchAudit(b, c)
}

func benchAudit(b *testing.B, c store.Config) {
	b.Helper()
	s, err := store.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close(context.WithoutCancel(b.Context())) }()
	h := newHouse(b, s)
	w := h.inbox.Workspace
	told := func(record bool) event.Event {
		e := event.Event{ID: h.ids.New("chg"), Workspace: string(w), Type: catalog.LabelChanged, Subject: "lab_1", At: time.Now(), Data: []byte(`{"id":"lab_1"}`)}
		if record {
			e.Audit = identity.Record(b.Context(), identity.SystemScope(w), "label.updated", event.Party{Kind: "label", ID: "lab_1", Name: "A"})
			e.Audit.Say(event.Differences{"name": {From: "A", To: "B"}})
		}
		return e
	}
	l := catalog.Label{Workspace: w, ID: "lab_1", Name: "A", Color: "#2f80ed", CreatedAt: time.Now()}
	if err := s.Catalog().CreateLabel(b.Context(), l, told(false)); err != nil {
		b.Fatal(err)
	}
	rename := func(record bool) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error {
			_, err := s.Catalog().ChangeLabel(ctx, w, l.ID, func(l *catalog.Label) error {
				l.Name = strconv.FormatInt(h.n.Add(1), 36)
				return nil
			}, told(record))
			return err
		}
	}
	for b.Loop() {
		var without, with, ratios []float64
		for range benchRounds {
			x, _ := h.run(b, rename(false))
			y, _ := h.run(b, rename(true))
			without, with, ratios = append(without, x), append(with, y), append(ratios, y/x)
		}
		b.ReportMetric(median(without), "changes/s")
		b.ReportMetric(median(with), "audited/s")
		b.ReportMetric(median(ratios), "ratio")
	}
}
