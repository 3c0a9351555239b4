package exports

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/portable"
)

// Source reads what goes into exports, as of one moment.
type Source struct {
	snapshot *portable.Snapshot
	of       export.Of
}

// Take opens a Source, which implements export.Source. The caller closes it soon: see portable.Snapshot.
func Take(ctx context.Context, c db.Config, of export.Of) (*Source, error) {
	s, err := portable.Take(ctx, c)
	if err != nil {
		return nil, err
	}
	return &Source{snapshot: s, of: of}, nil
}

// Close lets the moment go.
func (s *Source) Close() error { return s.snapshot.Close() }

// nouns lists what the export has.
func (s *Source) nouns() []noun {
	return slices.DeleteFunc(nouns(), func(n noun) bool { return s.of.Contact != "" && n.person == "" })
}

// Nouns implements export.Source.
func (s *Source) Nouns() []export.Noun {
	var out []export.Noun
	for _, n := range s.nouns() {
		shown, _ := n.parse()
		out = append(out, shown)
	}
	return out
}

// query is a SELECT of a noun's rows with what it is given for.
func (s *Source) query(what string, n noun, order string) (string, []any) {
	args := []any{string(s.of.Workspace)}
	query := `SELECT ` + what + ` FROM ` + n.from + ` WHERE x.workspace_id = ?`
	if n.where != "" {
		query += ` AND ` + n.where
	}
	if s.of.Contact != "" {
		query += ` AND ` + n.person
		for range strings.Count(n.person, `?`) / 3 {
			args = append(args, string(s.of.Workspace), string(s.of.Contact), string(s.of.Contact))
		}
	}
	return query + order, args
}

// Total implements export.Source.
func (s *Source) Total(ctx context.Context) (int64, error) {
	var total int64
	for _, n := range s.nouns() {
		query, args := s.query(`COUNT(*)`, n, ``)
		err := s.snapshot.Query(ctx, query, args, func(r *sql.Rows) error {
			var one int64
			err := r.Scan(&one)
			total += one
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Lines implements export.Source.
func (s *Source) Lines(ctx context.Context, name string, each func(cells []string, line []byte) error) error {
	all := s.nouns()
	i := slices.IndexFunc(all, func(n noun) bool { return n.name == name })
	if i < 0 {
		return fmt.Errorf("there is no %q in an export", name)
	}
	n := all[i]
	shown, columns := n.parse()
	fields := shown.Fields
	query, args := s.query(strings.Join(columns, `, `), n, ` ORDER BY `+n.order)
	values, dest := make([]any, len(fields)), make([]any, len(fields))
	for i := range values {
		dest[i] = &values[i]
	}
	cells := make([]string, len(fields))
	var line bytes.Buffer
	return s.snapshot.Query(ctx, query, args, func(r *sql.Rows) error {
		if err := r.Scan(dest...); err != nil {
			return fmt.Errorf("read %s: %w", n.name, err)
		}
		line.Reset()
		line.WriteByte('{')
		for i, f := range fields {
			if i > 0 {
				line.WriteByte(',')
			}
			raw, cell := valueOf(f.Kind, values[i])
			cells[i] = cell
			line.WriteString(strconv.Quote(f.Name)) // plain ASCII
			line.WriteByte(':')
			line.Write(raw)
		}
		line.WriteString("}\n")
		return each(cells, line.Bytes())
	})
}

// valueOf is a value as JSON and as a cell.
func valueOf(kind string, v any) ([]byte, string) {
	none := []byte("null")
	switch x := v.(type) {
	case int64:
		switch {
		case kind == "time" && x == 0:
			return none, ""
		case kind == "time":
			at := db.Time(x).UTC().Format(time.RFC3339Nano)
			return []byte(strconv.Quote(at)), at
		case kind == "bool":
			yes := strconv.FormatBool(x != 0)
			return []byte(yes), yes
		}
		n := strconv.FormatInt(x, 10)
		return []byte(n), n
	case []byte:
		return valueOf(kind, string(x))
	case string:
		if kind == "json" {
			if json.Valid([]byte(x)) {
				return compact(x), x
			}
			if x == "" {
				return none, ""
			}
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(x); err != nil {
			return none, ""
		}
		return bytes.TrimSuffix(b.Bytes(), []byte("\n")), x
	default: // NULL
		return none, ""
	}
}

// compact is a JSON text in one line.
func compact(text string) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		return []byte("null")
	}
	return b.Bytes()
}
