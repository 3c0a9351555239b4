package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

// migration is one numbered step of the schema.
type migration struct {
	version int
	name    string
	sql     string
}

// readMigrations returns the steps of a folder in order. They are numbered
// 1, 2, 3, ... without a gap: 0001_first.sql.
func readMigrations(files fs.FS, folder string) ([]migration, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.sql"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	out := make([]migration, 0, len(names))
	for i, name := range names {
		number, title, ok := strings.Cut(strings.TrimSuffix(path.Base(name), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if !ok || err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		out = append(out, migration{version: version, name: title, sql: string(text)})
	}
	return out, nil
}

// migrator brings a schema up to date.
type migrator struct {
	steps []migration
	line  line
	// before is called once when an existing schema is about to change.
	before func(ctx context.Context, from int) error
	micros int64 // the time to record
}

const createLedger = `CREATE TABLE IF NOT EXISTS schema_migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`

// version returns the number of the schema; 0 when there is none.
func (m *migrator) version(ctx context.Context) (int, error) {
	if _, err := m.line.exec(ctx, createLedger, nil); err != nil {
		return 0, err
	}
	version := 0
	err := m.line.query(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_migration`, nil, func(s Scanner) error {
		return s.Scan(&version)
	})
	return version, err
}

// run applies what is missing, each step in a transaction with its entry.
func (m *migrator) run(ctx context.Context) error {
	from, err := m.version(ctx)
	if err != nil {
		return err
	}
	if from > len(m.steps) {
		return errs.New(errs.Conflict, "storage.schema_newer", fmt.Sprintf(
			"The database has schema %d, and this program knows %d: a newer version has used it. "+
				"Start that version, or restore the backup made before the upgrade.", from, len(m.steps)))
	}
	if from == len(m.steps) {
		return nil
	}
	if from > 0 {
		if err := m.before(ctx, from); err != nil {
			return err
		}
	}
	for _, step := range m.steps[from:] {
		if err := m.apply(ctx, step); err != nil {
			return fmt.Errorf("migration %04d_%s: %w", step.version, step.name, err)
		}
	}
	return nil
}

func (m *migrator) apply(ctx context.Context, step migration) error {
	if _, err := m.line.exec(ctx, `BEGIN`, nil); err != nil {
		return err
	}
	err := m.script(ctx, step.sql)
	if err == nil {
		_, err = m.line.exec(ctx, `INSERT INTO schema_migration (version, name, applied_at) VALUES (?, ?, ?)`,
			[]any{step.version, step.name, m.micros})
	}
	if err == nil {
		_, err = m.line.exec(ctx, `COMMIT`, nil)
	}
	if err != nil {
		_, _ = m.line.exec(ctx, `ROLLBACK`, nil) // err says more
	}
	return err
}

// script runs statements one by one. They end with a semicolon at the end of a
// line; none of ours has one inside.
func (m *migrator) script(ctx context.Context, text string) error {
	for statement := range strings.SplitSeq(stripComments(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := m.line.conn().ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func stripComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			b.WriteString(line)
		}
	}
	return b.String()
}
