package portable

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/store/db"
)

// ledger is where the schema's steps are recorded: the schema's, not a table
// of ours.
const ledger = "schema_migration"

// notOurs are tables that are made anew: the search index.
func notOurs(table string) bool {
	return slices.Contains([]string{ledger, "search_meta", "search_space", "search_message", "search_thing"}, table)
}

// table is one of ours.
type table struct {
	name    string
	columns []string // by name
	kinds   []string // of the columns, as the database says
	key     []string // of the primary key, in its order
}

const liteColumns = `SELECT m.name, c.name, lower(c.type), c.pk FROM sqlite_schema m, pragma_table_xinfo(m.name) c
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.name`

const pgColumns = `SELECT c.table_name, c.column_name, c.data_type,
COALESCE((SELECT array_position(i.indkey::int[], a.attnum::int) + 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
  WHERE i.indrelid = to_regclass(quote_ident(c.table_schema) || '.' || quote_ident(c.table_name)) AND i.indisprimary AND a.attname = c.column_name AND a.attnum = ANY (i.indkey)), 0)
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' ORDER BY c.table_name COLLATE "C", c.column_name COLLATE "C"`

// connection is one connection with its dialect. Everything of a snapshot, or
// of a load, happens on it.
type connection struct {
	driver db.Driver
	c      *sql.Conn
	pool   *sql.DB
}

func (k connection) exec(ctx context.Context, query string) error {
	_, err := k.c.ExecContext(ctx, query)
	return db.Failed(err)
}

func (k connection) rows(ctx context.Context, query string, each func(*sql.Rows) error) error {
	return k.rowsOf(ctx, query, nil, each)
}

func (k connection) rowsOf(ctx context.Context, query string, args []any, each func(*sql.Rows) error) error {
	rows, err := k.c.QueryContext(ctx, query, args...)
	if err != nil {
		return db.Failed(err)
	}
	defer rows.Close() //nolint:errcheck // what matters is in the rows
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return db.Failed(rows.Err())
}

func (k connection) close() error { return errors.Join(ignoreDone(k.c.Close()), k.pool.Close()) }

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

// tables lists the tables of ours, by name.
func (k connection) tables(ctx context.Context) ([]table, error) {
	query := liteColumns
	if k.driver == db.Postgres {
		query = pgColumns
	}
	var out []table
	places := map[string]map[int]string{}
	err := k.rows(ctx, query, func(r *sql.Rows) error {
		var name, column, kind string
		var place int
		if err := r.Scan(&name, &column, &kind, &place); err != nil {
			return err
		}
		if notOurs(name) {
			return nil
		}
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, table{name: name})
			places[name] = map[int]string{}
		}
		t := &out[len(out)-1]
		t.columns, t.kinds = append(t.columns, column), append(t.kinds, kind)
		if place > 0 {
			places[name][place] = column
		}
		return nil
	})
	for i := range out {
		of := places[out[i].name]
		for n := 1; n <= len(of); n++ {
			out[i].key = append(out[i].key, of[n])
		}
		if len(of) == 0 || slices.Contains(out[i].key, "") {
			return nil, fmt.Errorf("the table %s has no primary key that can be read", out[i].name)
		}
	}
	return out, err
}

// query reads a table in order.
func (k connection) query(t table) string {
	where := ""
	if t.name == "attachment" {
		where = ` WHERE state <> 'uploading'` // see the package's comment
	}
	order := make([]string, 0, len(t.key))
	for _, column := range t.key {
		text := quoted(column)
		if k.driver == db.Postgres && t.kinds[slices.Index(t.columns, column)] == "text" {
			text += ` COLLATE "C"`
		}
		order = append(order, text)
	}
	names := make([]string, 0, len(t.columns))
	for _, column := range t.columns {
		names = append(names, quoted(column))
	}
	return `SELECT ` + strings.Join(names, ", ") + ` FROM ` + quoted(t.name) + where + ` ORDER BY ` + strings.Join(order, ", ")
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// lines calls each with every row as a line. The line is valid until each
// returns.
func (k connection) lines(ctx context.Context, t table, each func(line []byte) error) error {
	values := make([]any, len(t.columns))
	dest := make([]any, len(values))
	for i := range values {
		dest[i] = &values[i]
	}
	var line []byte
	return k.rows(ctx, k.query(t), func(r *sql.Rows) (err error) {
		if err := r.Scan(dest...); err != nil {
			return fmt.Errorf("read a row of %s: %w", t.name, err)
		}
		if line, err = appendLine(line[:0], values); err != nil {
			return fmt.Errorf("read a row of %s: %w", t.name, err)
		}
		return each(line)
	})
}

// sum is the hash of a table's lines, in hexadecimal.
func (k connection) sum(ctx context.Context, t table) (string, error) {
	h := sha256.New()
	err := k.lines(ctx, t, func(line []byte) error {
		_, err := h.Write(line)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
