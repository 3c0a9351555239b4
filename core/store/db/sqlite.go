package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/patchbay-im/patchbay/core/errs"
)

// liteSource is how a connection to the file is opened.
//
//   - synchronous=FULL makes each commit reach the disk.
//   - foreign_keys is off by default in SQLite.
//   - busy_timeout covers another program that holds the lock for a moment.
//   - temp_store keeps the journal of savepoints in memory: they last for one job.
//   - cache_size is negative KiB. The writer's holds the inner pages of busy indexes.
//
// The file must not be given statistics (ANALYZE, PRAGMA optimize): with them
// SQLite prepares a statement anew for each value bound to it.
func liteSource(file string, c Config, write bool) string {
	level := "FULL"
	if c.Unsafe {
		level = "NORMAL"
	}
	pragmas := []string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(" + level + ")", "foreign_keys(1)", "temp_store(MEMORY)",
	}
	if write {
		pragmas = append(pragmas, "cache_size(-32768)", "wal_autocheckpoint(8000)")
	} else {
		pragmas = append(pragmas, "cache_size(-4096)", "query_only(1)")
	}
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{"_pragma": pragmas, "_dqs": {"0"}}.Encode()}
	return u.String()
}

// openSQLite opens the file and brings its schema up to date.
func openSQLite(ctx context.Context, c Config, steps []migration) (*DB, error) {
	file, err := filepath.Abs(c.Source)
	if err != nil {
		return nil, err
	}
	if err := reachable(file); err != nil {
		return nil, err
	}
	d := &DB{driver: SQLite, file: file}
	if d.write, err = sql.Open("sqlite", liteSource(file, c, true)); err != nil {
		return nil, failed(err)
	}
	d.write.SetMaxOpenConns(1)
	if err := prepareSQLite(ctx, c, d.write, steps); err != nil {
		return nil, errors.Join(failed(err), d.write.Close())
	}
	if d.read, err = sql.Open("sqlite", liteSource(file, c, false)); err != nil {
		return nil, errors.Join(failed(err), d.write.Close())
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	d.read.SetMaxOpenConns(readers)
	d.read.SetMaxIdleConns(readers)
	return d, nil
}

// reachable explains what SQLite would call "unable to open database file".
func reachable(file string) error {
	dir, err := os.Stat(filepath.Dir(file))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !dir.IsDir():
		return errs.Wrap(err, errs.Unavailable, "storage.open",
			fmt.Sprintf("The folder %s of the database does not exist. Create it, or set another data folder.", filepath.Dir(file)))
	case err != nil:
		return errs.Wrap(err, errs.Unavailable, "storage.open",
			fmt.Sprintf("The folder %s of the database cannot be read. Check its permissions.", filepath.Dir(file)))
	}
	if f, err := os.Stat(file); err == nil && f.IsDir() {
		return errs.New(errs.Unavailable, "storage.open", file+" is a folder. Name a file for the database.")
	}
	return nil
}

// prepareSQLite checks the durable settings and migrates.
func prepareSQLite(ctx context.Context, c Config, pool *sql.DB, steps []migration) error {
	if err := checkSQLite(ctx, c, pool); err != nil {
		return err
	}
	l, err := newLiteLine(ctx, pool)
	if err != nil {
		return err
	}
	defer l.drop()
	m := migrator{steps: steps, line: l, micros: Micros(c.Now()), before: func(ctx context.Context, from int) error {
		return snapshot(ctx, l.conn(), c.Source, from, c.Now())
	}}
	return m.run(ctx)
}

func checkSQLite(ctx context.Context, c Config, pool *sql.DB) error {
	var mode string
	var level int
	if err := pool.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return err
	}
	if err := pool.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&level); err != nil {
		return err
	}
	const full = 2
	if !c.Unsafe && (!strings.EqualFold(mode, "wal") || level < full) {
		return errs.New(errs.Unavailable, "storage.not_durable", fmt.Sprintf(
			"SQLite runs with journal_mode=%s and synchronous=%d, so a power cut could lose accepted messages. "+
				"Put the data folder on a local disk, or accept the loss with --unsafe.", mode, level))
	}
	return nil
}

// snapshot copies the database beside itself before a migration changes it.
func snapshot(ctx context.Context, c *sql.Conn, file string, from int, now time.Time) error {
	target := fmt.Sprintf("%s.schema-%04d.%s.bak", file, from, now.UTC().Format("20060102T150405"))
	complain := func(err error) error {
		return errs.Wrap(err, errs.Unavailable, "storage.snapshot", fmt.Sprintf(
			"The copy %s, which guards against a failed upgrade, could not be made. Free space in the data folder.", target))
	}
	if _, err := c.ExecContext(ctx, `VACUUM INTO ?`, target); err != nil {
		return complain(err)
	}
	if err := errors.Join(syncFile(target), syncFile(filepath.Dir(target))); err != nil {
		return complain(err)
	}
	return nil
}

// syncFile makes a file, or the entries of a folder, reach the disk.
func syncFile(name string) error {
	f, err := os.Open(name) //nolint:gosec // a name of our own
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
