package db_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// withStep is the schema and one more step, the same for both dialects.
func withStep(t *testing.T, sql string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, dialect := range []db.Driver{db.SQLite, db.Postgres} {
		names, err := fs.Glob(db.Files(), fmt.Sprintf("migrations/%s/*.sql", dialect))
		must(t, err)
		for _, name := range names {
			text, err := fs.ReadFile(db.Files(), name)
			must(t, err)
			out[name] = &fstest.MapFile{Data: text}
		}
		out[fmt.Sprintf("migrations/%s/%04d_next.sql", dialect, len(names)+1)] = &fstest.MapFile{Data: []byte(sql)}
	}
	return out
}

// steps lists the schema's migrations.
func steps(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(db.Files(), "migrations/sqlite/*.sql")
	must(t, err)
	return names
}

// on runs a test with the configuration of an empty database of each system.
func on(t *testing.T, run func(t *testing.T, c db.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, config(t)) })
	t.Run("postgres", func(t *testing.T) {
		c := config(t)
		c.Driver, c.Source = db.Postgres, pgtest.Start(t).Schema(t)
		run(t, c)
	})
}

func TestMigrationOfAnExistingDatabase(t *testing.T) {
	on(t, func(t *testing.T, c db.Config) {
		d, err := db.Open(t.Context(), c)
		must(t, err)
		workspace(t, d)
		epoch, err := d.Epoch(t.Context())
		must(t, err)
		must(t, d.Close(t.Context()))

		next, err := db.OpenFiles(t.Context(), c, withStep(t, "-- more\nALTER TABLE workspace ADD COLUMN extra TEXT NOT NULL DEFAULT 'new';\nCREATE TABLE more (a TEXT);\n"))
		must(t, err)
		var extra string
		must(t, next.Row(t.Context(), `SELECT extra FROM workspace WHERE workspace_id = ?`, []any{"w"}, &extra))
		again, err := next.Epoch(t.Context())
		must(t, err)
		must(t, next.Close(t.Context()))
		if extra != "new" || again != epoch || len(epoch) != 32 {
			t.Fatalf("extra is %q, the epoch %q after %q", extra, again, epoch)
		}

		_, err = db.Open(t.Context(), c) // the older program
		fails(t, err, errs.Conflict, "storage.schema_newer")
		if m := errs.As(err).Message; !strings.Contains(m, fmt.Sprintf("schema %d", len(steps(t))+1)) || !strings.Contains(m, fmt.Sprintf("knows %d", len(steps(t)))) || !strings.Contains(m, "restore") {
			t.Fatalf("the message is %q", m)
		}
		if c.Driver == db.SQLite {
			checkSnapshot(t, c)
		}
	})
}

// checkSnapshot checks that the database was copied as it was before.
func checkSnapshot(t *testing.T, c db.Config) {
	t.Helper()
	copies, err := filepath.Glob(fmt.Sprintf("%s.schema-%04d.*.bak", c.Source, len(steps(t))))
	must(t, err)
	if len(copies) != 1 {
		t.Fatalf("the copies are %v", copies)
	}
	c.Source = copies[0]
	d := open(t, c)
	var n int
	must(t, d.Row(t.Context(), `SELECT COUNT(*) FROM workspace`, nil, &n))
	if n != 1 {
		t.Fatalf("the copy has %d workspaces", n)
	}
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	on(t, func(t *testing.T, c db.Config) {
		d, err := db.Open(t.Context(), c)
		must(t, err)
		workspace(t, d)
		must(t, d.Close(t.Context()))
		_, err = db.OpenFiles(t.Context(), c, withStep(t, "CREATE TABLE more (a TEXT);\nINSERT INTO nowhere VALUES (1);\n"))
		if err == nil || !strings.Contains(err.Error(), "_next:") {
			t.Fatalf("got %v, want the name of the migration", err)
		}
		d = open(t, c) // the older program still works
		if err := d.Row(t.Context(), `SELECT 1 FROM more`, nil, new(int)); err == nil || strings.Contains(err.Error(), "no rows") {
			t.Fatalf("half of the migration is there: %v", err)
		}
	})
}

func TestSnapshotIsRequired(t *testing.T) {
	c := config(t)
	d, err := db.Open(t.Context(), c)
	must(t, err)
	must(t, d.Close(t.Context()))
	must(t, os.WriteFile(fmt.Sprintf("%s.schema-%04d.20260301T120000.bak", c.Source, len(steps(t))), []byte("in the way"), 0o600))
	_, err = db.OpenFiles(t.Context(), c, withStep(t, "CREATE TABLE more (a TEXT);\n"))
	fails(t, err, errs.Unavailable, "storage.snapshot")
	open(t, c)
}

func TestMigrationsAreNumbered(t *testing.T) {
	files := withStep(t, "")
	after := len(steps(t)) + 2 // withStep has the next
	files[fmt.Sprintf("migrations/sqlite/%04d_gap.sql", after+1)] = &fstest.MapFile{}
	_, err := db.OpenFiles(t.Context(), config(t), files)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("want number %04d", after)) {
		t.Fatalf("got %v", err)
	}
}

// Several nodes that start at once migrate once.
func TestNodesStartAtOnce(t *testing.T) {
	c := config(t)
	c.Driver, c.Source = db.Postgres, pgtest.Start(t).Schema(t)
	const nodes = 4
	var wg sync.WaitGroup
	epochs := make([]string, nodes)
	for n := range nodes {
		wg.Go(func() {
			d, err := db.Open(t.Context(), c)
			if err != nil {
				t.Error(err)
				return
			}
			if epochs[n], err = d.Epoch(t.Context()); err != nil {
				t.Error(err)
			}
			if err := d.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(slices.Compact(epochs)) != 1 {
		t.Fatalf("the epochs are %v", epochs)
	}
}

// Both dialects must end in one logical schema: tables, columns and their
// types, keys, references and indexes.
func TestDialectsAgree(t *testing.T) {
	lite := open(t, config(t))
	c := config(t)
	c.Driver, c.Source = db.Postgres, pgtest.Start(t).Schema(t)
	pg := open(t, c)
	a, b := liteSchema(t, lite), pgSchema(t, pg)
	for _, fact := range slices.Sorted(maps.Keys(a)) {
		if !b[fact] {
			t.Errorf("only in SQLite: %s", fact)
		}
	}
	for _, fact := range slices.Sorted(maps.Keys(b)) {
		if !a[fact] {
			t.Errorf("only in PostgreSQL: %s", fact)
		}
	}
	if len(a) < 250 {
		t.Errorf("only %d facts: the comparison sees too little", len(a))
	}
}

// Everything but accounts and what belongs to them has the workspace first in
// every key and reference.
func TestWorkspaceComesFirst(t *testing.T) {
	global := []string{
		"meta", "account", "session", "sign_in_link", "setup_token", "workspace", "schema_migration",
		"second_factor", "recovery_code", "sign_in_challenge", "password_reset",
		"plugin_license", "plugin_trial", "plugin_license_clock",
		"plugin_life", "plugin_place", "plugin_step", // a plugin is the installation's
		"push_subscription",
		"dispatch_node", // as a server is
	}
	for fact := range liteSchema(t, open(t, config(t))) {
		kind, rest, _ := strings.Cut(fact, " ")
		table, rest, _ := strings.Cut(rest, " ")
		if slices.Contains(global, table) {
			continue
		}
		switch kind {
		case "primary", "references":
			whole := strings.HasPrefix(rest, "(account_id) account") || rest == "(sandbox_id) workspace" || rest == "(session_id) push_subscription" // a sandbox is a workspace itself, a session its account's
			if !strings.HasPrefix(rest, "(workspace_id") && !whole {
				t.Error(fact)
			}
		case "column", "index", "unique":
		default:
			t.Errorf("what is %q?", fact)
		}
	}
}

// facts collects rows of (kind, table, rest).
func facts(t *testing.T, d *db.DB, query string) map[string]bool {
	t.Helper()
	out := make(map[string]bool)
	must(t, d.Rows(t.Context(), query, nil, func(s db.Scanner) error {
		var kind, table, rest string
		err := s.Scan(&kind, &table, &rest)
		out[kind+" "+table+" "+rest] = true
		return err
	}))
	return out
}

func liteSchema(t *testing.T, d *db.DB) map[string]bool {
	t.Helper()
	out := facts(t, d, `SELECT 'column', m.name, c.name || ' ' ||
CASE WHEN c.type = 'INTEGER' AND c.name IN ('live', 'enabled', 'suspended', 'online', 'required', 'listed', 'second_factor', 'owned', 'told', 'last_recalled', 'is_group') THEN 'boolean' WHEN c.type = 'BIGINT' THEN 'integer' ELSE lower(c.type) END ||
CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' required' ELSE '' END
FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`)
	maps.Copy(out, facts(t, d, `SELECT 'primary', name, '(' || group_concat(col, ', ') || ')' FROM
(SELECT m.name, c.name AS col FROM sqlite_schema m, pragma_table_xinfo(m.name) c
 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.pk > 0 ORDER BY m.name, c.pk) GROUP BY name`))
	maps.Copy(out, facts(t, d, `SELECT CASE WHEN uniq THEN 'unique' ELSE 'index' END, name, '(' || group_concat(col, ', ') || ')' || CASE WHEN partial THEN ' where' ELSE '' END FROM
(SELECT m.name, i.name AS idx, i."unique" AS uniq, i.partial, c.name AS col FROM sqlite_schema m, pragma_index_list(m.name) i, pragma_index_xinfo(i.name) c
 WHERE m.type = 'table' AND i.origin <> 'pk' AND c.key = 1 ORDER BY m.name, i.name, c.seqno) GROUP BY name, idx`))
	maps.Copy(out, facts(t, d, `SELECT 'references', name, '(' || group_concat("from", ', ') || ') ' || "table" FROM
(SELECT m.name, f.id, f."from", f."table" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq)
GROUP BY name, id`))
	return out
}

func pgSchema(t *testing.T, d *db.DB) map[string]bool {
	t.Helper()
	out := facts(t, d, `SELECT 'column', table_name, column_name || ' ' ||
CASE data_type WHEN 'bigint' THEN 'integer' WHEN 'bytea' THEN 'blob' ELSE data_type END ||
CASE is_nullable WHEN 'NO' THEN ' required' ELSE '' END
FROM information_schema.columns WHERE table_schema = current_schema()`)
	maps.Copy(out, facts(t, d, `SELECT CASE WHEN i.indisprimary THEN 'primary' WHEN i.indisunique THEN 'unique' ELSE 'index' END, t.relname,
'(' || string_agg(a.attname, ', ' ORDER BY k.n) || ')' || CASE WHEN i.indpred IS NOT NULL THEN ' where' ELSE '' END
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(num, n)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.num
WHERE n.nspname = current_schema() GROUP BY i.indexrelid, i.indisprimary, i.indisunique, i.indpred, t.relname`))
	maps.Copy(out, facts(t, d, `SELECT 'references', t.relname, '(' || string_agg(a.attname, ', ' ORDER BY k.n) || ') ' || r.relname
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid JOIN pg_namespace n ON n.oid = t.relnamespace
CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(num, n)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.num
WHERE c.contype = 'f' AND n.nspname = current_schema() GROUP BY c.oid, t.relname, r.relname`))
	return out
}

// What a killed process leaves behind is whole.
func TestFilesOfAKilledProcess(t *testing.T) {
	c := config(t)
	d := open(t, c) // never closed before it is copied
	workspace(t, d)
	for i := range 20 {
		must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return tx.Append(ctx, happened(fmt.Sprint("e", i))) }))
	}
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(c.Source + suffix)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "patchbay.db"+suffix), b, 0o600))
	}
	c.Source = filepath.Join(dir, "patchbay.db")
	left := open(t, c)
	if got := feed(t, left); len(got) != 20 {
		t.Fatalf("%d of 20 events are left", len(got))
	}
	must(t, left.CheckIntegrity(t.Context()))
}
