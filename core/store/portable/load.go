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
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Loader fills an empty database with the lines of a Snapshot. Nobody sees any
// of it before Finish: PostgreSQL gets it in one transaction; a SQLite file
// that Finish has not left behind is of no use, and whoever loads must say so
// beside it.
type Loader struct {
	connection
	file string // of SQLite
	all  []table
	keys []foreignKey // dropped while the rows come in; PostgreSQL only

	now   table // the table that rows go into
	rowsN int64
	batch [][]any
	bytes int
	ins   *sql.Stmt
}

// Limits of a batch that goes to PostgreSQL at once.
const (
	batchRows  = 2000
	batchBytes = 1 << 20
)

// Begin makes the schema of a snapshot in an empty database. A PostgreSQL
// database that a server has started on, but nobody has an account in, counts
// as empty. Errors: errs.Conflict restore.schema_newer, restore.schema_other,
// restore.not_empty, restore.server_runs.
func Begin(ctx context.Context, c db.Config, schema []string) (*Loader, error) {
	if err := Fits(c.Driver, schema); err != nil {
		return nil, err
	}
	var err error
	l := &Loader{}
	if c.Driver == db.Postgres {
		l.connection, err = writePostgres(ctx, c)
	} else {
		l.connection, l.file, err = writeSQLite(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	if err := l.lay(ctx, len(schema), db.Micros(c.Now())); err != nil {
		return nil, errors.Join(err, l.Abort())
	}
	return l, nil
}

// Fits refuses a snapshot's schema that is not this program's or an earlier
// one of it: see Begin.
func Fits(driver db.Driver, schema []string) error {
	known, err := db.Steps(driver)
	if err != nil {
		return err
	}
	if len(schema) > len(known) {
		return errs.New(errs.Conflict, "restore.schema_newer", fmt.Sprintf(
			"The backup has schema %d, and this program knows %d: a newer version made it. Restore it with that version.", len(schema), len(known)))
	}
	for i, step := range schema {
		if step != known[i] {
			return errs.New(errs.Conflict, "restore.schema_other", fmt.Sprintf(
				"The backup's schema has the step %s where this program has %s: another build made it. Restore it with that one.", step, known[i]))
		}
	}
	return nil
}

func writeSQLite(ctx context.Context, c db.Config) (connection, string, error) {
	file, err := filepath.Abs(c.Source)
	if err != nil {
		return connection{}, "", err
	}
	if _, err := os.Stat(file); err == nil {
		return connection{}, "", errs.New(errs.Conflict, "restore.not_empty", "There is a database at "+file+" already. Restore into an empty data folder.")
	}
	// What is half written is of no use anyway, so it needs no journal.
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{
		"_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "foreign_keys(0)", "temp_store(MEMORY)", "cache_size(-65536)"}, "_dqs": {"0"},
	}.Encode()}
	k, err := connect(ctx, db.SQLite, func() (*sql.DB, error) { return sql.Open("sqlite", u.String()) }, `BEGIN`)
	return k, file, err
}

func writePostgres(ctx context.Context, c db.Config) (connection, error) {
	config, err := pgx.ParseConfig(c.Source)
	if err != nil {
		return connection{}, errs.Wrap(err, errs.Invalid, "storage.source", "The connection string of PostgreSQL is not right.")
	}
	config.RuntimeParams["application_name"] = "patchbay-restore"
	config.RuntimeParams["synchronous_commit"] = "on"
	return connect(ctx, db.Postgres, func() (*sql.DB, error) { return stdlib.OpenDB(*config), nil }, `BEGIN`)
}

// lay makes the tables. On PostgreSQL it holds the lock of migrations until
// the end: a server that starts meanwhile waits.
func (l *Loader) lay(ctx context.Context, steps int, micros int64) error {
	if l.driver == db.Postgres {
		if err := l.vacant(ctx); err != nil {
			return err
		}
	}
	if err := db.Lay(ctx, l.driver, steps, micros, l.exec); err != nil {
		return err
	}
	var err error
	if l.all, err = l.tables(ctx); err != nil {
		return err
	}
	if l.driver == db.Postgres {
		if err := l.dropKeys(ctx); err != nil {
			return err
		}
	}
	for _, t := range l.all { // rows that migrations bring
		if err := l.exec(ctx, `DELETE FROM `+quoted(t.name)); err != nil {
			return err
		}
	}
	return nil
}

// Table begins with the rows of a table. Its columns must be those of the
// schema, by name.
func (l *Loader) Table(ctx context.Context, name string, columns []string) error {
	if err := l.endTable(ctx); err != nil {
		return err
	}
	i := slices.IndexFunc(l.all, func(t table) bool { return t.name == name })
	if i < 0 {
		return errs.New(errs.Invalid, "restore.table", fmt.Sprintf("The backup has a table %s that its schema does not have.", name))
	}
	if !slices.Equal(l.all[i].columns, columns) {
		return errs.New(errs.Invalid, "restore.table", fmt.Sprintf("The backup's table %s has other columns than its schema.", name))
	}
	l.now, l.rowsN = l.all[i], 0
	if l.driver == db.Postgres {
		return nil
	}
	names := make([]string, 0, len(columns))
	for _, c := range columns {
		names = append(names, quoted(c))
	}
	var err error
	//nolint:gosec // names of our own schema
	l.ins, err = l.c.PrepareContext(ctx, `INSERT INTO `+quoted(name)+` (`+strings.Join(names, ", ")+`) VALUES (?`+strings.Repeat(`, ?`, len(columns)-1)+`)`)
	return db.Failed(err)
}

// Row takes a line in.
func (l *Loader) Row(ctx context.Context, line []byte) error {
	values, err := readLine(line, len(l.now.columns))
	if err != nil {
		return fmt.Errorf("row %d of %s: %w", l.rowsN+1, l.now.name, err)
	}
	l.rowsN++
	if l.driver == db.SQLite {
		if _, err := l.ins.ExecContext(ctx, values...); err != nil {
			return fmt.Errorf("row %d of %s: %w", l.rowsN, l.now.name, db.Failed(err))
		}
		return nil
	}
	for i, kind := range l.now.kinds {
		if n, ok := values[i].(int64); ok && kind == "boolean" {
			values[i] = n != 0
		}
	}
	l.batch, l.bytes = append(l.batch, values), l.bytes+len(line)
	if len(l.batch) >= batchRows || l.bytes >= batchBytes {
		return l.flush(ctx)
	}
	return nil
}

func (l *Loader) flush(ctx context.Context) error {
	if len(l.batch) == 0 {
		return nil
	}
	err := l.c.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the connection is a %T", driver)
		}
		_, err := c.Conn().CopyFrom(ctx, pgx.Identifier{l.now.name}, l.now.columns, pgx.CopyFromRows(l.batch))
		return err
	})
	if err != nil {
		return fmt.Errorf("rows up to %d of %s: %w", l.rowsN, l.now.name, db.Failed(err))
	}
	l.batch, l.bytes = l.batch[:0], 0
	return nil
}

func (l *Loader) endTable(ctx context.Context) error {
	if l.ins != nil {
		if err := l.ins.Close(); err != nil {
			return db.Failed(err)
		}
		l.ins = nil
	}
	return l.flush(ctx)
}

// Finish compares what is in the database now with what the snapshot had
// (hashes of lines, by table), checks every foreign key, gives the database a
// new epoch, writes note into meta under "restored", and makes it last.
func (l *Loader) Finish(ctx context.Context, sums map[string]string, epoch, note string) error {
	err := l.endTable(ctx)
	if err == nil {
		err = l.compare(ctx, sums)
	}
	if err == nil && l.driver == db.Postgres {
		err = l.restoreKeys(ctx)
	}
	for _, set := range [][2]string{{"epoch", epoch}, {"restored", note}} {
		if err == nil {
			err = l.set(ctx, set[0], set[1])
		}
	}
	if err == nil {
		err = l.exec(ctx, `COMMIT`)
	}
	if err == nil && l.driver == db.SQLite {
		err = l.sound(ctx)
	}
	if err = errors.Join(err, l.close()); err != nil || l.driver == db.Postgres {
		return err
	}
	return l.sync()
}

func (l *Loader) set(ctx context.Context, name, value string) error {
	query := `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	if l.driver == db.Postgres {
		query = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	}
	_, err := l.c.ExecContext(ctx, query, name, value)
	return db.Failed(err)
}

func (l *Loader) compare(ctx context.Context, sums map[string]string) error {
	for _, t := range l.all {
		sum, err := l.sum(ctx, t)
		if err != nil {
			return err
		}
		want, ok := sums[t.name]
		if !ok {
			return errs.New(errs.Invalid, "restore.table", fmt.Sprintf("The backup lacks the table %s.", t.name))
		}
		if sum != want {
			return errs.New(errs.Internal, "restore.differs", fmt.Sprintf("The table %s does not read back as it was in the backup.", t.name))
		}
	}
	return nil
}

// sync makes the file and its name reach the disk.
func (l *Loader) sync() error {
	for _, name := range []string{l.file, filepath.Dir(l.file)} {
		f, err := os.Open(name) //nolint:gosec // the operator's own
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Abort gives up what was loaded.
func (l *Loader) Abort() error {
	err := l.close()
	if l.file != "" {
		err = errors.Join(err, os.Remove(l.file))
	}
	return err
}
