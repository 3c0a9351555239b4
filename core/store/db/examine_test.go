package db_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store/db"
)

func TestExamine(t *testing.T) {
	for name, c := range map[string]db.Config{
		"sqlite":   {Driver: db.SQLite, Source: filepath.Join(t.TempDir(), "patchbay.db")},
		"postgres": {Driver: db.Postgres, Source: pgtest.Start(t).Schema(t)},
	} {
		t.Run(name, func(t *testing.T) {
			c.Now, c.Log = time.Now, slog.New(slog.DiscardHandler)
			d, err := db.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close(t.Context())        //nolint:errcheck // of a test
			got := db.Examine(t.Context(), c) // beside the one that writes
			if got.Fault != "" || got.Damage != "" || !got.Checked || got.Schema != got.Known || got.Known == 0 || got.Size == 0 || got.Version == "" {
				t.Errorf("%+v", got)
			}
			if name == "postgres" && (got.Most == 0 || got.Connections == 0 || got.Clock.Abs() > time.Minute) {
				t.Errorf("%+v", got)
			}
			if err := d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO schema_migration (version, name, applied_at) VALUES (999, 'future', 1)`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if got := db.Examine(t.Context(), c); got.Fault != "" || got.Schema != 999 {
				t.Errorf("a newer schema: %+v", got)
			}
			counts, err := db.Counts(t.Context(), c)
			if err != nil || counts["schema_migration"] != int64(got.Known)+1 || len(counts) < 20 {
				t.Errorf("%v, %v", counts, err)
			}
			lines, err := db.Migrations(t.Context(), c)
			if err != nil || len(lines) != got.Known+1 || !strings.HasPrefix(lines[0], "0001_first 20") {
				t.Errorf("%v, %v", lines, err)
			}
		})
	}
}

// A damaged page, a file that is no database, and none at all.
func TestExamineOfWhatIsBroken(t *testing.T) {
	dir := t.TempDir()
	c := db.Config{Driver: db.SQLite, Source: filepath.Join(dir, "patchbay.db"), Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if got := db.Examine(t.Context(), c); got.Absent != c.Source {
		t.Errorf("none: %+v", got)
	}
	d, err := db.Open(t.Context(), c)
	if err == nil {
		err = d.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(c.Source, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	noise := []byte(strings.Repeat("\xde\xad\xbe\xef", 1024))
	for page := int64(3); page < 40; page++ {
		if _, err := f.WriteAt(noise, page*4096); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := db.Examine(t.Context(), c); got.Damage == "" {
		t.Errorf("damaged: %+v", got)
	}
	if err := os.WriteFile(c.Source, noise, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := db.Examine(t.Context(), c); got.Damage == "" {
		t.Errorf("no database: %+v", got)
	}
	pg := db.Config{Driver: db.Postgres, Source: "postgres://nobody@127.0.0.1:1/none", Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if got := db.Examine(t.Context(), pg); got.Fault == "" || strings.Contains(got.Fault, "postgres://") {
		t.Errorf("nobody there: %+v", got)
	}
}
