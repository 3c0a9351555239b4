package db

import (
	"context"
	"database/sql"
	"errors"
)

// Tx is the database as one job sees it. It is valid while the job runs.
//
// After a failed statement the job has failed: every later call returns the
// same error, and so does the job, whatever it makes of it. (PostgreSQL would
// insist; the rule is the same on SQLite so that tests there tell the truth.)
type Tx struct {
	driver Driver
	line   line
	group  *group

	marked  bool // the savepoint stands
	wrote   bool
	err     error
	reach   reach
	deliver bool

	ahead     []ahead
	expecting bool // what is asked now goes to ahead
}

// fail keeps the first failure of the job.
func (t *Tx) fail(err error) error {
	if err == nil {
		return nil
	}
	if t.err == nil {
		t.reach, t.err = failure(err)
	}
	return t.err
}

// ready refuses what follows a failure and sets the savepoint, where the group
// uses them. SQLite needs none before the first write, since a failed query
// changes nothing there.
func (t *Tx) ready(ctx context.Context, writes bool, args []any) error {
	if t.err != nil {
		return t.err
	}
	if err := checkArgs(args); err != nil {
		return t.fail(err)
	}
	t.wrote = t.wrote || writes
	if !t.marked && t.group.savepoints && (writes || t.driver == Postgres) {
		t.marked = true
		if err := t.line.queue(ctx, `SAVEPOINT job`, nil, nil); err != nil {
			return t.fail(err)
		}
	}
	if t.expecting && writes {
		return t.fail(errExpecting)
	}
	return nil
}

// Exec runs a statement and returns how many rows it touched.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.ready(ctx, true, args); err != nil {
		return 0, err
	}
	t.outdate(query)
	n, err := t.line.exec(ctx, query, args)
	return n, t.fail(err)
}

// Queue runs a statement whose result does not matter. Its error may come
// later: from the next call, or as the job's.
func (t *Tx) Queue(ctx context.Context, query string, args ...any) error {
	if err := t.ready(ctx, true, args); err != nil {
		return err
	}
	t.outdate(query)
	return t.fail(t.line.queue(ctx, query, args, nil))
}

// Row implements Querier.
func (t *Tx) Row(ctx context.Context, query string, args []any, dest ...any) error {
	found := false
	err := t.Rows(ctx, query, args, func(s Scanner) error {
		if found {
			return nil
		}
		found = true
		return s.Scan(dest...)
	})
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// Exists reports whether the query finds a row. It selects one number.
func (t *Tx) Exists(ctx context.Context, query string, args ...any) (bool, error) {
	var n int
	err := t.Row(ctx, query, args, &n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Rows implements Querier.
func (t *Tx) Rows(ctx context.Context, query string, args []any, each func(Scanner) error) error {
	if t.expecting {
		t.expect(query, args)
		return nil
	}
	if err := t.ready(ctx, false, args); err != nil {
		return err
	}
	known, err := t.expected(ctx, query, args)
	if err != nil {
		return t.fail(err)
	}
	if known != nil {
		return t.fail(known.each(each))
	}
	return t.fail(t.line.query(ctx, query, args, each))
}

// Delivers marks that the job made a delivery due, for Config.OnCommit.
func (t *Tx) Delivers() { t.deliver = true }

// keep ends a job that succeeded. Under a savepoint what it queued is run now,
// so that an error is its own; otherwise it travels with the next job's.
func (t *Tx) keep(ctx context.Context) error {
	if !t.marked {
		return nil
	}
	if err := t.line.queue(ctx, `RELEASE SAVEPOINT job`, nil, nil); err != nil {
		return err
	}
	return t.line.flush(ctx)
}

// undo ends a job that failed: what it wrote is taken back. It returns false
// when that takes a new transaction, because there is no savepoint to go to.
func (t *Tx) undo(ctx context.Context) (bool, error) {
	if !t.marked {
		return !t.wrote && (t.err == nil || t.driver == SQLite), nil
	}
	_ = t.line.flush(ctx) // what is queued belongs to the failed job
	if _, err := t.line.exec(ctx, `ROLLBACK TO SAVEPOINT job`, nil); err != nil {
		return false, err
	}
	_, err := t.line.exec(ctx, `RELEASE SAVEPOINT job`, nil)
	return true, err
}
