package conversations

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/filters"
	"github.com/patchbay-im/patchbay/core/store/reach"
	"github.com/patchbay-im/patchbay/core/view"
)

// Find implements view.Lister.
//
// A list is read in stretches: each is a part of an index that is in the order
// asked for already, so that a page costs the rows it passes. Where the filter
// demands one of few values of something that has an index of its own (see
// starts), and few conversations have it, those are read and sorted instead.
func (s *Store) Find(ctx context.Context, workspace identity.WorkspaceID, q view.Query, p page.Request) (page.Page[conversation.Conversation], error) {
	var out page.Page[conversation.Conversation]
	f, err := s.finder(ctx, workspace, q)
	if err != nil {
		return out, err
	}
	parts := stretches(q.Sort)
	from, err := readCursor(q.Sort, p.Cursor, len(parts))
	if err != nil {
		return out, err
	}
	size, last := p.Size(), cursor{}
	for n := from.stretch; n < len(parts) && out.Next == ""; n++ {
		query, args := f.query(parts[n], from, size+1-len(out.Items))
		from = cursor{}
		err := s.db.RowsOnce(ctx, query, args, func(sc db.Scanner) error {
			var row conversationRow
			if err := sc.Scan(row.dest()...); err != nil {
				return err
			}
			if len(out.Items) == size {
				out.Next = last.write(q.Sort)
				return nil
			}
			last = cursor{stretch: n, key: parts[n].of(&row), id: row.id}
			out.Items = append(out.Items, row.domain())
			return nil
		})
		if err != nil {
			return page.Page[conversation.Conversation]{}, err
		}
	}
	return out, nil
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

// stretch is a part of a list: the rows of one index in its order.
type stretch struct {
	where   string // constant
	key     string // column of the order; the id breaks ties
	asc     bool
	byState bool // the index begins with the state
	of      func(r *conversationRow) int64
}

func stretches(s view.Sort) []stretch {
	updated := func(r *conversationRow) int64 { return r.updated }
	created := func(r *conversationRow) int64 { return r.created }
	switch s {
	case view.WaitingAsc:
		return []stretch{
			{where: `c.waiting_since > 0`, key: `waiting_since`, asc: true, of: func(r *conversationRow) int64 { return r.waiting }},
			{where: `c.waiting_since = 0`, key: `updated_at`, byState: true, of: updated},
		}
	case view.PriorityDesc:
		var out []stretch
		for rank := len(conversation.Priorities()) - 1; rank > 0; rank-- {
			out = append(out, stretch{where: `c.priority > 0 AND c.priority = ` + strconv.Itoa(rank), key: `updated_at`, of: updated})
		}
		return append(out, stretch{where: `c.priority = 0`, key: `updated_at`, byState: true, of: updated})
	case view.CreatedDesc:
		return []stretch{{where: `1 = 1`, key: `created_at`, byState: true, of: created}}
	case view.CreatedAsc:
		return []stretch{{where: `1 = 1`, key: `created_at`, byState: true, asc: true, of: created}}
	default:
		return []stretch{{where: `1 = 1`, key: `updated_at`, byState: true, of: updated}}
	}
}

// cursor is where a page begins: after a row of a stretch, or at its start.
type cursor struct {
	stretch int
	key     int64
	id      string
}

func (c cursor) write(s view.Sort) string {
	return page.Encode(string(s), strconv.Itoa(c.stretch), strconv.FormatInt(c.key, 10), c.id)
}

func readCursor(s view.Sort, text string, parts int) (cursor, error) {
	key, err := page.Decode(text, 4)
	if err != nil || key == nil {
		return cursor{}, err
	}
	c := cursor{id: key[3]}
	n, err := strconv.ParseUint(key[1], 10, 8)
	c.stretch = int(n)
	if err == nil {
		c.key, err = strconv.ParseInt(key[2], 10, 64)
	}
	if err != nil || key[0] != string(s) || c.stretch >= parts || db.CheckText(c.id) != nil {
		return cursor{}, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out for this order. Start again without it.")
	}
	return c, nil
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
func (f *finder) query(st stretch, from cursor, limit int) (string, []any) {
	order, sign := ` DESC`, `<`
	if st.asc {
		order, sign = ` ASC`, `>`
	}
	order = st.key + order + `, conversation_id` + order
	condition := st.where
	var bound []any
	if from.id != "" {
		condition += ` AND (c.` + st.key + `, c.conversation_id) ` + sign + ` (?, ?)`
		bound = []any{from.key, from.id}
	}
	var b strings.Builder
	var args []any
	states := []conversation.State{""}
	if st.byState && f.start == nil && len(f.states) > 0 {
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
		b.WriteString(`SELECT * FROM (SELECT c.workspace_id, c.conversation_id, c.` + st.key + ` ` + source +
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
