package db

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// pgPatience bounds one exchange with the server: a network that swallows
// packets must not hold the writer for ever.
const pgPatience = 20 * time.Second

// pgLine is a connection to PostgreSQL. Queued statements travel with the next
// statement in one round trip.
type pgLine struct {
	c      *sql.Conn
	queued pgx.Batch
	kept   []*kept           // of the queued statements; nil for those whose rows nobody wants
	texts  map[string]string // queries with numbered parameters
	jobs   int               // that were committed
	plans  int               // jobs after which plans are made anew
}

// firstPlans is after how many jobs plans are made anew for the first time.
const firstPlans = 64

// kept are the rows of a query, from when it has run.
type kept struct {
	come   bool
	fields []pgconn.FieldDescription
	rows   [][][]byte
	types  *pgtype.Map
}

// take keeps all rows.
func (k *kept) take(rows pgx.Rows) error {
	k.come, k.fields, k.types = true, slices.Clone(rows.FieldDescriptions()), rows.Conn().TypeMap()
	for rows.Next() {
		values := rows.RawValues()
		row := make([][]byte, len(values))
		for i, v := range values {
			row[i] = bytes.Clone(v)
		}
		k.rows = append(k.rows, row)
	}
	return rows.Err()
}

// each calls fn for every row.
func (k *kept) each(fn func(Scanner) error) error {
	for _, row := range k.rows {
		if err := fn(keptRow{k, row}); err != nil {
			return err
		}
	}
	return nil
}

// keptRow implements Scanner.
type keptRow struct {
	of     *kept
	values [][]byte
}

func (r keptRow) Scan(dest ...any) error {
	return pgx.ScanRow(r.of.types, r.of.fields, r.values, dest...)
}

func newPgLine(ctx context.Context, pool *sql.DB) (line, error) {
	ctx, cancel := context.WithTimeout(ctx, pgPatience)
	defer cancel()
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &pgLine{c: c, texts: make(map[string]string), plans: firstPlans}, nil
}

// worked has plans made anew whenever twice as many jobs are done. A plan that was
// made while tables were empty, when any index seemed as good as any other, reads
// whole workspaces later, and PostgreSQL keeps it until its autovacuum comes by.
func (l *pgLine) worked(jobs int) {
	if l.jobs += jobs; l.jobs >= l.plans {
		l.plans = 2 * l.jobs
		l.put(`DISCARD PLANS`, nil, nil)
	}
}

func (l *pgLine) text(query string) string {
	t, ok := l.texts[query]
	if !ok {
		t = numbered(query)
		l.texts[query] = t
	}
	return t
}

func (l *pgLine) queue(_ context.Context, query string, args []any, k *kept) error {
	l.put(query, args, k)
	return nil
}

func (l *pgLine) put(query string, args []any, k *kept) {
	l.queued.Queue(l.text(query), args...)
	l.kept = append(l.kept, k)
}

func (l *pgLine) flush(ctx context.Context) error {
	if len(l.kept) == 0 {
		return nil
	}
	return l.send(ctx, func(pgx.BatchResults) error { return nil })
}

func (l *pgLine) exec(ctx context.Context, query string, args []any) (int64, error) {
	l.queued.Queue(l.text(query), args...)
	var touched int64
	err := l.send(ctx, func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		touched = tag.RowsAffected()
		return err
	})
	return touched, err
}

func (l *pgLine) query(ctx context.Context, query string, args []any, each func(Scanner) error) error {
	l.queued.Queue(l.text(query), args...)
	return l.send(ctx, func(r pgx.BatchResults) error {
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

// earlier reads the results of what was queued before the last statement.
func earlier(r pgx.BatchResults, of []*kept) error {
	for _, k := range of {
		if k == nil {
			if _, err := r.Exec(); err != nil {
				return err
			}
			continue
		}
		rows, err := r.Query()
		if err != nil {
			return err
		}
		err = k.take(rows)
		rows.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// send exchanges all that is queued in one round trip. last reads the result of
// what was put beside the queue, if anything was.
func (l *pgLine) send(ctx context.Context, last func(r pgx.BatchResults) error) error {
	ctx, cancel := context.WithTimeout(ctx, pgPatience)
	defer cancel()
	batch, of := l.queued, l.kept
	l.queued, l.kept = pgx.Batch{}, nil
	return l.c.Raw(func(dc any) error {
		std, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a connection of %T instead of pgx", dc)
		}
		results := std.Conn().SendBatch(ctx, &batch)
		err := earlier(results, of)
		if err == nil {
			err = last(results)
		}
		return errors.Join(err, results.Close())
	})
}

func (l *pgLine) conn() *sql.Conn { return l.c }

func (l *pgLine) drop() { discard(l.c) }
