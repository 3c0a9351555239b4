package purge

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/store/db"
)

// Plan is the tables that hold rows of workspaces, each after those that refer
// to it, and how their rows are told apart.
type Plan struct {
	tables []string
	keys   map[string]string // primary key; SQLite's only
	driver db.Driver
}

// Tables lists them.
func (p Plan) Tables() []string { return slices.Clone(p.tables) }

// Read makes a plan of the tables that there are. Those of the search index are
// its own.
func Read(ctx context.Context, q Reader) (Plan, error) {
	schema, err := Look(ctx, q)
	if err != nil {
		return Plan{}, err
	}
	out := Plan{driver: q.Driver(), keys: map[string]string{}}
	var all []string
	for table := range schema {
		if schema.Has(table, "workspace_id") && table != "workspace" && !strings.HasPrefix(table, "search_") {
			all = append(all, table)
		}
	}
	slices.Sort(all)
	refer, err := references(ctx, q)
	if err != nil {
		return Plan{}, err
	}
	out.tables = leavesFirst(all, refer)
	if out.driver == db.SQLite {
		err = out.readKeys(ctx, q)
	}
	return out, err
}

// references lists, by table, the tables that refer to it.
func references(ctx context.Context, q Reader) (map[string][]string, error) {
	query := `SELECT m.name, f."table" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1, 2`
	if q.Driver() == db.Postgres {
		query = `SELECT f.relname, t.relname FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace ORDER BY 1, 2`
	}
	out := map[string][]string{}
	err := q.Rows(ctx, query, nil, func(sc db.Scanner) error {
		var from, to string
		err := sc.Scan(&from, &to)
		if from != to {
			out[to] = append(out[to], from)
		}
		return err
	})
	return out, err
}

// leavesFirst orders tables so that each comes after those that refer to it.
func leavesFirst(tables []string, refer map[string][]string) []string {
	var out []string
	seen := map[string]bool{}
	var visit func(table string)
	visit = func(table string) {
		if seen[table] {
			return
		}
		seen[table] = true
		for _, from := range refer[table] {
			visit(from)
		}
		if slices.Contains(tables, table) {
			out = append(out, table)
		}
	}
	for _, table := range tables {
		visit(table)
	}
	return out
}

func (p Plan) readKeys(ctx context.Context, q Reader) error {
	return q.Rows(ctx, `SELECT m.name, c.name FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND c.pk > 0 ORDER BY m.name, c.pk`, nil, func(sc db.Scanner) error {
		var table, column string
		err := sc.Scan(&table, &column)
		if p.keys[table] != "" {
			column = p.keys[table] + ", " + column
		}
		p.keys[table] = column
		return err
	})
}

// Some deletes at most so many rows of a workspace from a table.
func (p Plan) Some(ctx context.Context, tx *db.Tx, table, workspace string, limit int) (int, error) {
	query := `DELETE FROM ` + table + ` WHERE (` + p.keys[table] + `) IN (SELECT ` + p.keys[table] + ` FROM ` + table + ` WHERE workspace_id = ? LIMIT ?)`
	if p.driver == db.Postgres {
		query = `DELETE FROM ` + table + ` WHERE ctid = ANY (ARRAY (SELECT ctid FROM ` + table + ` WHERE workspace_id = ? LIMIT ?))`
	}
	n, err := tx.Exec(ctx, query, workspace, limit)
	return int(n), err
}
