package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-im/patchbay/core/errs"
)

// MigrationLock is the advisory lock that one node holds while it migrates.
// The number is arbitrary and must never change.
const MigrationLock = 0x7061746368 // "patch"

// pgReaders bounds the connections that read.
const pgReaders = 16

// openPostgres connects and brings the schema up to date.
func openPostgres(ctx context.Context, c Config, steps []migration) (*DB, error) {
	config, err := pgx.ParseConfig(c.Source)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "storage.source",
			"The connection string of PostgreSQL is not right. Example: postgres://user:password@host:5432/patchbay?sslmode=verify-full")
	}
	set := func(c *pgx.ConnConfig, name, value string) {
		if _, ok := c.RuntimeParams[name]; !ok {
			c.RuntimeParams[name] = value
		}
	}
	set(config, "application_name", "patchbay")
	if !c.Unsafe {
		config.RuntimeParams["synchronous_commit"] = "on"
	}
	writing := config.Copy()
	// A node that freezes must not keep its workspaces locked.
	set(writing, "idle_in_transaction_session_timeout", "30s")
	set(writing, "lock_timeout", "15s")
	d := &DB{driver: Postgres, read: stdlib.OpenDB(*config), write: stdlib.OpenDB(*writing)}
	d.read.SetMaxOpenConns(pgReaders)
	d.read.SetMaxIdleConns(pgReaders)
	d.write.SetMaxOpenConns(1)
	if err := preparePostgres(ctx, c, d.write, steps); err != nil {
		return nil, errors.Join(failed(err), d.read.Close(), d.write.Close())
	}
	return d, nil
}

// preparePostgres checks the durable settings and migrates.
func preparePostgres(ctx context.Context, c Config, pool *sql.DB, steps []migration) error {
	if err := checkPostgres(ctx, c, pool); err != nil {
		return err
	}
	l, err := newPgLine(ctx, pool)
	if err != nil {
		return err
	}
	defer l.drop() // gives up the lock too
	if _, err := l.conn().ExecContext(ctx, `SET lock_timeout = 0`); err != nil {
		return err
	}
	if _, err := l.conn().ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(MigrationLock)); err != nil {
		return err
	}
	m := migrator{steps: steps, line: l, micros: Micros(c.Now()), before: func(context.Context, int) error { return nil }}
	return m.run(ctx)
}

func checkPostgres(ctx context.Context, c Config, pool *sql.DB) error {
	const oldest = 150000
	settings := make(map[string]string)
	var version int
	if err := pool.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return err
	}
	if version < oldest {
		return errs.New(errs.Unavailable, "storage.version", "PostgreSQL 15 or newer is needed.")
	}
	for _, name := range []string{"synchronous_commit", "fsync", "full_page_writes", "server_encoding"} {
		var value string
		if err := pool.QueryRowContext(ctx, `SELECT current_setting($1)`, name).Scan(&value); err != nil {
			return err
		}
		settings[name] = value
	}
	if settings["server_encoding"] != "UTF8" {
		return errs.New(errs.Unavailable, "storage.encoding", "The PostgreSQL database must have the encoding UTF8. Create it with ENCODING 'UTF8' TEMPLATE template0.")
	}
	durable := settings["synchronous_commit"] == "on" || settings["synchronous_commit"] == "remote_apply"
	if !c.Unsafe && (!durable || settings["fsync"] != "on" || settings["full_page_writes"] != "on") {
		return errs.New(errs.Unavailable, "storage.not_durable", fmt.Sprintf(
			"PostgreSQL runs with synchronous_commit=%s, fsync=%s, full_page_writes=%s, so a power cut could lose accepted messages. "+
				"Set all three to on, or accept the loss with --unsafe.",
			settings["synchronous_commit"], settings["fsync"], settings["full_page_writes"]))
	}
	return nil
}
