package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// pgPatience bounds one exchange with the server: a network that swallows
// packets must not hold the writer for ever.
const pgPatience = 20 * time.Second

// pgLine is a connection to PostgreSQL. Queued statements travel with the next
// statement in one round trip.
type pgLine struct {
	c       *sql.Conn
	queued  pgx.Batch
	pending bool
	texts   map[string]string // queries with numbered parameters
}

func newPgLine(ctx context.Context, pool *sql.DB) (line, error) {
	ctx, cancel := context.WithTimeout(ctx, pgPatience)
	defer cancel()
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &pgLine{c: c, texts: make(map[string]string)}, nil
}

func (l *pgLine) text(query string) string {
	t, ok := l.texts[query]
	if !ok {
		t = numbered(query)
		l.texts[query] = t
	}
	return t
}

func (l *pgLine) queue(_ context.Context, query string, args []any) error {
	l.queued.Queue(l.text(query), args...)
	l.pending = true
	return nil
}

func (l *pgLine) flush(ctx context.Context) error {
	if !l.pending {
		return nil
	}
	return l.send(ctx, func(r pgx.BatchResults, n int) error {
		for range n {
			if _, err := r.Exec(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *pgLine) exec(ctx context.Context, query string, args []any) (int64, error) {
	l.queued.Queue(l.text(query), args...)
	var touched int64
	err := l.send(ctx, func(r pgx.BatchResults, n int) error {
		for range n {
			tag, err := r.Exec()
			if err != nil {
				return err
			}
			touched = tag.RowsAffected()
		}
		return nil
	})
	return touched, err
}

func (l *pgLine) query(ctx context.Context, query string, args []any, each func(Scanner) error) error {
	l.queued.Queue(l.text(query), args...)
	return l.send(ctx, func(r pgx.BatchResults, n int) error {
		for range n - 1 {
			if _, err := r.Exec(); err != nil {
				return err
			}
		}
		rows, err := r.Query()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// send exchanges all that is queued in one round trip.
func (l *pgLine) send(ctx context.Context, read func(r pgx.BatchResults, n int) error) error {
	ctx, cancel := context.WithTimeout(ctx, pgPatience)
	defer cancel()
	batch := l.queued
	l.queued, l.pending = pgx.Batch{}, false
	return l.c.Raw(func(dc any) error {
		std, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a connection of %T instead of pgx", dc)
		}
		results := std.Conn().SendBatch(ctx, &batch)
		return errors.Join(read(results, batch.Len()), results.Close())
	})
}

func (l *pgLine) conn() *sql.Conn { return l.c }

func (l *pgLine) drop() { discard(l.c) }
