package db_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// frozen is a clock that stands still, so that a group never runs out of time.
func frozen() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func config(t *testing.T) db.Config {
	t.Helper()
	return db.Config{
		Driver: db.SQLite, Source: filepath.Join(t.TempDir(), "patchbay.db"), Now: frozen, Log: slog.New(slog.DiscardHandler),
	}
}

func open(t *testing.T, c db.Config) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return d
}

// both runs a test on a new database of each system, with a workspace "w".
func both(t *testing.T, run func(t *testing.T, d *db.DB)) {
	t.Helper()
	bothWith(t, func(*db.Config) {}, run)
}

func bothWith(t *testing.T, set func(*db.Config), run func(t *testing.T, d *db.DB)) {
	t.Helper()
	start := func(t *testing.T, c db.Config) {
		t.Helper()
		set(&c)
		d := open(t, c)
		workspace(t, d)
		run(t, d)
	}
	t.Run("sqlite", func(t *testing.T) { start(t, config(t)) })
	t.Run("postgres", func(t *testing.T) {
		c := config(t)
		c.Driver, c.Source = db.Postgres, pgtest.Start(t).Schema(t)
		start(t, c)
	})
}

// workspace makes the workspace "w".
func workspace(t *testing.T, d *db.DB) {
	t.Helper()
	must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO workspace (workspace_id, name, locale, created_at, updated_at) VALUES ('w', 'name', 'en', 1, 1)`)
	}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fails(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if e := errs.As(err); err == nil || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v, want %s %s", err, kind, code)
	}
}

// note stores a row that a test can count: an account.
func note(ctx context.Context, tx *db.Tx, id string) error {
	return tx.Queue(ctx, `INSERT INTO account (account_id, email, name, locale, password_hash, created_at, updated_at)
VALUES (?, ?, '', '', '', 1, 1)`, id, id)
}

func notes(t *testing.T, d *db.DB) int {
	t.Helper()
	var n int
	must(t, d.Row(t.Context(), `SELECT COUNT(*) FROM account`, nil, &n))
	return n
}

func happened(id string) event.Event {
	return event.Event{ID: id, Workspace: "w", Type: "test.happened", Subject: "x", At: frozen(), Data: []byte(`{}`)}
}

// feed reads the ids of the feed of "w", and checks that it has no gap.
func feed(t *testing.T, d *db.DB) []string {
	t.Helper()
	var out []string
	must(t, d.Rows(t.Context(), `SELECT event_id, feed_seq FROM event_outbox WHERE workspace_id = ? ORDER BY feed_seq`, []any{"w"}, func(s db.Scanner) error {
		var id string
		var n int
		err := s.Scan(&id, &n)
		if out = append(out, id); n != len(out) {
			t.Errorf("number %d in place %d", n, len(out))
		}
		return err
	}))
	var head int
	must(t, d.Row(t.Context(), `SELECT feed_seq FROM workspace WHERE workspace_id = ?`, []any{"w"}, &head))
	if head != len(out) {
		t.Errorf("the workspace says %d, its feed %d", head, len(out))
	}
	return out
}
