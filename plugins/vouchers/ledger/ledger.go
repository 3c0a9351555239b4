// Package ledger keeps the codes of a shop's vouchers and who was given which.
// A code is given once, whatever happens: the database decides, in one
// transaction, and a request that comes again gets the code it got before.
//
// Concurrency: a Ledger is safe for concurrent use, also by several processes
// on one database.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // "pgx"
	_ "modernc.org/sqlite"             // "sqlite"
)

// Drivers, as the host names them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Connections to one database at once: its role has ten, and during an upgrade
// two processes share them.
const connections = 4

// Ledger is a database of vouchers.
type Ledger struct {
	db       *sql.DB
	postgres bool
}

// Open opens a database, and makes its tables if they are not there.
func Open(ctx context.Context, driver, source string) (*Ledger, error) {
	l := &Ledger{postgres: driver == Postgres}
	var err error
	switch driver {
	case SQLite:
		l.db, err = sql.Open("sqlite", fileAddress(source))
	case Postgres:
		l.db, err = sql.Open("pgx", source)
	default:
		return nil, fmt.Errorf("there is no driver %q", driver)
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	l.db.SetMaxOpenConns(connections)
	l.db.SetConnMaxIdleTime(time.Minute)
	if err := l.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("make the tables: %w", err), l.db.Close())
	}
	return l, nil
}

// fileAddress is a file with what makes a commit last: it is on the disk when it
// returns, and who finds it locked waits.
func fileAddress(path string) string {
	q := url.Values{
		"_pragma": {"busy_timeout(8000)", "journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)"},
		"_txlock": {"immediate"},
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// Close closes the database.
func (l *Ledger) Close() error { return l.db.Close() }

// The row of book is what who gives locks: gifts of one database are made one
// after the other.
func tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS book (id INTEGER PRIMARY KEY, gifts BIGINT NOT NULL)`,
		`INSERT INTO book (id, gifts) VALUES (1, 0) ON CONFLICT (id) DO NOTHING`,
		`CREATE TABLE IF NOT EXISTS code (
			code TEXT PRIMARY KEY, campaign TEXT NOT NULL, place BIGINT NOT NULL, taken INTEGER NOT NULL, imported_at BIGINT NOT NULL, imported_by TEXT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS code_next ON code (campaign, taken, place)`,
		`CREATE TABLE IF NOT EXISTS gift (
			id TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE, campaign TEXT NOT NULL, value BIGINT NOT NULL, currency TEXT NOT NULL,
			contact TEXT NOT NULL, conversation TEXT NOT NULL, by_kind TEXT NOT NULL, by_id TEXT NOT NULL, by_name TEXT NOT NULL,
			note TEXT NOT NULL, at BIGINT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS gift_contact ON gift (contact, at)`,
		`CREATE INDEX IF NOT EXISTS gift_at ON gift (at, id)`,
		`CREATE TABLE IF NOT EXISTS merged (contact TEXT PRIMARY KEY, survivor TEXT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS merged_survivor ON merged (survivor)`,
	}
}

func (l *Ledger) prepare(ctx context.Context) error {
	return l.do(ctx, func(tx *tx) error {
		if l.postgres { // CREATE IF NOT EXISTS of two at once may fail there
			if _, err := tx.exec(ctx, `SELECT pg_advisory_xact_lock(7041776)`); err != nil {
				return err
			}
		}
		for _, statement := range tables() {
			if _, err := tx.exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// querier runs statements whose parameters are written "?".
type querier struct {
	postgres bool
	on       interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

type tx struct{ querier }

func (l *Ledger) read() querier { return querier{l.postgres, l.db} }

// do runs fn in a transaction.
func (l *Ledger) do(ctx context.Context, fn func(*tx) error) error {
	t, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(&tx{querier{l.postgres, t}}); err != nil {
		return errors.Join(err, ignoreDone(t.Rollback()))
	}
	return t.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// exec returns how many rows it touched.
func (q querier) exec(ctx context.Context, query string, args ...any) (int64, error) {
	done, err := q.on.ExecContext(ctx, q.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// rows calls fn for each row.
func (q querier) rows(ctx context.Context, query string, args []any, fn func(scan func(...any) error) error) error {
	found, err := q.on.QueryContext(ctx, q.bind(query), args...)
	if err != nil {
		return err
	}
	defer found.Close() //nolint:errcheck // what it could say, Err says
	for found.Next() {
		if err := fn(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}

// bind writes parameters as the database wants them.
func (q querier) bind(query string) string {
	if !q.postgres {
		return query
	}
	var out strings.Builder
	for n, part := range strings.Split(query, "?") {
		if n > 0 {
			out.WriteString("$" + strconv.Itoa(n))
		}
		out.WriteString(part)
	}
	return out.String()
}
