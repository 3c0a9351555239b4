package conversations

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/filters"
	"github.com/patchbay-im/patchbay/core/store/lists"
	"github.com/patchbay-im/patchbay/core/store/reach"
	"github.com/patchbay-im/patchbay/core/view"
)

// Find implements view.Lister.
//
// Where the filter demands one of few values of something that has an index of
// its own (see starts), and few conversations have it, those are read and sorted
// instead of the list's stretches.
func (s *Store) Find(ctx context.Context, workspace identity.WorkspaceID, q view.Query, p page.Request) (page.Page[conversation.Conversation], error) {
	f, err := s.finder(ctx, workspace, q)
	if err != nil {
		return page.Page[conversation.Conversation]{}, err
	}
	list := lists.List[conversationRow, conversation.Conversation]{
		Order: string(q.Sort), Parts: stretches(q.Sort), Query: f.query,
		Dest: (*conversationRow).dest, ID: func(r *conversationRow) string { return r.id }, Item: (*conversationRow).domain,
	}
	return list.Page(ctx, s.db, p)
}

// Count implements view.Lister.
func (s *Store) Count(ctx context.Context, workspace identity.WorkspaceID, q view.Query, most int) (int, error) {
	f, err := s.finder(ctx, workspace, q)
	if err != nil {
		return 0, err
	}
	source, args := f.source(``)
	n := 0
	err = s.db.RowsOnce(ctx, `SELECT COUNT(*) FROM (SELECT 1 `+source+` LIMIT ?) n`, append(args, most), func(sc db.Scanner) error {
		return sc.Scan(&n)
	})
	return n, err
}

// Among implements view.Lister.
func (s *Store) Among(ctx context.Context, workspace identity.WorkspaceID, q view.Query, ids []conversation.ID) (map[conversation.ID]bool, error) {
	out := make(map[conversation.ID]bool, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	clause, err := s.clause(q)
	if err != nil {
		return nil, err
	}
	args := []any{string(workspace)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	args = db.Padded(args, len(ids))
	query := `SELECT c.conversation_id FROM conversation c WHERE c.workspace_id = ? AND c.conversation_id IN (?` +
		strings.Repeat(`, ?`, len(args)-2) + `) AND ` + present + ` AND (` + clause.SQL + `)`
	err = s.db.RowsOnce(ctx, query, append(args, clause.Args...), func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out[conversation.ID(id)] = true
		return err
	})
	return out, err
}

// Reached implements conversation.Reader.
func (s *Store) Reached(ctx context.Context, workspace identity.WorkspaceID, within identity.Reach, ids []conversation.ID) (map[conversation.ID]bool, error) {
	out := make(map[conversation.ID]bool, len(ids))
	where, bound := reach.Conversations(s.db.Driver(), within, "c")
	for part := range slices.Chunk(ids, 100) {
		args := []any{string(workspace)}
		for _, id := range part {
			args = append(args, string(id))
		}
		args = db.Padded(args, len(part))
		query := `SELECT c.conversation_id FROM conversation c WHERE c.workspace_id = ? AND c.conversation_id IN (?` +
			strings.Repeat(`, ?`, len(args)-2) + `)` + reach.And(where)
		err := s.db.Rows(ctx, query, append(args, bound...), func(sc db.Scanner) error {
			var id string
			err := sc.Scan(&id)
			out[conversation.ID(id)] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// present holds for conversations that are in lists.
const present = `c.merged_into = ''`

type stretch = lists.Stretch[conversationRow]

func stretches(s view.Sort) []stretch {
	updated := func(r *conversationRow) int64 { return r.updated }
	created := func(r *conversationRow) int64 { return r.created }
	switch s {
	case view.WaitingAsc:
		return []stretch{
			{Where: `c.waiting_since > 0`, Key: `waiting_since`, Asc: true, Of: func(r *conversationRow) int64 { return r.waiting }},
			{Where: `c.waiting_since = 0`, Key: `updated_at`, ByState: true, Of: updated},
		}
	case view.PriorityDesc:
		var out []stretch
		for rank := len(conversation.Priorities()) - 1; rank > 0; rank-- {
			out = append(out, stretch{Where: `c.priority > 0 AND c.priority = ` + strconv.Itoa(rank), Key: `updated_at`, Of: updated})
		}
		return append(out, stretch{Where: `c.priority = 0`, Key: `updated_at`, ByState: true, Of: updated})
	case view.CreatedDesc:
		return []stretch{{Where: `1 = 1`, Key: `created_at`, ByState: true, Of: created}}
	case view.CreatedAsc:
		return []stretch{{Where: `1 = 1`, Key: `created_at`, ByState: true, Asc: true, Of: created}}
	default:
		return []stretch{{Where: `1 = 1`, Key: `updated_at`, ByState: true, Of: updated}}
	}
}

// finder is a query on its way to SQL.
type finder struct {
	workspace string
	clause    filters.Clause
	states    []conversation.State
	start     *start // nil: along the order
}

func (s *Store) finder(ctx context.Context, workspace identity.WorkspaceID, q view.Query) (*finder, error) {
	clause, err := s.clause(q)
	if err != nil {
		return nil, err
	}
	f := &finder{workspace: string(workspace), clause: clause, states: states(q.Where)}
	f.start, err = s.begin(ctx, f, q)
	return f, err
}

// clause is the condition of a query, the reach of who asks included.
func (s *Store) clause(q view.Query) (filters.Clause, error) {
	clause, err := filters.Conversations(s.db.Driver(), q.Where, string(q.Me))
	if err != nil {
		return filters.Clause{}, err
	}
	if where, args := reach.Conversations(s.db.Driver(), q.Reach, "c"); where != "" {
		clause.SQL, clause.Args = `(`+clause.SQL+`) AND `+where, append(clause.Args, args...)
	}
	return clause, nil
}

// states lists the states that the plan lets through.
func states(p filter.Plan) []conversation.State {
	all := []conversation.State{conversation.Open, conversation.Snoozed, conversation.Resolved}
	values, ok := p.Required("state")
	if !ok {
		return all
	}
	var out []conversation.State
	for _, state := range all {
		for _, v := range values {
			if v.Text == string(state) {
				out = append(out, state)
			}
		}
	}
	return out
}

// query returns the query of a page of a stretch.
func (f *finder) query(st stretch, from lists.After, limit int) (string, []any) {
	order, sign := st.Direction()
	order = st.Key + order + `, conversation_id` + order
	condition := st.Where
	var bound []any
	if from.ID != "" {
		condition += ` AND (c.` + st.Key + `, c.conversation_id) ` + sign + ` (?, ?)`
		bound = []any{from.Key, from.ID}
	}
	var b strings.Builder
	var args []any
	states := []conversation.State{""}
	if st.ByState && f.start == nil && len(f.states) > 0 {
		states = f.states
	}
	for i, state := range states {
		if i > 0 {
			b.WriteString(` UNION ALL `)
		}
		more := condition
		extra := bound
		if state != "" {
			more, extra = `c.state = ? AND `+condition, append([]any{string(state)}, bound...)
		}
		source, sourceArgs := f.source(more, extra...)
		b.WriteString(`SELECT * FROM (SELECT c.workspace_id, c.conversation_id, c.` + st.Key + ` ` + source +
			` ORDER BY c.` + strings.Replace(order, `, `, `, c.`, 1) + ` LIMIT ?) s` + strconv.Itoa(i))
		args = append(append(args, sourceArgs...), limit)
	}
	return `SELECT ` + conversationColumns + ` FROM (` + b.String() + `) k
JOIN conversation c ON c.workspace_id = k.workspace_id AND c.conversation_id = k.conversation_id` + conversationJoins +
		`ORDER BY k.` + strings.Replace(order, `, `, `, k.`, 1) + ` LIMIT ?`, append(args, limit)
}

// source is the FROM and WHERE of the conversations that are selected, with
// one more condition.
func (f *finder) source(more string, bound ...any) (string, []any) {
	from := `FROM conversation c WHERE c.workspace_id = ?`
	var args []any
	if f.start != nil {
		from = `FROM (` + f.start.query + `) d CROSS JOIN conversation c WHERE c.workspace_id = ? AND c.conversation_id = d.conversation_id`
		args = append(args, f.start.args...)
	}
	args = append(args, f.workspace)
	if more != "" {
		from += ` AND ` + more
		args = append(args, bound...)
	}
	return from + ` AND ` + present + ` AND (` + f.clause.SQL + `)`, append(args, f.clause.Args...)
}
