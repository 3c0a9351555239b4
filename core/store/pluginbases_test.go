package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/idempotency/idempotencytest"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/pluginbases"
)

func TestPluginFiles(t *testing.T) {
	s := openSQLite(t)
	folder := t.TempDir()
	bases := s.PluginDatabases(pluginbases.Options{Folder: folder, Sealer: idempotencytest.Sealer{}, Now: time.Now})
	o := extension.Owner{Workspace: teamFixture(t, s).Workspace(t), Instance: "pin_1"}
	dir := filepath.Join(folder, "acme-erp")
	for range 2 {
		at, err := bases.Open(t.Context(), o, "acme/erp", dir)
		if err != nil || at.Driver != "sqlite" || at.Source != filepath.Join(dir, "databases", "pin_1.db") {
			t.Fatalf("open: %+v %v", at, err)
		}
		query(t, "sqlite", at.Source, `CREATE TABLE IF NOT EXISTS t (x TEXT)`, "")
	}
	if _, err := bases.Open(t.Context(), o, "acme/erp", filepath.Join(folder, "..", "elsewhere")); err == nil {
		t.Error("a file outside of the plugins' folder")
	}
	for range 2 {
		if err := bases.Drop(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "databases", "pin_1.db")); !os.IsNotExist(err) {
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestPluginSchemas(t *testing.T) {
	c := config()
	c.Driver, c.Source = store.Postgres, pgtest.Start(t).Database(t)
	s := open(t, c)
	bases := s.PluginDatabases(pluginbases.Options{Source: c.Source, Folder: t.TempDir(), Sealer: idempotencytest.Sealer{}, Now: time.Now})
	f := teamFixture(t, s)
	mine, other := extension.Owner{Workspace: f.Workspace(t), Instance: "pin_1"}, extension.Owner{Workspace: f.Workspace(t), Instance: "pin_2"}
	openBase := func(o extension.Owner) string {
		t.Helper()
		at, err := bases.Open(t.Context(), o, "acme/erp", "")
		if err != nil || at.Driver != "postgres" {
			t.Fatalf("open: %+v %v", at.Driver, err)
		}
		return at.Source
	}
	a, b := openBase(mine), openBase(other)
	if again := openBase(mine); again != a || a == b {
		t.Fatal("the sources are not their owners'")
	}
	query(t, "pgx", a, `CREATE TABLE secrets (x TEXT)`, "")
	query(t, "pgx", a, `INSERT INTO secrets VALUES ('mine')`, "")
	nameOf := func(source string) string { return between(source, "postgres://", ":") }
	for what, statement := range map[string]string{
		"the core's tables":     `SELECT * FROM public.account`,
		"a table of the core's": `CREATE TABLE public.mine (x TEXT)`,
		"another instance's":    `SELECT * FROM ` + nameOf(a) + `.secrets`,
		"another schema":        `CREATE SCHEMA more`,
		"another role":          `CREATE ROLE more`,
		"the sealed passwords":  `SELECT * FROM public.plugin_database`,
		"files of the server":   `SELECT pg_read_file('/etc/passwd')`,
		"programs":              `COPY secrets FROM PROGRAM 'id'`,
	} {
		t.Run(what, func(t *testing.T) { query(t, "pgx", b, statement, "42501") })
	}
	if err := bases.Drop(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	query(t, "pgx", a, `SELECT 1`, "does not exist")
	query(t, "pgx", b, `SELECT 1`, "")
	if fresh := openBase(mine); fresh == a {
		t.Error("a dropped database is back")
	}
	if err := bases.Drop(t.Context(), mine); err != nil {
		t.Error(err)
	}
	if err := bases.Drop(t.Context(), other); err != nil {
		t.Error(err)
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// query runs a statement, which must work, or fail with certain words.
func query(t *testing.T, driver, source, statement, fault string) {
	t.Helper()
	d, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = d.ExecContext(ctx, statement)
	if fault == "" && err != nil || fault != "" && (err == nil || !strings.Contains(err.Error(), fault)) {
		t.Errorf("%s: %v", statement, err)
	}
}
