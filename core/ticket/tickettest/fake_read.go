package tickettest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Get implements ticket.Reader.
func (f *Fake) Get(ctx context.Context, w identity.WorkspaceID, id ticket.ID) (ticket.Ticket, error) {
	s, err := f.space(ctx, w)
	if err != nil {
		return ticket.Ticket{}, err
	}
	t, ok := s.tickets[id]
	if !ok {
		return t, errs.Absent()
	}
	return f.joined(ctx, s, t), nil
}

// OfLink implements ticket.Reader.
func (f *Fake) OfLink(ctx context.Context, id ticket.ID) (ticket.Ticket, error) {
	f.mu.Lock()
	var found *ticket.Ticket
	for _, s := range f.spaces {
		if t, ok := s.tickets[id]; ok {
			found = &t
		}
	}
	f.mu.Unlock()
	if found == nil {
		return ticket.Ticket{}, errs.Absent()
	}
	return f.Get(ctx, found.Workspace, id)
}

// Timeline implements ticket.Reader.
func (f *Fake) Timeline(ctx context.Context, w identity.WorkspaceID, id ticket.ID, r conversation.Range) ([]ticket.Change, error) {
	s, err := f.space(ctx, w)
	if err != nil {
		return nil, err
	}
	limit := r.Limit
	if limit <= 0 {
		limit = page.DefaultLimit
	}
	var out []ticket.Change
	for _, ch := range s.changes[id] {
		seq := ch.Seq
		if r.Public {
			if seq = ch.PublicSeq; seq == 0 {
				continue
			}
		}
		if r.After != nil && seq > *r.After || r.After == nil && (r.Before == 0 || seq < r.Before) {
			out = append(out, ch)
		}
	}
	switch {
	case len(out) <= limit:
	case r.After != nil:
		out = out[:limit]
	default:
		out = out[len(out)-limit:]
	}
	return out, nil
}

// Types implements ticket.Reader.
func (f *Fake) Types(ctx context.Context, w identity.WorkspaceID) ([]ticket.Type, error) {
	s, err := f.space(ctx, w)
	return slices.Clone(s.types), err
}

// HydrateTickets implements ticket.Reader.
func (f *Fake) HydrateTickets(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]ticket.Change, map[ticket.ID]ticket.Ticket, error) {
	changes, tickets := make(map[string]ticket.Change), make(map[ticket.ID]ticket.Ticket)
	s, err := f.space(ctx, w)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range events {
		all := s.changes[ticket.ID(e.Subject)]
		if e.Workspace != string(w) || e.Seq == 0 || e.Seq > uint64(len(all)) || !ticket.Is(e.Type) {
			continue
		}
		changes[e.ID] = all[e.Seq-1]
		id := ticket.ID(e.Subject)
		tickets[id] = f.joined(ctx, s, s.tickets[id])
	}
	return changes, tickets, nil
}

// Find implements ticket.Finder. Its cursor is how many were passed.
func (f *Fake) Find(ctx context.Context, w identity.WorkspaceID, q ticket.Query, p page.Request) (page.Page[ticket.Ticket], error) {
	all, err := f.selected(ctx, w, q)
	if err != nil {
		return page.Page[ticket.Ticket]{}, err
	}
	key, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return page.Page[ticket.Ticket]{}, err
	}
	from := 0
	if key != nil {
		if from, err = strconv.Atoi(key[1]); err != nil || key[0] != string(q.Sort) || from < 0 || from > len(all) {
			return page.Page[ticket.Ticket]{}, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out for this order. Start again without it.")
		}
	}
	out := page.Page[ticket.Ticket]{Items: all[from:]}
	if size := p.Size(); len(out.Items) > size {
		out.Items, out.Next = out.Items[:size], page.Encode(string(q.Sort), strconv.Itoa(from+size))
	}
	return out, nil
}

// Counts implements ticket.Finder.
func (f *Fake) Counts(ctx context.Context, w identity.WorkspaceID, q ticket.Query, now time.Time, most int) (ticket.Counts, error) {
	out := ticket.Counts{ByStatus: make(map[ticket.Status]int)}
	all, err := f.selected(ctx, w, q)
	for _, t := range all {
		out.ByStatus[t.Status] = min(out.ByStatus[t.Status]+1, most)
		if !t.DueAt.IsZero() && !t.DueAt.After(now) && !t.Status.Done() {
			out.Overdue = min(out.Overdue+1, most)
		}
	}
	return out, err
}

// selected returns what the query selects, in its order.
func (f *Fake) selected(ctx context.Context, w identity.WorkspaceID, q ticket.Query) ([]ticket.Ticket, error) {
	s, err := f.space(ctx, w)
	if err != nil {
		return nil, err
	}
	var out []ticket.Ticket
	for _, t := range s.tickets {
		if t = f.joined(ctx, s, t); matches(t, q) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b ticket.Ticket) int { return order(a, b, q.Sort) })
	return out, nil
}

func matches(t ticket.Ticket, q ticket.Query) bool {
	if t.MergedInto != "" || q.Contact != "" && t.Contact != q.Contact || q.Conversation != "" && t.Conversation != q.Conversation || !q.Reach.Covers(t.Holding()) {
		return false
	}
	if text := strings.TrimSpace(q.Text); text != "" {
		n, _ := strconv.ParseUint(strings.TrimLeft(strings.TrimPrefix(strings.ToUpper(text), "T-"), "#"), 10, 63)
		if (n == 0 || n != t.Number) && !strings.Contains(filter.Lower(t.Title), filter.Lower(text)) {
			return false
		}
	}
	return q.Where.Match(row(t))
}

// order compares two tickets as a list has them.
func order(a, b ticket.Ticket, s ticket.Sort) int {
	newest := func(x, y time.Time) int { return cmp.Or(y.Compare(x), strings.Compare(string(b.ID), string(a.ID))) }
	switch s {
	case ticket.ByCreation:
		return newest(a.CreatedAt, b.CreatedAt)
	case ticket.ByDue:
		switch {
		case !a.DueAt.IsZero() && !b.DueAt.IsZero():
			return cmp.Or(a.DueAt.Compare(b.DueAt), strings.Compare(string(a.ID), string(b.ID)))
		case !a.DueAt.IsZero():
			return -1
		case !b.DueAt.IsZero():
			return 1
		}
	case ticket.ByPriority:
		rank := func(t ticket.Ticket) int { return slices.Index(ticket.Priorities(), t.Priority) }
		if d := rank(b) - rank(a); d != 0 {
			return d
		}
	case ticket.ByUpdate:
	}
	return newest(a.UpdatedAt, b.UpdatedAt)
}

// row is a ticket as a filter sees it.
type row ticket.Ticket

// Values implements filter.Row.
func (r row) Values(f filter.Field) []filter.Value {
	t := ticket.Ticket(r)
	texts := func(all ...string) []filter.Value {
		var out []filter.Value
		for _, x := range all {
			if x != "" {
				out = append(out, filter.Value{Text: x})
			}
		}
		return out
	}
	moment := func(at time.Time) []filter.Value {
		if at.IsZero() {
			return nil
		}
		return []filter.Value{{Time: at.UTC().Truncate(time.Millisecond)}}
	}
	switch f.Name {
	case "status":
		return texts(string(t.Status))
	case "type":
		return texts(string(t.Type))
	case "priority":
		return texts(string(t.Priority))
	case "assignee":
		return texts(string(t.Assignee))
	case "team":
		return texts(string(t.Team))
	case "inbox":
		return texts(string(t.Inbox))
	case "contact":
		return texts(string(t.Contact))
	case "contact.organisation":
		return texts(string(t.Organisation))
	case "title":
		return texts(t.Title)
	case "label":
		return texts(strs(t.Labels)...)
	case "follower":
		return texts(strs(t.Followers)...)
	case "due_at":
		return moment(t.DueAt)
	case "created_at":
		return moment(t.CreatedAt)
	case "updated_at":
		return moment(t.UpdatedAt)
	case "solved_at":
		return moment(t.SolvedAt)
	case "number":
		return []filter.Value{{Number: float64(t.Number)}}
	case "rating":
		if t.Rating != nil {
			return []filter.Value{{Number: float64(t.Rating.Score)}}
		}
	case "fields":
		return custom(t.Fields[f.Key], f.Kind)
	}
	return nil
}

func custom(v any, kind filter.Kind) []filter.Value {
	switch v := v.(type) {
	case string:
		if kind != filter.Number && kind != filter.Bool && v != "" {
			return []filter.Value{{Text: v}}
		}
	case float64:
		if kind == filter.Number {
			return []filter.Value{{Number: v}}
		}
	case bool:
		if kind == filter.Bool {
			return []filter.Value{{Bool: v}}
		}
	}
	return nil
}

func strs[T ~string](ids []T) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// Overdue implements ticket.Sweeper.
func (f *Fake) Overdue(ctx context.Context, now time.Time, limit int) ([]ticket.Ref, error) {
	return f.refs(ctx, limit, func(t ticket.Ticket, _ int) bool {
		return !t.DueAt.IsZero() && !t.DueAt.After(now) && !t.DueAt.Equal(t.Overdue) && !t.Status.Done()
	})
}

// SolvedLong implements ticket.Sweeper.
func (f *Fake) SolvedLong(ctx context.Context, now time.Time, limit int) ([]ticket.Ref, error) {
	return f.refs(ctx, limit, func(t ticket.Ticket, days int) bool {
		return t.Status == ticket.Solved && days > 0 && !t.SolvedAt.AddDate(0, 0, days).After(now)
	})
}

func (f *Fake) refs(ctx context.Context, limit int, is func(t ticket.Ticket, days int) bool) ([]ticket.Ref, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []ticket.Ref
	for w, s := range f.spaces {
		workspace, err := f.Identities.Workspace(ctx, w)
		if err != nil {
			return nil, err
		}
		days := workspace.Settings.CloseTickets
		for _, t := range s.tickets {
			if len(out) < limit && is(t, days) {
				out = append(out, ticket.Ref{Workspace: w, ID: t.ID, CloseAfter: time.Duration(days) * 24 * time.Hour})
			}
		}
	}
	return out, nil
}

// Referring implements ticket.Sweeper.
func (f *Fake) Referring(ctx context.Context, w identity.WorkspaceID, to conversation.Reference, limit int) ([]ticket.ID, error) {
	s, err := f.space(ctx, w)
	var out []ticket.ID
	for _, t := range s.tickets {
		if len(out) < limit && (to.Team != "" && t.Team == to.Team || to.Label != "" && slices.Contains(t.Labels, to.Label)) {
			out = append(out, t.ID)
		}
	}
	return out, err
}
