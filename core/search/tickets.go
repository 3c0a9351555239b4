package search

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/ticket"
)

// tickets returns those of the tickets that match themselves, and those that
// have a comment that does: together with the newest of these.
func (f *finder) tickets(ctx context.Context, ids []string) ([]Item, error) {
	written, err := f.comments(ctx)
	if err != nil {
		return nil, err
	}
	wanted := make([]ticket.ID, 0, len(ids)+len(written))
	for _, id := range ids {
		wanted = append(wanted, ticket.ID(id))
	}
	for _, c := range written {
		wanted = append(wanted, c.Ticket)
	}
	slices.Sort(wanted)
	found, err := f.reached(ctx, slices.Compact(wanted))
	if err != nil {
		return nil, err
	}
	people := make([]string, 0, len(found))
	for _, t := range found {
		people = append(people, string(t.Contact))
	}
	slices.Sort(people)
	persons, err := f.source.People(ctx, f.scope.Workspace, f.scope.Reach(), slices.Compact(people))
	if err != nil {
		return nil, err
	}
	var out []Item
	done := make(map[ticket.ID]bool, len(found))
	for _, id := range ids {
		t, ok := found[ticket.ID(id)]
		if !ok {
			continue
		}
		if item, ok := f.ticket(t, persons[string(t.Contact)]); ok {
			done[t.ID] = true
			out = append(out, item)
		}
	}
	return f.said(out, written, found, done), nil
}

// reached returns tickets that the actor reaches, by id.
func (f *finder) reached(ctx context.Context, ids []ticket.ID) (map[ticket.ID]ticket.Ticket, error) {
	found, err := f.source.Tickets(ctx, f.scope.Workspace, ids)
	within := f.scope.Reach()
	for id, t := range found {
		if !within.Covers(t.Holding()) {
			delete(found, id)
		}
	}
	return found, err
}

// comments returns comments that the index has for the question, the newest first.
func (f *finder) comments(ctx context.Context) ([]ticket.Comment, error) {
	hits, err := f.index.Find(ctx, f.scope.Workspace, Lookup{Kind: Comment, Needs: f.query.Needs, Limit: ranked})
	if err != nil || len(hits) == 0 {
		return nil, err
	}
	keys := make([]Key, len(hits))
	for i, h := range hits {
		keys[i] = Key{Kind: Comment, ID: h.ID}
	}
	found, err := f.source.Comments(ctx, f.scope.Workspace, keys)
	slices.SortFunc(found, func(a, b ticket.Comment) int {
		if n := b.CreatedAt.Compare(a.CreatedAt); n != 0 {
			return n
		}
		return strings.Compare(string(b.ID), string(a.ID))
	})
	return found, err
}

// said adds the tickets that were found by a comment alone.
func (f *finder) said(out []Item, written []ticket.Comment, found map[ticket.ID]ticket.Ticket, done map[ticket.ID]bool) []Item {
	for _, c := range written {
		t, ok := found[c.Ticket]
		if !ok || done[t.ID] {
			continue
		}
		texts := []string{c.Text}
		for _, a := range c.Attachments {
			texts = append(texts, a.Name)
		}
		spans, ok := f.query.match(texts...)
		if !ok {
			continue
		}
		done[t.ID] = true
		item := Item{Kind: Ticket, Ticket: &t, Comment: &c, Score: f.score(1, c.CreatedAt)}
		for i, text := range texts {
			if len(spans[i]) > 0 {
				item.Highlights = append(item.Highlights, Highlight{fieldOf(i), parts(text, spans[i])})
			}
		}
		out = append(out, item)
	}
	return out
}

// ticket compares the question with what a ticket is known by, and with its
// number as people write it.
func (f *finder) ticket(t ticket.Ticket, p Person) (Item, bool) {
	item := Item{Kind: Ticket, Ticket: &t}
	if n, ok := ticketNumber(f.q.Text); ok && n == t.Number {
		item.Score = f.score(3, t.UpdatedAt)
		item.Highlights = []Highlight{{"number", []Part{{ticket.Label(n), true}}}}
		return item, true
	}
	return f.known(item, TicketTexts(t, p), p.Phone, t.UpdatedAt)
}

// TicketTexts lists what a ticket is known by: field and text. Its comments are
// documents of their own.
func TicketTexts(t ticket.Ticket, p Person) [][2]string {
	own := [][2]string{
		{"number", ticket.Label(t.Number)},
		{"title", t.Title},
		{"description", t.Description},
		{"contact.name", p.Name},
		{"contact.email", p.Email},
		{"contact.phone", p.Phone},
	}
	return custom(own, "fields.", t.Fields)
}

// ticketNumber reads a question as the number of a ticket: T-12, t12, #12 or 12.
func ticketNumber(text string) (uint64, bool) {
	text = strings.TrimSpace(strings.ToLower(text))
	if rest, ok := strings.CutPrefix(text, "t"); ok {
		text = strings.TrimPrefix(rest, "-")
	} else {
		text = strings.TrimPrefix(text, "#")
	}
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 63)
	return n, err == nil && n > 0
}
