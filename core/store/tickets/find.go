package tickets

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/filters"
	"github.com/patchbay-im/patchbay/core/store/lists"
	"github.com/patchbay-im/patchbay/core/store/reach"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// stretch is in the order of one index for each status.
type stretch = lists.Stretch[row]

func stretches(s ticket.Sort) []stretch {
	updated := func(r *row) int64 { return r.updated }
	switch s {
	case ticket.ByCreation:
		return []stretch{{Where: `1 = 1`, Key: `created_at`, Of: func(r *row) int64 { return r.created }}}
	case ticket.ByDue:
		return []stretch{
			{Where: `t.due_at > 0`, Key: `due_at`, Asc: true, Of: func(r *row) int64 { return r.due }},
			{Where: `t.due_at = 0`, Key: `updated_at`, Of: updated},
		}
	case ticket.ByPriority:
		var out []stretch
		for rank := len(ticket.Priorities()); rank > 0; rank-- {
			out = append(out, stretch{Where: `t.priority = ` + strconv.Itoa(rank), Key: `updated_at`, Of: updated})
		}
		return out
	default:
		return []stretch{{Where: `1 = 1`, Key: `updated_at`, Of: updated}}
	}
}

// Find implements ticket.Finder.
func (s *Store) Find(ctx context.Context, workspace identity.WorkspaceID, q ticket.Query, p page.Request) (page.Page[ticket.Ticket], error) {
	f, err := s.finder(workspace, q)
	if err != nil {
		return page.Page[ticket.Ticket]{}, err
	}
	list := lists.List[row, ticket.Ticket]{
		Order: "t-" + string(q.Sort), Parts: stretches(q.Sort), Query: f.query,
		Dest: (*row).dest, ID: func(r *row) string { return r.id }, Item: (*row).domain,
	}
	out, err := list.Page(ctx, s.db, p)
	if err != nil {
		return out, err
	}
	return out, s.links(ctx, workspace, out.Items)
}

// Counts implements ticket.Finder.
func (s *Store) Counts(ctx context.Context, workspace identity.WorkspaceID, q ticket.Query, now time.Time, most int) (ticket.Counts, error) {
	out := ticket.Counts{ByStatus: make(map[ticket.Status]int)}
	f, err := s.finder(workspace, q)
	if err != nil {
		return out, err
	}
	var b strings.Builder
	var args []any
	for i, status := range f.statuses {
		where, bound := f.where(f.status(), string(status))
		if i > 0 {
			b.WriteString(` UNION ALL `)
		}
		b.WriteString(`SELECT '` + string(status) + `', COUNT(*) FROM (SELECT 1 FROM ticket t WHERE ` + where + ` LIMIT ?) s` + strconv.Itoa(i))
		args = append(append(args, bound...), most)
	}
	if b.Len() > 0 {
		b.WriteString(` UNION ALL `)
	}
	where, bound := f.where(`t.status IN ('new', 'open', 'pending') AND t.due_at > 0 AND t.due_at <= ?`, db.Micros(now))
	b.WriteString(`SELECT '', COUNT(*) FROM (SELECT 1 FROM ticket t WHERE ` + where + ` LIMIT ?) o`)
	args = append(append(args, bound...), most)
	err = s.db.RowsOnce(ctx, b.String(), args, func(sc db.Scanner) error {
		var status string
		var n int
		if err := sc.Scan(&status, &n); err != nil {
			return err
		}
		if status == "" {
			out.Overdue = n
		} else {
			out.ByStatus[ticket.Status(status)] = n
		}
		return nil
	})
	return out, err
}

// finder is a query on its way to SQL.
type finder struct {
	conditions []string
	args       []any
	statuses   []ticket.Status
	lite       bool
	// narrow: what is asked for selects few by an index of its own.
	narrow bool
}

// status is the condition of one status. Without statistics SQLite would read
// all of a status in its order to find the few that something else selects.
func (f *finder) status() string {
	if f.narrow && f.lite {
		return `+t.status = ?`
	}
	return `t.status = ?`
}

func (s *Store) finder(workspace identity.WorkspaceID, q ticket.Query) (*finder, error) {
	clause, err := filters.Tickets(s.db.Driver(), q.Where)
	if err != nil {
		return nil, err
	}
	f := &finder{statuses: statuses(q), lite: s.db.Driver() == db.SQLite, narrow: q.Contact != "" || q.Conversation != ""}
	f.add(`t.workspace_id = ?`, string(workspace))
	f.add(`t.merged_into = ''`)
	if q.Contact != "" {
		f.add(`t.contact_id = ?`, string(q.Contact))
	}
	if q.Conversation != "" {
		f.add(`t.conversation_id = ?`, string(q.Conversation))
	}
	if text := strings.TrimSpace(q.Text); text != "" {
		f.text(text)
	}
	if where, args := reach.Tickets(s.db.Driver(), q.Reach, "t"); where != "" {
		f.add(where, args...)
	}
	f.add(`(`+clause.SQL+`)`, clause.Args...)
	return f, nil
}

func (f *finder) add(condition string, args ...any) {
	f.conditions = append(f.conditions, condition)
	f.args = append(f.args, args...)
}

// text looks for a part of the title, or the number as people write it. What
// can be nothing but a number (T-12, #12) is looked for among the numbers alone.
func (f *finder) text(text string) {
	pattern := `%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(titleKey(text)) + `%`
	digits := strings.TrimLeft(strings.TrimPrefix(strings.ToUpper(text), "T-"), "#")
	switch n, err := strconv.ParseInt(digits, 10, 64); {
	case err != nil || n <= 0:
		f.add(`t.title_key LIKE ? ESCAPE '\'`, pattern)
	case digits != text:
		f.narrow = true
		f.add(`t.number = ?`, n)
	default:
		f.add(`(t.number = ? OR t.title_key LIKE ? ESCAPE '\')`, n, pattern)
	}
}

// where is the condition with one more before it.
func (f *finder) where(more string, bound ...any) (string, []any) {
	return more + ` AND ` + strings.Join(f.conditions, ` AND `), append(bound, f.args...)
}

// statuses lists those that the plan lets through.
func statuses(q ticket.Query) []ticket.Status {
	values, ok := q.Where.Required("status")
	if !ok {
		return ticket.Statuses()
	}
	var out []ticket.Status
	for _, status := range ticket.Statuses() {
		for _, v := range values {
			if v.Text == string(status) {
				out = append(out, status)
				break
			}
		}
	}
	return out
}

// query returns the query of a page of a stretch: a part of each status, in the
// order of its index, and the best of them.
func (f *finder) query(st stretch, from lists.After, limit int) (string, []any) {
	order, sign := st.Direction()
	condition := f.status() + ` AND ` + st.Where
	var after []any
	if from.ID != "" {
		condition += ` AND (t.` + st.Key + `, t.ticket_id) ` + sign + ` (?, ?)`
		after = []any{from.Key, from.ID}
	}
	var b strings.Builder
	var args []any
	all := f.statuses
	if len(all) == 0 { // nothing can be selected
		all = []ticket.Status{""}
	}
	for i, status := range all {
		if i > 0 {
			b.WriteString(` UNION ALL `)
		}
		where, bound := f.where(condition, append([]any{string(status)}, after...)...)
		b.WriteString(`SELECT * FROM (SELECT t.workspace_id, t.ticket_id, t.` + st.Key + ` FROM ticket t WHERE ` + where +
			` ORDER BY t.` + st.Key + order + `, t.ticket_id` + order + ` LIMIT ?) s` + strconv.Itoa(i))
		args = append(append(args, bound...), limit)
	}
	return `SELECT ` + columns + ` FROM (` + b.String() + `) k
JOIN ticket t ON t.workspace_id = k.workspace_id AND t.ticket_id = k.ticket_id` + joins +
		`ORDER BY k.` + st.Key + order + `, k.ticket_id` + order + ` LIMIT ?`, append(args, limit)
}
