package portable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Snapshot is a database at one moment, whatever is written to it meanwhile: a
// read transaction, repeatable read on PostgreSQL. It holds nobody up; SQLite's
// write-ahead log cannot be folded into the file while it is open, so close it
// as soon as the rows are read.
type Snapshot struct {
	connection
	schema []string
	epoch  string
	all    []table
}

// Take takes a snapshot of the database, which may be in use. It changes
// nothing and does not migrate. Errors: errs.Conflict storage.schema_newer when
// a newer program has used it, errs.NotFound backup.no_database when it is not
// there.
func Take(ctx context.Context, c db.Config) (*Snapshot, error) {
	var k connection
	var err error
	if c.Driver == db.Postgres {
		k, err = readPostgres(ctx, c)
	} else {
		k, err = readSQLite(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	s := &Snapshot{connection: k}
	if err := s.look(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func readSQLite(ctx context.Context, c db.Config) (connection, error) {
	file, err := filepath.Abs(c.Source)
	if err != nil {
		return connection{}, err
	}
	if _, err := os.Stat(file); err != nil {
		return connection{}, errs.Wrap(err, errs.NotFound, "backup.no_database",
			fmt.Sprintf("There is no database at %s. Name the server's data folder with --data-dir.", file))
	}
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{
		"_pragma": {"busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-16384)"}, "_dqs": {"0"},
	}.Encode()}
	return connect(ctx, db.SQLite, func() (*sql.DB, error) { return sql.Open("sqlite", u.String()) }, `BEGIN`)
}

func readPostgres(ctx context.Context, c db.Config) (connection, error) {
	config, err := pgx.ParseConfig(c.Source)
	if err != nil {
		return connection{}, errs.Wrap(err, errs.Invalid, "storage.source", "The connection string of PostgreSQL is not right.")
	}
	config.RuntimeParams["application_name"] = "patchbay-backup"
	return connect(ctx, db.Postgres, func() (*sql.DB, error) { return stdlib.OpenDB(*config), nil },
		`BEGIN TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ`)
}

// connect opens one connection and begins on it.
func connect(ctx context.Context, driver db.Driver, open func() (*sql.DB, error), begin string) (connection, error) {
	k := connection{driver: driver}
	var err error
	if k.pool, err = open(); err != nil {
		return k, db.Failed(err)
	}
	if k.c, err = k.pool.Conn(ctx); err != nil {
		return k, errors.Join(db.Failed(err), k.pool.Close())
	}
	if err := k.exec(ctx, begin); err != nil {
		return k, errors.Join(err, k.close())
	}
	return k, nil
}

// look reads what the database is; the first query fixes the moment.
func (s *Snapshot) look(ctx context.Context) error {
	known, err := db.Steps(s.driver)
	if err != nil {
		return err
	}
	if s.schema, err = s.steps(ctx); err != nil {
		return errs.Wrap(err, errs.NotFound, "backup.no_database", "The database is not one of Patchbay's, or no server has ever started on it.")
	}
	if len(s.schema) > len(known) {
		return errs.New(errs.Conflict, "storage.schema_newer", fmt.Sprintf(
			"The database has schema %d, and this program knows %d: use the program that serves it.", len(s.schema), len(known)))
	}
	if s.all, err = s.tables(ctx); err != nil {
		return err
	}
	return s.rows(ctx, `SELECT value FROM meta WHERE name = 'epoch'`, func(r *sql.Rows) error { return r.Scan(&s.epoch) })
}

// steps lists what the ledger of the schema says.
func (k connection) steps(ctx context.Context) ([]string, error) {
	var out []string
	err := k.rows(ctx, `SELECT version, name FROM schema_migration ORDER BY version`, func(r *sql.Rows) error {
		var version int
		var name string
		err := r.Scan(&version, &name)
		out = append(out, fmt.Sprintf("%04d_%s", version, name))
		return err
	})
	if err == nil && len(out) == 0 {
		err = errors.New("the schema has no step")
	}
	return out, err
}

// Driver names the system that the rows come from.
func (s *Snapshot) Driver() string { return string(s.driver) }

// Schema names the steps of the schema.
func (s *Snapshot) Schema() []string { return s.schema }

// Epoch is the history that the snapshot is of.
func (s *Snapshot) Epoch() string { return s.epoch }

// Tables names the tables, in order.
func (s *Snapshot) Tables() []string {
	out := make([]string, 0, len(s.all))
	for _, t := range s.all {
		out = append(out, t.name)
	}
	return out
}

func (s *Snapshot) find(name string) table {
	i := slices.IndexFunc(s.all, func(t table) bool { return t.name == name })
	if i < 0 {
		return table{name: name}
	}
	return s.all[i]
}

// Columns names the columns of a table, in the order of a line's values.
func (s *Snapshot) Columns(name string) []string { return s.find(name).columns }

// Rows calls each with every row of a table as a line, its end included. The
// line is valid until each returns.
func (s *Snapshot) Rows(ctx context.Context, name string, each func(line []byte) error) error {
	return s.lines(ctx, s.find(name), each)
}

// Files calls each with every whole attachment: its id, what its row says of
// the size and the SHA-256 of its bytes, and whether it has a preview.
func (s *Snapshot) Files(ctx context.Context, each func(id string, size int64, sha256 string, preview bool) error) error {
	const query = `SELECT attachment_id, size, sha256, preview FROM attachment WHERE state IN ('ready', 'taken') AND removed_at = 0 AND sha256 <> '' ORDER BY attachment_id`
	return s.rows(ctx, query, func(r *sql.Rows) error {
		var id, sum, preview string
		var size int64
		if err := r.Scan(&id, &size, &sum, &preview); err != nil {
			return err
		}
		return each(id, size, sum, preview != "")
	})
}

// Query calls each with every row of a query as of the snapshot; ? stands for a
// parameter.
func (s *Snapshot) Query(ctx context.Context, query string, args []any, each func(*sql.Rows) error) error {
	if s.driver == db.Postgres {
		query = db.Numbered(query)
	}
	return s.rowsOf(ctx, query, args, each)
}

// Size is about how many bytes the database takes.
func (s *Snapshot) Size(ctx context.Context) (int64, error) {
	query := `SELECT c.page_count * s.page_size FROM pragma_page_count() c, pragma_page_size() s`
	if s.driver == db.Postgres {
		query = `SELECT COALESCE(SUM(pg_table_size(c.oid)), 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r'`
	}
	var n int64
	err := s.rows(ctx, query, func(r *sql.Rows) error { return r.Scan(&n) })
	return n, err
}

// Check lets SQLite verify the file as of the snapshot: every page, every
// index against its table, every foreign key. PostgreSQL keeps its keys itself.
func (s *Snapshot) Check(ctx context.Context) error {
	if s.driver != db.SQLite {
		return nil
	}
	return s.sound(ctx)
}

// sound is the check of a SQLite file.
func (k connection) sound(ctx context.Context) error {
	var faults []error
	err := k.rows(ctx, `PRAGMA integrity_check(20)`, func(r *sql.Rows) error {
		var line string
		err := r.Scan(&line)
		if line != "ok" {
			faults = append(faults, errors.New(line))
		}
		return err
	})
	if err != nil {
		return err
	}
	err = k.rows(ctx, `SELECT "table", parent FROM pragma_foreign_key_check LIMIT 20`, func(r *sql.Rows) error {
		var from, to string
		err := r.Scan(&from, &to)
		faults = append(faults, fmt.Errorf("a row of %s refers to a missing one of %s", from, to))
		return err
	})
	if err == nil && len(faults) > 0 {
		err = errs.Wrap(errors.Join(faults...), errs.Internal, "storage.corrupt", "The database file is damaged: "+errors.Join(faults...).Error())
	}
	return err
}

// Close lets the moment go.
func (s *Snapshot) Close() error { return s.close() }
