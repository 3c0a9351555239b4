package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// pragma sets something on the writer's own connection.
func pragma(t *testing.T, d *db.DB, text string) {
	t.Helper()
	must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Rows(ctx, `PRAGMA `+text, nil, func(db.Scanner) error { return nil })
	}))
}

// A full disk fails every job of the group, is told clearly, loses nothing
// that was answered, and is over when there is space again.
func TestFullDisk(t *testing.T) {
	d := open(t, config(t))
	workspace(t, d)
	must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return tx.Append(ctx, happened("before")) }))
	var pages int
	must(t, d.Row(t.Context(), `PRAGMA page_count`, nil, &pages))
	pragma(t, d, fmt.Sprintf("max_page_count = %d", pages+5))
	big := strings.Repeat("x", 1<<20)
	answers := gather(t, d, 10, func(ctx context.Context, tx *db.Tx, i int) error {
		if err := tx.Append(ctx, happened(fmt.Sprint("e", i))); err != nil || i != 5 {
			return err
		}
		return note(ctx, tx, big)
	})
	full := 0
	for _, err := range answers {
		if err != nil {
			fails(t, err, errs.Unavailable, "storage.full")
			if m := errs.As(err).Message; !strings.Contains(m, "full") || !strings.Contains(m, "Free") {
				t.Errorf("the message is %q", m)
			}
			full++
		}
	}
	if full == 0 {
		t.Fatal("nothing failed")
	}
	if got := feed(t, d); len(got) != 1+len(answers)-full {
		t.Fatalf("%d events after %d of %d jobs failed", len(got), full, len(answers))
	}
	pragma(t, d, "max_page_count = 1000000")
	must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
		if err := note(ctx, tx, big); err != nil {
			return err
		}
		return tx.Append(ctx, happened("after"))
	}))
	feed(t, d)
	must(t, d.CheckIntegrity(t.Context()))
}

func TestReadOnly(t *testing.T) {
	d := open(t, config(t))
	pragma(t, d, "query_only = 1")
	err := d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, "a") })
	fails(t, err, errs.Unavailable, "storage.readonly")
	if m := errs.As(err).Message; !strings.Contains(m, "permissions") {
		t.Errorf("the message is %q", m)
	}
	if n := notes(t, d); n != 0 {
		t.Fatalf("%d rows", n)
	}
}

func TestOpenTellsTheCure(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	must(t, os.WriteFile(garbage, []byte(strings.Repeat("this is not a database\n", 1000)), 0o600))
	for name, x := range map[string]struct {
		driver     db.Driver
		source     string
		code, cure string
	}{
		"no folder":      {db.SQLite, filepath.Join(dir, "none", "patchbay.db"), "storage.open", "Create it"},
		"a folder":       {db.SQLite, dir, "storage.open", "Name a file"},
		"file as folder": {db.SQLite, filepath.Join(garbage, "patchbay.db"), "storage.open", "data folder"},
		"not a database": {db.SQLite, garbage, "storage.corrupt", "restore a backup"},
		"unknown driver": {"mysql", "", "storage.driver", "sqlite or postgres"},
		"bad source":     {db.Postgres, "postgres://%zz", "storage.source", "Example"},
		"no server":      {db.Postgres, "host=" + dir + " user=u dbname=d", "storage.unreachable", "Check that it runs"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			c.Driver, c.Source = x.driver, x.source
			d, err := db.Open(t.Context(), c)
			if err == nil {
				_ = d.Close(t.Context())
				t.Fatal("it opens")
			}
			if e := errs.As(err); e.Code != x.code || !strings.Contains(e.Message, x.cure) {
				t.Fatalf("got %v, want %s with %q", err, x.code, x.cure)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	read := func(d *db.DB, name string) (onWriter, onReader string) {
		must(t, d.Row(t.Context(), `PRAGMA `+name, nil, &onReader))
		must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, `PRAGMA `+name, nil, &onWriter)
		}))
		return onWriter, onReader
	}
	d := open(t, config(t))
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		if w, r := read(d, name); w != want || r != want {
			t.Errorf("%s is %s on the writer and %s on readers, want %s", name, w, r, want)
		}
	}
	if _, r := read(d, "query_only"); r != "1" {
		t.Error("readers may write")
	}
	c := config(t)
	c.Unsafe = true
	if w, _ := read(open(t, c), "synchronous"); w != "1" {
		t.Errorf("unsafe gives synchronous=%s", w)
	}
}

// A server that could lose commits is refused, unless that is asked for.
func TestPostgresSettings(t *testing.T) {
	if os.Getenv("PATCHBAY_TEST_POSTGRES") != "" {
		t.Skip("it would change the settings of a server of somebody else's")
	}
	c := config(t)
	c.Driver, c.Source = db.Postgres, pgtest.Start(t).Database(t)
	admin, err := pgx.Connect(t.Context(), c.Source)
	must(t, err)
	set := func(setting string) {
		for _, s := range []string{"ALTER SYSTEM SET " + setting, "SELECT pg_reload_conf()"} {
			_, err := admin.Exec(t.Context(), s)
			must(t, err)
		}
	}
	must(t, admin.Ping(t.Context()))
	set("synchronous_commit = off") // sessions of ours say on
	open(t, c)
	weak := c
	weak.Source += " default_transaction_read_only=on"
	_, err = db.Open(t.Context(), weak)
	fails(t, err, errs.Unavailable, "storage.readonly")
	set("full_page_writes = off")
	eventually(t, func() bool {
		d, err := db.Open(t.Context(), c)
		if err == nil {
			_ = d.Close(t.Context())
			return false // the server has not reloaded yet
		}
		fails(t, err, errs.Unavailable, "storage.not_durable")
		return true
	})
	c.Unsafe = true
	open(t, c)
	must(t, admin.Close(t.Context()))
}

// eventually waits until ok says so.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick, end := time.NewTicker(20*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("it did not happen")
		}
	}
}

// The writer gets over the loss of its connection, whether it had work or not.
func TestLostConnection(t *testing.T) {
	c := config(t)
	c.Driver, c.Source = db.Postgres, pgtest.Start(t).Schema(t)
	d := open(t, c)
	workspace(t, d)
	admin, err := pgx.Connect(t.Context(), c.Source)
	must(t, err)
	kill := func() {
		_, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'patchbay'`)
		must(t, err)
	}
	kill() // between jobs: nobody notices
	must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return tx.Append(ctx, happened("one")) }))
	err = d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Append(ctx, happened("lost")); err != nil {
			return err
		}
		kill() // in the middle of one
		return nil
	})
	fails(t, err, errs.Unavailable, "storage.unreachable")
	must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return tx.Append(ctx, happened("two")) }))
	if got := feed(t, d); len(got) != 2 || got[1] != "two" {
		t.Fatalf("the feed is %v", got)
	}
	must(t, admin.Close(t.Context()))
}

func TestIntegrity(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		must(t, d.CheckIntegrity(t.Context()))
		must(t, d.Ping(t.Context()))
	})
	d := open(t, config(t))
	pragma(t, d, "ignore_check_constraints = 1")
	must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO setup_token (slot, token_hash, created_at) VALUES (2, '', 1)`)
	}))
	err := d.CheckIntegrity(t.Context())
	fails(t, err, errs.Internal, "storage.corrupt")
}

// A group that PostgreSQL breaks off because of a deadlock is run again.
func TestDeadlock(t *testing.T) {
	c := config(t)
	c.Driver, c.Source = db.Postgres, pgtest.Start(t).Schema(t)
	d := open(t, c)
	workspace(t, d)
	must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO workspace (workspace_id, name, locale, created_at, updated_at) VALUES ('w2', 'name', 'en', 1, 1)`)
	}))
	other, err := pgx.Connect(t.Context(), c.Source)
	must(t, err)
	otherTx, err := other.Begin(t.Context())
	must(t, err)
	for _, s := range []string{
		`SET deadlock_timeout = '1min'`, // so that the writer is the one to notice, and to yield
		`SELECT 1 FROM workspace WHERE workspace_id = 'w2' FOR UPDATE`,
	} {
		_, err := otherTx.Exec(t.Context(), s)
		must(t, err)
	}
	runs := 0
	crossed := make(chan error, 1)
	err = d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
		if runs++; runs == 1 {
			go func() { // waits for us, while we wait for it
				_, err := otherTx.Exec(ctx, `SELECT 1 FROM workspace WHERE workspace_id = 'w' FOR UPDATE`)
				if err == nil {
					err = otherTx.Commit(ctx)
				}
				crossed <- err
			}()
		}
		if err := tx.Append(ctx, happened("e")); err != nil {
			return err
		}
		return tx.Lock(ctx, "w2")
	})
	must(t, err)
	must(t, <-crossed)
	if runs < 2 {
		t.Fatalf("the job ran %d times: there was no deadlock", runs)
	}
	if got := feed(t, d); len(got) != 1 {
		t.Fatalf("the feed is %v", got)
	}
	must(t, other.Close(t.Context()))
}

// The queue is bounded: whoever comes when it is full waits outside, no longer
// than their patience.
func TestFullQueue(t *testing.T) {
	d := open(t, config(t))
	release := hold(t, d)
	const places = 4096
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range places {
		wg.Go(func() {
			_ = d.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, "never") })
		})
	}
	tried := 0
	eventually(t, func() bool { // until all places are taken
		tried++
		short, done := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer done()
		err := d.Do(short, "", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, "never") })
		fails(t, err, errs.Unavailable, "storage.timeout")
		return tried > 3
	})
	cancel()
	wg.Wait()
	must(t, release())
	must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, "after") }))
	if n := notes(t, d); n != 1 {
		t.Fatalf("%d rows: jobs ran that were given up", n)
	}
}
