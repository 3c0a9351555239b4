package tickets

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/filters"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// stretch is a part of a list: rows in the order of one index for each status.
type stretch struct {
	where string // constant
	key   string // column of the order; the id breaks ties
	asc   bool
	of    func(r *row) int64
}

func stretches(s ticket.Sort) []stretch {
	updated := func(r *row) int64 { return r.updated }
	switch s {
	case ticket.ByCreation:
		return []stretch{{where: `1 = 1`, key: `created_at`, of: func(r *row) int64 { return r.created }}}
	case ticket.ByDue:
		return []stretch{
			{where: `t.due_at > 0`, key: `due_at`, asc: true, of: func(r *row) int64 { return r.due }},
			{where: `t.due_at = 0`, key: `updated_at`, of: updated},
		}
	case ticket.ByPriority:
		var out []stretch
		for rank := len(ticket.Priorities()); rank > 0; rank-- {
			out = append(out, stretch{where: `t.priority = ` + strconv.Itoa(rank), key: `updated_at`, of: updated})
		}
		return out
	default:
		return []stretch{{where: `1 = 1`, key: `updated_at`, of: updated}}
	}
}

// cursor is where a page begins: after a row of a stretch, or at its start.
type cursor struct {
	stretch int
	key     int64
	id      string
}

func (c cursor) write(s ticket.Sort) string {
	return page.Encode("t-"+string(s), strconv.Itoa(c.stretch), strconv.FormatInt(c.key, 10), c.id)
}

func readCursor(s ticket.Sort, text string, parts int) (cursor, error) {
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
	if err != nil || key[0] != "t-"+string(s) || c.stretch >= parts || db.CheckText(c.id) != nil {
		return cursor{}, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out for this order. Start again without it.")
	}
	return c, nil
}

// Find implements ticket.Finder.
func (s *Store) Find(ctx context.Context, workspace identity.WorkspaceID, q ticket.Query, p page.Request) (page.Page[ticket.Ticket], error) {
	var out page.Page[ticket.Ticket]
	f, err := s.finder(workspace, q)
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
			var r row
			if err := sc.Scan(r.dest()...); err != nil {
				return err
			}
			if len(out.Items) == size {
				out.Next = last.write(q.Sort)
				return nil
			}
			last = cursor{stretch: n, key: parts[n].of(&r), id: r.id}
			out.Items = append(out.Items, r.domain())
			return nil
		})
		if err != nil {
			return page.Page[ticket.Ticket]{}, err
		}
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
		where, bound := f.where(`t.status = ?`, string(status))
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
}

func (s *Store) finder(workspace identity.WorkspaceID, q ticket.Query) (*finder, error) {
	clause, err := filters.Tickets(s.db.Driver(), q.Where)
	if err != nil {
		return nil, err
	}
	f := &finder{statuses: statuses(q)}
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
	f.reach(q.Reach)
	f.add(`(`+clause.SQL+`)`, clause.Args...)
	return f, nil
}

func (f *finder) add(condition string, args ...any) {
	f.conditions = append(f.conditions, condition)
	f.args = append(f.args, args...)
}

// text looks for a part of the title, or the number as people write it.
func (f *finder) text(text string) {
	pattern := `%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(titleKey(text)) + `%`
	digits := strings.TrimLeft(strings.TrimPrefix(strings.ToUpper(text), "T-"), "#")
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n > 0 {
		f.add(`(t.number = ? OR t.title_key LIKE ? ESCAPE '\')`, n, pattern)
		return
	}
	f.add(`t.title_key LIKE ? ESCAPE '\'`, pattern)
}

// reach is the one predicate of what somebody sees; identity.Reach.Covers says
// the same.
func (f *finder) reach(r identity.Reach) {
	switch {
	case r.All():
		return
	case r.Member == "" || r.Kind != identity.ReachOwn && r.Kind != identity.ReachTeam:
		f.add(`1 = 0`)
		return
	}
	me := string(r.Member)
	condition := `(t.assignee_id = ? OR t.created_kind = 'agent' AND t.created_by = ?
OR EXISTS (SELECT 1 FROM ticket_follower rf WHERE rf.workspace_id = t.workspace_id AND rf.ticket_id = t.ticket_id AND rf.member_id = ?)`
	args := []any{me, me, me}
	in := func(before string, ids []string) {
		if r.Kind != identity.ReachTeam || len(ids) == 0 {
			return
		}
		condition += before + ` IN (?` + strings.Repeat(`, ?`, len(ids)-1) + `)`
		for _, id := range ids {
			args = append(args, id)
		}
	}
	in(` OR t.team_id`, r.Teams)
	in(` OR t.team_id = '' AND t.inbox_id`, r.Inboxes)
	f.add(condition+`)`, args...)
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
func (f *finder) query(st stretch, from cursor, limit int) (string, []any) {
	order, sign := ` DESC`, `<`
	if st.asc {
		order, sign = ` ASC`, `>`
	}
	condition := `t.status = ? AND ` + st.where
	var after []any
	if from.id != "" {
		condition += ` AND (t.` + st.key + `, t.ticket_id) ` + sign + ` (?, ?)`
		after = []any{from.key, from.id}
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
		b.WriteString(`SELECT * FROM (SELECT t.workspace_id, t.ticket_id, t.` + st.key + ` FROM ticket t WHERE ` + where +
			` ORDER BY t.` + st.key + order + `, t.ticket_id` + order + ` LIMIT ?) s` + strconv.Itoa(i))
		args = append(append(args, bound...), limit)
	}
	return `SELECT ` + columns + ` FROM (` + b.String() + `) k
JOIN ticket t ON t.workspace_id = k.workspace_id AND t.ticket_id = k.ticket_id` + joins +
		`ORDER BY k.` + st.key + order + `, k.ticket_id` + order + ` LIMIT ?`, append(args, limit)
}
