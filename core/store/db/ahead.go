package db

import (
	"context"
	"errors"
	"reflect"
	"strings"
)

// ahead is a query that a job will probably ask.
type ahead struct {
	query string
	args  []any
	kept  *kept // its rows, from when it was sent
}

// Ahead says which queries the job will probably ask: those of reads, which runs
// at once, finds nothing and must not write. On PostgreSQL they are sent with the
// next query in one round trip, and their rows are kept until they are asked for.
// What the job writes to a table that a query names makes it be asked again, so
// Rows answers the same with and without, but for rows that go with others
// (ON DELETE CASCADE).
func (t *Tx) Ahead(reads func()) {
	if t.driver != Postgres || t.err != nil || t.expecting {
		return
	}
	t.expecting = true
	defer func() { t.expecting = false }()
	reads()
}

var errExpecting = errors.New("a job writes while it says what it will read")

// expect notes a query. Values that no database takes are refused where it is
// really asked.
func (t *Tx) expect(query string, args []any) {
	if checkArgs(args) == nil {
		t.ahead = append(t.ahead, ahead{query: query, args: args})
	}
}

// expected takes the rows of a query that was sent ahead; nil when it was not.
// Whatever else waits to be sent goes with this query.
func (t *Tx) expected(ctx context.Context, query string, args []any) (*kept, error) {
	var own *kept
	for i := range t.ahead {
		a := &t.ahead[i]
		mine := own == nil && a.query == query && reflect.DeepEqual(a.args, args)
		if a.kept == nil {
			a.kept = &kept{}
			if err := t.line.queue(ctx, a.query, a.args, a.kept); err != nil {
				return nil, err
			}
		}
		if mine {
			own = a.kept
			a.query = "" // it is asked once
		}
	}
	if own == nil || own.come {
		return own, nil
	}
	return own, t.line.flush(ctx)
}

// outdate drops what was read ahead from a table that the job writes to now; all
// of it for a statement whose table is not known.
func (t *Tx) outdate(statement string) {
	if len(t.ahead) == 0 {
		return
	}
	table := target(statement)
	for i := range t.ahead {
		if a := &t.ahead[i]; a.kept != nil && strings.Contains(a.query, table) {
			a.query = ""
		}
	}
}

// target is the table that a statement writes to; "" when it is not known, which
// every query contains.
func target(statement string) string {
	words := strings.Fields(statement[:min(len(statement), 120)])
	for i, word := range words[:max(len(words)-1, 0)] {
		if word == "INTO" || word == "UPDATE" || word == "FROM" && i == 1 {
			return words[i+1]
		}
	}
	return ""
}
