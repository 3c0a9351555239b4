package db

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// RowsOnce is Rows for a query whose text is made for the question: its
// statement is not kept, and PostgreSQL plans it for the values bound.
func (d *DB) RowsOnce(ctx context.Context, query string, args []any, each func(Scanner) error) error {
	if err := ctx.Err(); err != nil {
		return failed(err)
	}
	if err := checkArgs(args); err != nil {
		return err
	}
	if d.driver == Postgres {
		args = append([]any{pgx.QueryExecModeCacheDescribe}, args...)
	}
	rows, err := d.read.QueryContext(ctx, d.bind(query), args...)
	if err != nil {
		return failed(err)
	}
	return failed(drain(rows, each))
}
