package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// line is the writer's own connection. It is used by one goroutine.
type line interface {
	// exec runs a statement and returns how many rows it touched.
	exec(ctx context.Context, query string, args []any) (int64, error)
	// queue runs a statement whose result nobody needs now: at once, or
	// together with the next exec, query or flush, which then returns its error.
	// Its rows are kept, unless k is nil.
	queue(ctx context.Context, query string, args []any, k *kept) error
	// query calls each for every row.
	query(ctx context.Context, query string, args []any, each func(Scanner) error) error
	// worked tells that so many jobs were committed.
	worked(jobs int)
	// flush runs what is queued.
	flush(ctx context.Context) error
	// conn is the connection as database/sql sees it, for gorm.
	conn() *sql.Conn
	// drop gives the connection up: it is broken.
	drop()
}

// liteLine is a connection to a SQLite file. Statements are prepared once.
type liteLine struct {
	c          *sql.Conn
	statements map[string]statement
}

// statement is a prepared one, kept as long as its connection.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	Close() error
}

func newLiteLine(ctx context.Context, pool *sql.DB) (line, error) {
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &liteLine{c: c, statements: make(map[string]statement)}, nil
}

func (l *liteLine) prepared(ctx context.Context, query string) (statement, error) {
	if s, ok := l.statements[query]; ok {
		return s, nil
	}
	s, err := l.c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	l.statements[query] = s
	return s, nil
}

func (l *liteLine) exec(ctx context.Context, query string, args []any) (int64, error) {
	s, err := l.prepared(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// queue keeps no rows: there are no round trips to save, and nobody reads ahead.
func (l *liteLine) queue(ctx context.Context, query string, args []any, _ *kept) error {
	s, err := l.prepared(ctx, query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, args...)
	return err
}

func (l *liteLine) query(ctx context.Context, query string, args []any, each func(Scanner) error) error {
	s, err := l.prepared(ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return drain(rows, each)
}

// worked has nothing to do: plans do not hang on how large tables are.
func (l *liteLine) worked(int) {}

func (l *liteLine) flush(context.Context) error { return nil }

func (l *liteLine) conn() *sql.Conn { return l.c }

func (l *liteLine) drop() {
	for _, s := range l.statements {
		_ = s.Close() // of a connection that goes away
	}
	discard(l.c)
}

// discard closes a connection for good instead of returning it to its pool.
func discard(c *sql.Conn) {
	_ = c.Raw(func(any) error { return driver.ErrBadConn }) // makes the pool forget it
	_ = c.Close()
}
