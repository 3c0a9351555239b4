package conversations

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/filters"
	"github.com/patchbay-im/patchbay/core/store/reach"
	"github.com/patchbay-im/patchbay/core/view"
)

// few is how many conversations are read and sorted rather than looked for
// along the order of a list.
const few = 2000

// start is a query for the ids of conversations among which all are that a
// filter selects.
type start struct {
	query string
	args  []any
}

// starts are the fields that have an index of their own, and how the ids are
// found in it: the workspace is bound, then the values.
func starts() []struct{ field, query string } {
	return []struct{ field, query string }{
		{"number", `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND number IN (%)`},
		{"contact", `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND contact_id IN (%)`},
		{"label", `SELECT conversation_id FROM conversation_label WHERE workspace_id = ? AND label_id IN (%)`},
		{"participant", `SELECT conversation_id FROM conversation_participant WHERE workspace_id = ? AND member_id IN (%)`},
		{"mention", `SELECT conversation_id FROM conversation_mention WHERE workspace_id = ? AND member_id IN (%)`},
		{"team", `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND team_id <> '' AND team_id IN (%)`},
		{"queue", `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND queue_id <> '' AND queue_id IN (%)`},
		{"offered", `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND offered_to <> '' AND offered_to IN (%)`},
		{"assignee", `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND assignee_id IS NOT NULL AND assignee_id IN (%)`},
	}
}

// begin returns where a query best begins; nil: along the order of the list.
func (s *Store) begin(ctx context.Context, f *finder, q view.Query) (*start, error) {
	p := q.Where
	for _, field := range starts() {
		values, ok := p.Required(field.field)
		if !ok || len(values) == 0 {
			continue
		}
		st := f.startOf(field.field, field.query, values)
		if found, err := s.isFew(ctx, st); err != nil || found {
			return st, err
		}
	}
	if !q.Reach.All() {
		query, args := reach.Start(q.Reach, f.workspace)
		st := &start{query: `SELECT DISTINCT conversation_id FROM (` + query + `) i`, args: args}
		if found, err := s.isFew(ctx, st); err != nil || found {
			return st, err
		}
	}
	return s.beginWithContacts(ctx, f, p)
}

// startOf begins a query with those that have one of the values of a field.
func (f *finder) startOf(field, query string, values []filter.Value) *start {
	st := &start{
		query: `SELECT DISTINCT conversation_id FROM (` + strings.Replace(query, `%`, `?`+strings.Repeat(`, ?`, len(values)-1), 1) + `) i`,
		args:  []any{f.workspace},
	}
	for _, v := range values {
		if field == "number" {
			st.args = append(st.args, int64(v.Number))
			continue
		}
		st.args = append(st.args, v.Text)
	}
	if field == "assignee" && len(f.states) > 0 {
		st.query = strings.Replace(st.query, `) i`, ` AND state IN (?`+strings.Repeat(`, ?`, len(f.states)-1)+`)) i`, 1)
		for _, state := range f.states {
			st.args = append(st.args, string(state))
		}
	}
	return st
}

// isFew reports whether a start finds few conversations.
func (s *Store) isFew(ctx context.Context, st *start) (bool, error) {
	n := 0
	err := s.db.RowsOnce(ctx, `SELECT COUNT(*) FROM (`+strings.Replace(st.query, `DISTINCT `, ``, 1)+` LIMIT ?) n`, append(slices.Clip(st.args), few+1),
		func(sc db.Scanner) error { return sc.Scan(&n) })
	return n <= few, err
}

// fewPeople is how many conversations are listed by what their contacts are
// called rather than each asked for its contact.
const fewPeople = 500

// beginWithContacts looks for the contacts first, where a filter chooses by
// their name or address.
func (s *Store) beginWithContacts(ctx context.Context, f *finder, p filter.Plan) (*start, error) {
	clause, ok, err := filters.Contacts(s.db.Driver(), p)
	if err != nil || !ok {
		return nil, err
	}
	st := &start{args: []any{f.workspace}}
	n := 0
	query := `SELECT c.conversation_id FROM contact p CROSS JOIN conversation c
WHERE p.workspace_id = ? AND ` + clause.SQL + ` AND c.workspace_id = p.workspace_id AND c.contact_id = p.contact_id LIMIT ?`
	err = s.db.RowsOnce(ctx, query, append(append([]any{f.workspace}, clause.Args...), fewPeople+1), func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		st.args, n = append(st.args, id), n+1
		return err
	})
	if err != nil || n > fewPeople {
		return nil, err
	}
	if n == 0 {
		st.args = append(st.args, "")
	}
	st.query = `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND conversation_id IN (?` + strings.Repeat(`, ?`, len(st.args)-2) + `)`
	return st, nil
}
