package db

import (
	"context"
	"database/sql"

	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// newGorm puts gorm over a pool that is open already. It serves what is not
// hot: rows that people edit now and then.
func newGorm(d Driver, pool *sql.DB) (*gorm.DB, error) {
	var dialect gorm.Dialector
	switch d {
	case Postgres:
		dialect = postgres.New(postgres.Config{Conn: pool})
	case SQLite:
		dialect = sqlite.New(sqlite.Config{DriverName: "sqlite", Conn: pool})
	}
	return gorm.Open(dialect, &gorm.Config{
		PrepareStmt: true, SkipDefaultTransaction: true, DisableAutomaticPing: true,
		AllowGlobalUpdate: false, Logger: logger.Discard,
	})
}

// Gorm reads the committed state. Pass its errors through Failed.
func (d *DB) Gorm(ctx context.Context) *gorm.DB { return d.gorm.WithContext(ctx) }

// Failed turns a driver's or gorm's error into one of ours.
// gorm.ErrRecordNotFound stays as it is.
func Failed(err error) error { return failed(err) }

// Gorm works inside the job.
func (t *Tx) Gorm(ctx context.Context) *gorm.DB {
	s := t.group.w.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	s.Statement.ConnPool = &jobPool{tx: t}
	return s
}

// jobPool is the job's connection as gorm wants it.
type jobPool struct{ tx *Tx }

// before checks what is to be bound, forgets what was read ahead, since it may be
// written to, and runs what is queued.
func (p *jobPool) before(ctx context.Context, args []any) error {
	if err := p.tx.ready(ctx, true, args); err != nil {
		return err
	}
	p.tx.outdate("")
	return p.tx.fail(p.tx.line.flush(ctx))
}

// PrepareContext implements gorm.ConnPool.
func (p *jobPool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := p.before(ctx, nil); err != nil {
		return nil, err
	}
	return p.tx.line.conn().PrepareContext(ctx, query)
}

// ExecContext implements gorm.ConnPool.
func (p *jobPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.before(ctx, args); err != nil {
		return nil, err
	}
	r, err := p.tx.line.conn().ExecContext(ctx, query, args...)
	return r, p.tx.fail(err)
}

// QueryContext implements gorm.ConnPool.
func (p *jobPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.before(ctx, args); err != nil {
		return nil, err
	}
	r, err := p.tx.line.conn().QueryContext(ctx, query, args...)
	return r, p.tx.fail(err)
}

// QueryRowContext implements gorm.ConnPool.
func (p *jobPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if p.before(ctx, args) != nil {
		done, cancel := context.WithCancel(ctx)
		cancel()
		return p.tx.line.conn().QueryRowContext(done, query, args...) // yields the context's error
	}
	return p.tx.line.conn().QueryRowContext(ctx, query, args...)
}
