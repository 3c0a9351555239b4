package authz_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// database opens the server's database beside it, to look.
func (w *world) database() *sql.DB {
	w.t.Helper()
	u := url.URL{Scheme: "file", Path: filepath.Join(w.dir, "patchbay.db"), RawQuery: "mode=ro&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

// columns lists the tables that have a workspace, with their columns.
func (w *world) columns(db *sql.DB) map[string][]string {
	w.t.Helper()
	out := make(map[string][]string)
	rows, err := db.QueryContext(w.t.Context(), `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, c.cid`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			w.t.Fatal(err)
		}
		out[table] = append(out[table], column)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	for table, columns := range out {
		if !slices.Contains(columns, "workspace_id") {
			delete(out, table)
		}
	}
	return out
}

// digest is what the database holds of a workspace: a line for each table.
func (w *world) digest(of *workspace) string {
	w.t.Helper()
	db := w.database()
	defer func() { _ = db.Close() }()
	columns := w.columns(db)
	if len(columns) < 30 {
		w.t.Fatalf("only %d tables have a workspace", len(columns))
	}
	var lines []string
	for table := range columns {
		lines = append(lines, fmt.Sprintf("%s %s", table, w.hash(db, table, of)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (w *world) hash(db *sql.DB, table string, of *workspace) string {
	w.t.Helper()
	rows, err := db.QueryContext(w.t.Context(), `SELECT * FROM "`+table+`" WHERE workspace_id = ?`, of.id)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	var texts []string
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		texts = append(texts, fmt.Sprint(values...))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(texts)
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return fmt.Sprintf("%d rows %s", len(texts), hex.EncodeToString(sum[:8]))
}

// difference is the tables that two digests differ in.
func difference(before, after string) string {
	old := strings.Split(before, "\n")
	var out []string
	for line := range strings.SplitSeq(after, "\n") {
		if !slices.Contains(old, line) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
