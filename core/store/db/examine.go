package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/system"
)

// examineTime bounds the check of the pages, which reads the whole file.
const examineTime = 5 * time.Second

// Examine looks at a database beside whoever uses it, whatever its schema.
// What is wrong with it is in the answer, never an error.
func Examine(ctx context.Context, c Config) system.Database {
	out := system.Database{Driver: string(c.Driver)}
	switch err := examine(ctx, c, &out); {
	case err != nil && damaged(err):
		out.Damage = err.Error()
	case err != nil:
		out.Fault = err.Error()
	}
	return out
}

// damaged reports whether SQLite says that the file is not, or no longer, a
// database of its own (https://sqlite.org/rescode.html).
func damaged(err error) bool {
	const corrupt, notDatabase = 11, 26
	e, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	return ok && (e.Code()&0xff == corrupt || e.Code()&0xff == notDatabase)
}

func examine(ctx context.Context, c Config, out *system.Database) error {
	steps, err := readMigrations(migrations, "migrations/"+string(c.Driver))
	if err != nil {
		return err
	}
	out.Known = len(steps)
	if c.Driver == SQLite {
		if _, err := os.Stat(c.Source); errors.Is(err, os.ErrNotExist) {
			out.Absent = c.Source
			return nil
		}
	}
	d, err := lookInto(c)
	if err != nil {
		return err
	}
	defer d.Close(ctx) //nolint:errcheck // read only
	const patience = 10 * time.Second
	asked, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := d.Ping(asked); err != nil { // connects, which is not what is measured
		return cause(err)
	}
	began := c.Now()
	if err := d.Ping(asked); err != nil {
		return cause(err)
	}
	out.Latency = c.Now().Sub(began)
	if c.Driver == SQLite {
		err = d.examineLite(ctx, asked, c, out)
	} else {
		err = d.examinePostgres(asked, c, out)
	}
	if err != nil || out.Damage != "" {
		return cause(err)
	}
	return cause(d.examineRows(asked, out))
}

// cause is what failed, below the sentence for people who do not run this.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

func (d *DB) examineLite(ctx, asked context.Context, c Config, out *system.Database) error {
	var pages, free, size int64
	err := errors.Join(
		d.Row(asked, `SELECT sqlite_version()`, nil, &out.Version),
		d.Row(asked, `PRAGMA page_count`, nil, &pages),
		d.Row(asked, `PRAGMA freelist_count`, nil, &free),
		d.Row(asked, `PRAGMA page_size`, nil, &size),
	)
	out.Size, out.Free = pages*size, free*size
	if info, statErr := os.Stat(c.Source + "-wal"); statErr == nil {
		out.WAL = info.Size()
	}
	if err != nil {
		return err
	}
	checking, cancel := context.WithTimeout(ctx, examineTime)
	defer cancel()
	err = d.Row(checking, `PRAGMA quick_check(1)`, nil, &out.Damage)
	switch {
	case checking.Err() != nil:
		out.Damage = ""
	case err != nil:
		return err
	default:
		out.Checked = true
		if out.Damage == "ok" {
			out.Damage = ""
		}
	}
	return nil
}

func (d *DB) examinePostgres(ctx context.Context, c Config, out *system.Database) error {
	var micros int64
	var most string
	before := c.Now()
	err := errors.Join(
		d.Row(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`, nil, &micros),
		d.Row(ctx, `SELECT current_setting('server_version')`, nil, &out.Version),
		d.Row(ctx, `SELECT pg_database_size(current_database())`, nil, &out.Size),
		d.Row(ctx, `SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'`, nil, &out.Connections),
		d.Row(ctx, `SELECT current_setting('max_connections')`, nil, &most),
	)
	if err != nil {
		return err
	}
	out.Checked = true // it checks its pages itself when it reads them
	out.Clock = Time(micros).Sub(before)
	out.Most, err = strconv.Atoi(most)
	return err
}

func (d *DB) examineRows(ctx context.Context, out *system.Database) error {
	if err := d.Row(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_migration`, nil, &out.Schema); err != nil {
		return fmt.Errorf("this is no database of Patchbay: %w", cause(err))
	}
	if out.Schema == 0 {
		return nil
	}
	var newest, born int64
	err := d.Row(ctx, `SELECT COALESCE(MAX(at), 0) FROM (SELECT (SELECT at FROM event_outbox e
		WHERE e.workspace_id = w.workspace_id ORDER BY feed_seq DESC LIMIT 1) AS at FROM workspace w) AS newest`, nil, &newest)
	if err == nil {
		err = d.Row(ctx, `SELECT COALESCE(MIN(created_at), 0) FROM workspace`, nil, &born)
	}
	out.Newest, out.Born = Time(newest), Time(born)
	return err
}

// Counts returns how many rows each table has. It reads them all.
func Counts(ctx context.Context, c Config) (map[string]int64, error) {
	d, err := lookInto(c)
	if err != nil {
		return nil, err
	}
	defer d.Close(ctx) //nolint:errcheck // read only
	list := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`
	if c.Driver == Postgres {
		list = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename`
	}
	var names []string
	err = d.Rows(ctx, list, nil, func(s Scanner) error {
		var name string
		err := s.Scan(&name)
		names = append(names, name)
		return err
	})
	out := make(map[string]int64)
	for _, name := range names {
		var n int64
		if err == nil {
			err = d.Row(ctx, `SELECT count(*) FROM "`+name+`"`, nil, &n)
		}
		out[name] = n
	}
	return out, err
}

// Migrations lists the migrations that were applied, with their times.
func Migrations(ctx context.Context, c Config) ([]string, error) {
	d, err := lookInto(c)
	if err != nil {
		return nil, err
	}
	defer d.Close(ctx) //nolint:errcheck // read only
	out := make(map[int]string)
	err = d.Rows(ctx, `SELECT version, name, applied_at FROM schema_migration`, nil, func(s Scanner) error {
		var version int
		var name string
		var at int64
		err := s.Scan(&version, &name, &at)
		out[version] = fmt.Sprintf("%04d_%s %s", version, name, Time(at).Format(time.RFC3339))
		return err
	})
	var lines []string
	for _, version := range slices.Sorted(maps.Keys(out)) {
		lines = append(lines, out[version])
	}
	return lines, err
}

// Backlog counts what waits to leave a database, up to a bound, and tells since
// when the oldest of it waits (zero = nothing does): for customers, and for
// other systems.
func (d *DB) Backlog(ctx context.Context) (channel, hooks Waiting, err error) {
	const of = `SELECT count(*), COALESCE(MIN(created_at), 0) FROM (SELECT created_at FROM %s WHERE state = 'pending' LIMIT 10000) AS waiting`
	for table, into := range map[string]*Waiting{"delivery": &channel, "webhook_delivery": &hooks} {
		var oldest int64
		if e := d.Row(ctx, fmt.Sprintf(of, table), nil, &into.Count, &oldest); e != nil {
			return channel, hooks, e
		}
		into.Since = Time(oldest)
	}
	return channel, hooks, nil
}

// Waiting is what waits to leave.
type Waiting struct {
	Count int64
	Since time.Time
}
