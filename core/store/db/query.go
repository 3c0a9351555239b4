package db

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
)

// Scanner is one row of a result.
type Scanner interface {
	Scan(dest ...any) error
}

// Querier reads: from the committed state (DB), or inside a job (Tx). Queries
// are the same text for both dialects, with ? for parameters.
type Querier interface {
	// Row scans the first row into dest; sql.ErrNoRows when there is none.
	Row(ctx context.Context, query string, args []any, dest ...any) error
	// Rows calls each for every row.
	Rows(ctx context.Context, query string, args []any, each func(Scanner) error) error
	// Signer gives the attachments that are read their tickets.
	Signer() media.Signer
}

// One returns what a search by key found: errs.Absent() when that is nothing.
func One[T any](found []T, err error) (T, error) {
	if err == nil && len(found) == 0 {
		err = errs.Absent()
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// Row reads one row of the committed state.
func (d *DB) Row(ctx context.Context, query string, args []any, dest ...any) error {
	if err := ctx.Err(); err != nil {
		return failed(err)
	}
	ctx = d.readContext(ctx)
	stmt, err := d.prepared(ctx, query)
	if err != nil {
		return failed(err)
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return failed(err)
	}
	return failed(first(rows, dest))
}

// Rows reads rows of the committed state.
func (d *DB) Rows(ctx context.Context, query string, args []any, each func(Scanner) error) error {
	if err := ctx.Err(); err != nil {
		return failed(err)
	}
	ctx = d.readContext(ctx)
	stmt, err := d.prepared(ctx, query)
	if err != nil {
		return failed(err)
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return failed(err)
	}
	return failed(drain(rows, each))
}

// first scans the first row; sql.ErrNoRows when there is none.
func first(rows *sql.Rows, dest []any) error {
	defer func() { _ = rows.Close() }() // what matters is in the row
	if rows.Next() {
		return rows.Scan(dest...)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return sql.ErrNoRows
}

func drain(rows *sql.Rows, each func(Scanner) error) error {
	for rows.Next() {
		if err := each(rows); err != nil {
			_ = rows.Close() // err says more
			return err
		}
	}
	if err := rows.Err(); err != nil {
		_ = rows.Close()
		return err
	}
	return rows.Close()
}

// failed is failure without the reach, for readers.
func failed(err error) error {
	_, err = failure(err)
	return err
}

// readContext takes the cancellation off queries of a SQLite file: they take
// microseconds, and the driver starts a goroutine for each one that can be cancelled.
func (d *DB) readContext(ctx context.Context) context.Context {
	if d.driver == SQLite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// prepared returns the statement of a query on the read pool. Queries are a
// fixed set of texts, so the cache is bounded.
func (d *DB) prepared(ctx context.Context, query string) (statement, error) {
	if s, ok := d.statements.get(query); ok {
		return s, nil
	}
	s, err := d.read.PrepareContext(ctx, d.bind(query))
	if err != nil {
		return nil, err
	}
	return d.statements.put(query, s), nil
}

// statements are the prepared ones of the read pool, by their text.
type statements struct {
	mu sync.RWMutex
	of map[string]statement
}

func (s *statements) get(query string) (statement, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	stmt, ok := s.of[query]
	return stmt, ok
}

// put keeps a statement, or the one of whoever was faster.
func (s *statements) put(query string, stmt statement) statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	if had, ok := s.of[query]; ok {
		_ = stmt.Close() // not needed
		return had
	}
	if s.of == nil {
		s.of = make(map[string]statement)
	}
	s.of[query] = stmt
	return stmt
}

// close gives all statements up; their pool closes next.
func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.of {
		_ = stmt.Close()
	}
	s.of = nil
}

// bind writes the parameters of a query as the dialect wants them.
func (d *DB) bind(query string) string {
	if d.driver != Postgres {
		return query
	}
	return numbered(query)
}

// Numbered writes the parameters of a query as PostgreSQL wants them.
func Numbered(query string) string { return numbered(query) }

// numbered turns each ? into $1, $2, ... Our queries hold no ? in literals.
func numbered(query string) string {
	var b strings.Builder
	b.Grow(len(query) + 16)
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Padded repeats the last of n values at the end of args until their number is
// a power of two: lists in queries then have few lengths, and few statements
// are prepared.
func Padded(args []any, n int) []any {
	size := 1
	for size < n {
		size *= 2
	}
	for ; n > 0 && n < size; n++ {
		args = append(args, args[len(args)-1])
	}
	return args
}
