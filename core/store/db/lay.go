package db

import (
	"context"
	"fmt"
	"strings"
)

// Steps names the steps of the schema that this program knows, in order:
// "0001_first", ...
func Steps(d Driver) ([]string, error) {
	steps, err := readMigrations(migrations, "migrations/"+string(d))
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(steps))
	for _, s := range steps {
		out = append(out, s.title())
	}
	return out, nil
}

func (m migration) title() string { return fmt.Sprintf("%04d_%s", m.version, m.name) }

// Lay makes the schema as it was after its first n steps, and records them, in
// a database without tables. It opens no transaction: exec runs in the caller's.
func Lay(ctx context.Context, d Driver, n int, micros int64, exec func(ctx context.Context, query string) error) error {
	steps, err := readMigrations(migrations, "migrations/"+string(d))
	if err != nil {
		return err
	}
	if n < 1 || n > len(steps) {
		return fmt.Errorf("there is no schema %d: this program knows 1 to %d", n, len(steps))
	}
	if err := exec(ctx, createLedger); err != nil {
		return err
	}
	for _, step := range steps[:n] {
		for statement := range strings.SplitSeq(stripComments(step.sql), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if err := exec(ctx, statement); err != nil {
				return fmt.Errorf("migration %s: %w", step.title(), err)
			}
		}
		// The names are those of our own files.
		if err := exec(ctx, fmt.Sprintf(`INSERT INTO schema_migration (version, name, applied_at) VALUES (%d, '%s', %d)`, step.version, step.name, micros)); err != nil {
			return err
		}
	}
	return nil
}
