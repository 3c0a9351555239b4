package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/patchbay-im/patchbay/core/errs"
)

// reach is how far a failure goes.
type reach uint8

const (
	ofJob   reach = iota // the statement's own fault: its job fails alone
	ofGroup              // the database's: nothing of the transaction can be saved
	ofRace               // two nodes met: run the group again
	ofHaste              // a job failed without a savepoint: run the group again, with them
)

// failure turns an error of a driver into one of ours and says how far it
// goes. sql.ErrNoRows and errors of ours pass through.
func failure(err error) (reach, error) {
	var known *errs.Error
	var lite *sqlite.Error
	var pg *pgconn.PgError
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows), errors.As(err, &known):
		return ofJob, err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ofGroup, errs.Wrap(err, errs.Unavailable, "storage.timeout", "The storage did not answer in time. Try again.")
	case errors.As(err, &lite):
		return liteFailure(err, lite.Code())
	case errors.As(err, &pg):
		return pgFailure(err, pg.Code)
	case lost(err):
		return ofGroup, unreachable(err)
	default:
		return ofJob, err
	}
}

func lost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) ||
		errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

func unreachable(err error) error {
	return errs.Wrap(err, errs.Unavailable, "storage.unreachable",
		"The database cannot be reached. Check that it runs and that its address is right.")
}

func conflict(err error) error {
	return errs.Wrap(err, errs.Conflict, "storage.conflict", "Something with the same key exists already.")
}

func absent(err error) error {
	e := errs.Absent()
	e.Cause = err
	return e
}

// liteFailure reads SQLite's result codes: https://sqlite.org/rescode.html.
func liteFailure(err error, code int) (reach, error) {
	unavailable := func(code, message string) (reach, error) {
		return ofGroup, errs.Wrap(err, errs.Unavailable, code, message)
	}
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return ofJob, conflict(err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return ofJob, absent(err)
	}
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return unavailable("storage.full", "The disk of the database is full. Free some space; the server recovers by itself.")
	case sqlite3.SQLITE_READONLY:
		return unavailable("storage.readonly", "The database file cannot be written. Check the permissions of the data folder and how its disk is mounted.")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return unavailable("storage.busy", "Another program has locked the database file. End it, then try again.")
	case sqlite3.SQLITE_CANTOPEN:
		return unavailable("storage.open", "The database file cannot be opened. Check that the data folder exists and can be written.")
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return unavailable("storage.corrupt", "The database file is damaged. Stop the server and restore a backup.")
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_ABORT:
		return unavailable("storage.io", "The disk of the database failed. Look into the system's log.")
	default:
		return ofJob, err
	}
}

// pgFailure reads SQLSTATE codes: https://www.postgresql.org/docs/15/errcodes-appendix.html.
func pgFailure(err error, code string) (reach, error) {
	unavailable := func(code, message string) (reach, error) {
		return ofGroup, errs.Wrap(err, errs.Unavailable, code, message)
	}
	switch code {
	case "23505":
		return ofJob, conflict(err)
	case "23503":
		return ofJob, absent(err)
	case "22021", "22P05":
		return ofJob, textError()
	case "40001", "40P01":
		return ofRace, errs.Wrap(err, errs.Unavailable, "storage.race", "Too many writers met at the same rows. Try again.")
	case "53100":
		return unavailable("storage.full", "The disk of the database is full. Free some space; the server recovers by itself.")
	case "25006":
		return unavailable("storage.readonly", "The database server takes no writes. Point the server at the primary.")
	case "55P03":
		return unavailable("storage.busy", "Another program has locked the database. End it, then try again.")
	}
	switch code[:min(2, len(code))] {
	case "08", "53", "57":
		return ofGroup, unreachable(err)
	case "58", "XX":
		return unavailable("storage.io", "The disk of the database failed. Look into the database server's log.")
	default:
		return ofJob, err
	}
}

// IsConflict reports whether err says that a key exists already.
func IsConflict(err error) bool {
	var e *errs.Error
	return errors.As(err, &e) && e.Code == "storage.conflict"
}
