package app_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// database is the site's database, as nobody but a test looks at it.
type database struct {
	*sql.DB
	t      *testing.T
	driver string
}

// drillOn is drill on one of the systems, with variables of its environment.
func drillOn(t *testing.T, source string, env ...string) (*drilled, *database) {
	t.Helper()
	return drillWith(t, source, func(o *rig.Options) { o.Env = append(o.Env, env...) })
}

// drillWith is drill on one of the systems: source is PostgreSQL's, "" the
// embedded one.
func drillWith(t *testing.T, source string, change func(*rig.Options)) (*drilled, *database) {
	t.Helper()
	d := drill(t, func(o *rig.Options) {
		change(o)
		if source != "" {
			o.Env = append(o.Env, "PATCHBAY_DATABASE_URL="+address(source))
		}
	})
	raw := &database{t: t, driver: "pgx"}
	if source == "" {
		raw.driver, source = "sqlite", "file:"+filepath.Join(d.options.DataDir, "patchbay.db")+"?_pragma=busy_timeout(10000)"
	}
	var err error
	raw.DB, err = sql.Open(raw.driver, source)
	must(t, err)
	t.Cleanup(func() { _ = raw.Close() })
	return d, raw
}

// textual is a column that holds text or bytes, with how to read it as text.
type textual struct{ table, name, text string }

func (c textual) String() string { return c.table + "." + c.name }

// columns reads from the catalog which there are.
func (d *database) columns() []textual {
	d.t.Helper()
	query := `SELECT m.name, c.name, 'CAST("' || c.name || '" AS TEXT)' FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.type NOT IN ('INTEGER', 'REAL') ORDER BY 1, 2`
	if d.driver == "pgx" {
		query = `SELECT table_name, column_name, CASE data_type WHEN 'bytea' THEN 'encode(' || quote_ident(column_name) || ', ''escape'')' ELSE quote_ident(column_name) || '::text' END
FROM information_schema.columns WHERE table_schema = current_schema() AND data_type NOT IN ('bigint', 'integer', 'smallint', 'boolean', 'double precision') ORDER BY 1, 2`
	}
	rows, err := d.QueryContext(d.t.Context(), query)
	must(d.t, err)
	defer rows.Close() //nolint:errcheck // read only
	var out []textual
	for rows.Next() {
		var c textual
		must(d.t, rows.Scan(&c.table, &c.name, &c.text))
		out = append(out, c)
	}
	must(d.t, rows.Err())
	if len(out) < 300 {
		d.t.Fatalf("the catalog tells of %d columns only", len(out))
	}
	return out
}

// texts is what a query of one column gives.
func (d *database) texts(query string, args ...any) []string {
	d.t.Helper()
	rows, err := d.QueryContext(d.t.Context(), numbered(query), args...)
	must(d.t, err)
	defer rows.Close() //nolint:errcheck // read only
	var out []string
	for rows.Next() {
		var v sql.NullString
		must(d.t, rows.Scan(&v))
		out = append(out, v.String)
	}
	must(d.t, rows.Err())
	return out
}

// one is the one text that a query gives.
func (d *database) one(query string, args ...any) string {
	d.t.Helper()
	all := d.texts(query, args...)
	if len(all) != 1 {
		d.t.Fatalf("%s gives %d rows", query, len(all))
	}
	return all[0]
}

// exec changes the database behind the product's back.
func (d *database) exec(query string, args ...any) {
	d.t.Helper()
	if _, err := d.ExecContext(d.t.Context(), numbered(query), args...); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
}

// numbered writes placeholders so that both systems know them.
func numbered(query string) string {
	for n := 1; strings.Contains(query, "?"); n++ {
		query = strings.Replace(query, "?", fmt.Sprint("$", n), 1)
	}
	return query
}
