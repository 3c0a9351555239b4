package db

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
)

// errand is what the writer does between two transactions.
type errand struct {
	do     func(ctx context.Context, l line) error
	answer chan error
}

// Scrub takes away what deleted rows leave behind. SQLite: the file is written
// anew, its write-ahead log cut to nothing, and the copies that upgrades made
// are removed; nobody writes meanwhile, some seconds for each gigabyte. On
// PostgreSQL tables are vacuumed; what its own logs and backups keep is beyond us.
func (d *DB) Scrub(ctx context.Context) error {
	if d.driver == Postgres {
		_, err := d.read.ExecContext(ctx, `VACUUM`)
		return failed(err)
	}
	e := errand{answer: make(chan error, 1), do: func(ctx context.Context, l line) error {
		if _, err := l.conn().ExecContext(ctx, `VACUUM`); err != nil {
			return err
		}
		return truncate(ctx, l.conn())
	}}
	select {
	case d.writer.errands <- e:
	case <-d.writer.done:
		return errors.New("the database is closed")
	case <-ctx.Done():
		return failed(ctx.Err())
	}
	if err := failed(<-e.answer); err != nil {
		return err
	}
	copies, err := filepath.Glob(d.file + ".schema-*.bak")
	for _, name := range copies {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// truncate folds the write-ahead log into the file and empties it. A reader who
// is at it makes it wait for the next time.
func truncate(ctx context.Context, c *sql.Conn) error {
	var busy, log, done int
	if err := c.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &done); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("a reader holds the write-ahead log; it is emptied the next time")
	}
	return nil
}

// errand runs one on the writer's connection.
func (w *writer) errand(ctx context.Context, e errand) {
	if w.line == nil {
		l, err := w.connect(ctx)
		if err != nil {
			e.answer <- err
			return
		}
		w.line = l
	}
	e.answer <- e.do(ctx, w.line)
}

// Driver tells which dialect the job speaks.
func (t *Tx) Driver() Driver { return t.driver }
