package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-im/patchbay/core/errs"
)

// OpenReader opens a database to look into it, beside a server that may use
// it: nothing is migrated, locked or written. Of the DB that it returns Row,
// Rows, RowsOnce, Ping, Epoch and Close may be used.
func OpenReader(ctx context.Context, c Config) (*DB, error) {
	d, err := lookInto(c)
	if err != nil {
		return nil, err
	}
	if err := d.known(ctx); err != nil {
		return nil, errors.Join(err, d.read.Close())
	}
	return d, nil
}

// lookInto is OpenReader of a database whatever its schema. Nothing was asked yet.
func lookInto(c Config) (*DB, error) {
	d := &DB{driver: c.Driver}
	switch c.Driver {
	case SQLite:
		file, err := filepath.Abs(c.Source)
		if err != nil {
			return nil, err
		}
		if err := reachable(file); err != nil {
			return nil, err
		}
		u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{
			"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}, "_dqs": {"0"},
		}.Encode()}
		if d.read, err = sql.Open("sqlite", u.String()); err != nil {
			return nil, failed(err)
		}
	case Postgres:
		config, err := pgx.ParseConfig(c.Source)
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "storage.source", "The connection string of PostgreSQL is not right.")
		}
		config.RuntimeParams["application_name"] = "patchbay reader"
		config.RuntimeParams["default_transaction_read_only"] = "on"
		d.read = stdlib.OpenDB(*config)
	default:
		return nil, errs.New(errs.Invalid, "storage.driver", fmt.Sprintf("There is no storage driver %q: use sqlite or postgres.", c.Driver))
	}
	d.read.SetMaxOpenConns(2)
	return d, nil
}

// known refuses a database whose schema this program does not know.
func (d *DB) known(ctx context.Context) error {
	steps, err := readMigrations(migrations, "migrations/"+string(d.driver))
	if err != nil {
		return err
	}
	version := 0
	if err := d.Row(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_migration`, nil, &version); err != nil {
		return errs.Wrap(err, errs.Unavailable, "storage.not_ours", "This is no database of Patchbay, or it cannot be read. Name the data folder or the connection of the server.")
	}
	if version != len(steps) {
		return errs.New(errs.Conflict, "storage.schema_other", fmt.Sprintf(
			"The database has schema %d, and this program knows %d. Use the program of the version that runs.", version, len(steps)))
	}
	return nil
}
