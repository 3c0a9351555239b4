package portable_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/portable"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// config is of an empty database.
func config(t *testing.T, server *pgtest.Server, driver db.Driver) db.Config {
	t.Helper()
	c := db.Config{Driver: driver, Source: filepath.Join(t.TempDir(), "patchbay.db"), Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if driver == db.Postgres {
		c.Source = server.Schema(t)
	}
	return c
}

// awkward are texts and bytes that are easily lost on the way.
func awkward() []any {
	return []any{"wsp_1", "req_1", "inb_1", "POST", "/h", `<&> "quotes" \ ` + "\u2028\n\t", "{}", []byte{0, 255, '\n', 0xc3, '['}, "", int64(1) << 60}
}

// fill makes a database with a row of each kind of column.
func fill(t *testing.T, c db.Config) {
	t.Helper()
	d, err := db.Open(t.Context(), c)
	must(t, err)
	must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO workspace (workspace_id, name, locale, created_at, updated_at) VALUES ('wsp_1', '店 🍵', 'zh-CN', 1, 2)`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO inbox (workspace_id, inbox_id, name, plugin, live, config, config_revision, hook_hash, enabled, created_at, updated_at)
VALUES ('wsp_1', 'inb_1', 'Shop', 'p', ?, '{}', 1, 'h', ?, 1, 1)`, true, false)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO webhook_request (workspace_id, request_id, inbox_id, method, path, query, headers, body, remote, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, awkward()...)
		return err
	}))
	must(t, d.Close(t.Context()))
}

// held is what a database holds: the lines of every table, and their sums.
type held struct {
	lines, columns map[string][]string
	sums           map[string]string
	schema         []string
}

func content(t *testing.T, c db.Config) held {
	t.Helper()
	s, err := portable.Take(t.Context(), c)
	must(t, err)
	defer s.Close() //nolint:errcheck // read only
	must(t, s.Check(t.Context()))
	out := held{map[string][]string{}, map[string][]string{}, map[string]string{}, s.Schema()}
	for _, table := range s.Tables() {
		h := sha256.New()
		must(t, s.Rows(t.Context(), table, func(line []byte) error {
			h.Write(line)
			out.lines[table] = append(out.lines[table], string(line))
			return nil
		}))
		out.sums[table], out.columns[table] = hex.EncodeToString(h.Sum(nil)), s.Columns(table)
	}
	return out
}

// carry loads lines into an empty database.
func carry(t *testing.T, to db.Config, h held) error {
	t.Helper()
	l, err := portable.Begin(t.Context(), to, h.schema)
	if err != nil {
		return err
	}
	for table, of := range h.columns { // in no order: references must not matter
		must(t, l.Table(t.Context(), table, of))
		for _, line := range h.lines[table] {
			must(t, l.Row(t.Context(), []byte(line)))
		}
	}
	return l.Finish(t.Context(), h.sums, "epoch-2", "a test")
}

// TestEveryWay carries a database from each system to each.
func TestEveryWay(t *testing.T) {
	server, systems := pgtest.Start(t), []db.Driver{db.SQLite, db.Postgres}
	for _, from := range systems {
		for _, to := range systems {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				a, b := config(t, server, from), config(t, server, to)
				fill(t, a)
				want := content(t, a)
				must(t, carry(t, b, want))
				got := content(t, b)
				for table := range want.sums {
					if table != "meta" && want.sums[table] != got.sums[table] {
						t.Errorf("%s is %q, was %q", table, got.lines[table], want.lines[table])
					}
				}
				if !slices.Contains(got.lines["meta"], `["epoch","epoch-2"]`+"\n") {
					t.Errorf("meta is %q", got.lines["meta"])
				}
				d, err := db.Open(t.Context(), b) // a server starts on it
				must(t, err)
				var body []byte
				var query string
				must(t, d.Row(t.Context(), `SELECT query, body FROM webhook_request`, nil, &query, &body))
				if query != awkward()[5] || !bytes.Equal(body, awkward()[7].([]byte)) {
					t.Errorf("%q, %v", query, body)
				}
				must(t, d.Close(t.Context()))
			})
		}
	}
}

// TestLoadsAreRefused: what does not fit leaves nothing.
func TestLoadsAreRefused(t *testing.T) {
	server := pgtest.Start(t)
	for _, to := range []db.Driver{db.SQLite, db.Postgres} {
		t.Run(string(to), func(t *testing.T) {
			a, b := config(t, server, db.SQLite), config(t, server, to)
			fill(t, a)
			a0 := content(t, a)
			code := func(err error, want string) {
				t.Helper()
				if err == nil || errs.As(err).Code != want {
					t.Errorf("got %v, want %s", err, want)
				}
			}
			newer, foreign := a0, a0
			newer.schema = append(slices.Clone(a0.schema), "9999_next")
			foreign.schema = append([]string{"0001_other"}, a0.schema[1:]...)
			code(carry(t, b, newer), "restore.schema_newer")
			code(carry(t, b, foreign), "restore.schema_other")
			fewer := a0
			fewer.lines = maps.Clone(a0.lines)
			fewer.lines["workspace"] = nil
			code(carry(t, b, fewer), "restore.differs")
			if _, err := portable.Take(t.Context(), b); to == db.Postgres && errs.As(err).Code != "backup.no_database" {
				t.Errorf("something is left: %v", err)
			}
			b = config(t, server, to)
			must(t, carry(t, b, a0))
			code(carry(t, b, a0), "restore.not_empty")
		})
	}
}

// TestASnapshotStands: what is written after it was taken is not in it.
func TestASnapshotStands(t *testing.T) {
	server := pgtest.Start(t)
	for _, system := range []db.Driver{db.SQLite, db.Postgres} {
		t.Run(string(system), func(t *testing.T) {
			c := config(t, server, system)
			fill(t, c)
			d, err := db.Open(t.Context(), c)
			must(t, err)
			defer d.Close(t.Context()) //nolint:errcheck // the test is over
			s, err := portable.Take(t.Context(), c)
			must(t, err)
			defer s.Close() //nolint:errcheck // read only
			must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO workspace (workspace_id, name, locale, created_at, updated_at) VALUES ('wsp_2', 'later', 'en', 1, 2)`)
				return err
			}))
			n := 0
			must(t, s.Rows(t.Context(), "workspace", func([]byte) error { n++; return nil }))
			if n != 1 {
				t.Errorf("%d workspaces, want the one that was there", n)
			}
		})
	}
}
