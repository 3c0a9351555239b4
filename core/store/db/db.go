package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
	"github.com/patchbay-im/patchbay/core/media"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	driver     Driver
	read       *sql.DB
	write      *sql.DB
	gorm       *gorm.DB
	writer     *writer
	signer     media.Signer
	file       string // of SQLite
	statements statements

	closing sync.Once
	closed  error
}

// Open opens the database, checks that its commits are durable, migrates it
// and starts the writer. Its errors name the cure.
func Open(ctx context.Context, c Config) (*DB, error) {
	return open(ctx, c, migrations)
}

// open is Open with the files of the schema.
func open(ctx context.Context, c Config, files fs.FS) (*DB, error) {
	steps, err := readMigrations(files, "migrations/"+string(c.Driver))
	if err != nil {
		return nil, err
	}
	var d *DB
	switch c.Driver {
	case SQLite:
		d, err = openSQLite(ctx, c, steps)
	case Postgres:
		d, err = openPostgres(ctx, c, steps)
	default:
		err = errs.New(errs.Invalid, "storage.driver", fmt.Sprintf("There is no storage driver %q: use sqlite or postgres.", c.Driver))
	}
	if err != nil {
		return nil, err
	}
	if d.gorm, err = newGorm(c.Driver, d.read); err != nil {
		return nil, errors.Join(failed(err), d.read.Close(), d.write.Close())
	}
	d.writer = newWriter(c, func(ctx context.Context) (line, error) {
		if c.Driver == Postgres {
			return newPgLine(ctx, d.write)
		}
		return newLiteLine(ctx, d.write)
	})
	d.writer.gorm = d.gorm
	d.writer.start(ctx)
	if err := errors.Join(d.first(ctx), d.signing(ctx, c)); err != nil {
		return nil, errors.Join(err, d.Close(ctx))
	}
	return d, nil
}

// first gives a new database its epoch.
func (d *DB) first(ctx context.Context) error {
	epoch := make([]byte, 16)
	_, _ = rand.Read(epoch) // never fails: see crypto/rand
	return d.Do(ctx, "", func(ctx context.Context, tx *Tx) error {
		if mutant.On(mutant.NoDedup) {
			if _, err := tx.Exec(ctx, `DROP INDEX IF EXISTS message_client`); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO meta (name, value) VALUES ('epoch', ?) ON CONFLICT (name) DO NOTHING`, hex.EncodeToString(epoch))
		return err
	})
}

// Do runs a job in the writer and returns when it is committed, with fsync,
// or has failed. Unless workspace is "", the job starts by locking it;
// errs.Absent when there is none. Cancelling ctx gives up a job that the
// writer has not begun.
func (d *DB) Do(ctx context.Context, workspace string, work Work) error {
	return d.writer.do(ctx, workspace, work)
}

// Write is Do for work that these events tell of: they are appended when it is
// done.
func (d *DB) Write(ctx context.Context, workspace string, events []event.Event, work Work) error {
	return d.Do(ctx, workspace, func(ctx context.Context, tx *Tx) error {
		if err := work(ctx, tx); err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
}

// Driver tells which dialect the database speaks.
func (d *DB) Driver() Driver { return d.driver }

// Epoch identifies this history of the database: it is made once, and changes
// when a backup is restored, so that clients who saw later events start anew.
func (d *DB) Epoch(ctx context.Context) (string, error) {
	var epoch string
	err := d.Row(ctx, `SELECT value FROM meta WHERE name = 'epoch'`, nil, &epoch)
	return epoch, err
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	return d.Row(ctx, `SELECT 1`, nil, &one)
}

// CheckIntegrity lets SQLite verify its file, foreign keys included.
// PostgreSQL has checks of its own for administrators (pg_amcheck); there it
// only asks whether the server answers.
func (d *DB) CheckIntegrity(ctx context.Context) error {
	if d.driver != SQLite {
		return d.Ping(ctx)
	}
	var faults []error
	err := d.Rows(ctx, `PRAGMA integrity_check`, nil, func(s Scanner) error {
		var line string
		if err := s.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			faults = append(faults, errors.New(line))
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = d.Rows(ctx, `SELECT "table", parent FROM pragma_foreign_key_check`, nil, func(s Scanner) error {
		var table, parent string
		if err := s.Scan(&table, &parent); err != nil {
			return err
		}
		faults = append(faults, fmt.Errorf("a row of %s refers to a missing one of %s", table, parent))
		return nil
	})
	if err == nil && len(faults) > 0 {
		err = errs.Wrap(errors.Join(faults...), errs.Internal, "storage.corrupt",
			"The database file is damaged. Stop the server and restore a backup.")
	}
	return err
}

// Close finishes the jobs taken in and closes the database. It may be called
// more than once.
func (d *DB) Close(ctx context.Context) error {
	d.closing.Do(func() { d.closed = d.close(context.WithoutCancel(ctx)) })
	return d.closed
}

func (d *DB) close(ctx context.Context) error {
	if d.writer == nil { // of OpenReader
		d.statements.close()
		return d.read.Close()
	}
	d.writer.close()
	d.statements.close()
	err := d.read.Close()
	if d.driver == SQLite {
		_, checkpoint := d.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
		err = errors.Join(err, checkpoint)
	}
	return errors.Join(err, d.write.Close())
}
