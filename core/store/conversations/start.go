package conversations

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/store/db"
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
		{"team", `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND team_id <> '' AND team_id IN (%)`},
		{"assignee", `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND assignee_id IS NOT NULL AND assignee_id IN (%)`},
	}
}

// begin returns where a query best begins; nil: along the order of the list.
func (s *Store) begin(ctx context.Context, f *finder, p filter.Plan) (*start, error) {
	for _, field := range starts() {
		values, ok := p.Required(field.field)
		if !ok || len(values) == 0 {
			continue
		}
		st := &start{
			query: `SELECT DISTINCT conversation_id FROM (` + strings.Replace(field.query, `%`, `?`+strings.Repeat(`, ?`, len(values)-1), 1) + `) i`,
			args:  []any{f.workspace},
		}
		for _, v := range values {
			if field.field == "number" {
				st.args = append(st.args, int64(v.Number))
				continue
			}
			st.args = append(st.args, v.Text)
		}
		if field.field == "assignee" && len(f.states) > 0 {
			st.query = strings.Replace(st.query, `) i`, ` AND state IN (?`+strings.Repeat(`, ?`, len(f.states)-1)+`)) i`, 1)
			for _, state := range f.states {
				st.args = append(st.args, string(state))
			}
		}
		n := 0
		err := s.db.RowsOnce(ctx, `SELECT COUNT(*) FROM (`+strings.Replace(st.query, `DISTINCT `, ``, 1)+` LIMIT ?) n`, append(st.args[:len(st.args):len(st.args)], few+1),
			func(sc db.Scanner) error { return sc.Scan(&n) })
		if err != nil {
			return nil, err
		}
		if n <= few {
			return st, nil
		}
	}
	return nil, nil //nolint:nilnil // nil says where to begin, too
}
