package search

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/page"
)

// things returns a page of contacts, conversations or tickets. Their cursor is
// how many were returned before.
func (f *finder) things(ctx context.Context, kind Kind) ([]Item, string, error) {
	if kind != Conversation && f.q.Filter != nil {
		return nil, "", errs.New(errs.Invalid, "search.filter", "A filter is about conversations: look for contacts and tickets without it.").
			WithFields(errs.Field{Pointer: "filter", Code: "type", Detail: "does not go with contacts and tickets"})
	}
	from := 0
	if f.cursor != nil {
		n, err := strconv.ParseUint(f.cursor[2], 10, 16)
		if err != nil || f.cursor[1] != "" {
			return nil, "", errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
		from = int(n)
	}
	best, err := f.best(ctx, kind)
	if err != nil {
		return nil, "", err
	}
	best = best[min(from, len(best)):]
	if size := f.q.Page.Size(); len(best) > size {
		return best[:size], page.Encode("0", "", strconv.Itoa(from+size)), nil
	}
	return best, "", nil
}

// best returns contacts, conversations or tickets, the best first.
func (f *finder) best(ctx context.Context, kind Kind) ([]Item, error) {
	ids, err := f.candidates(ctx, kind)
	if err != nil {
		return nil, err
	}
	var out []Item
	switch kind {
	case Contact:
		out, err = f.people(ctx, ids)
	case Ticket:
		out, err = f.tickets(ctx, ids)
	default:
		out, err = f.conversations(ctx, ids)
	}
	slices.SortStableFunc(out, func(a, b Item) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return strings.Compare(idOf(b), idOf(a))
	})
	return out, err
}

// candidates returns the ids of what the index has for the question, read as a
// phone number and as a ticket's number, too. A ticket's own number is looked
// for as it is, however many begin so.
func (f *finder) candidates(ctx context.Context, kind Kind) ([]string, error) {
	asks := [][]Need{f.query.Needs}
	if phone, ok := f.query.phone(f.q.Text); ok {
		asks = append(asks, phone.Needs)
	}
	if n, ok := ticketNumber(f.q.Text); ok && kind == Ticket {
		asks = append(asks, []Need{{Term: strconv.FormatUint(n, 10)}})
	}
	var ids []string
	for _, needs := range asks {
		hits, err := f.index.Find(ctx, f.scope.Workspace, Lookup{Kind: kind, Needs: needs, Limit: ranked})
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			ids = append(ids, h.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func idOf(i Item) string {
	switch {
	case i.Person != nil:
		return i.Person.ID
	case i.Ticket != nil:
		return string(i.Ticket.ID)
	default:
		return string(i.Conversation.ID)
	}
}

func (f *finder) people(ctx context.Context, ids []string) ([]Item, error) {
	people, err := f.source.People(ctx, f.scope.Workspace, f.scope.Reach(), ids)
	if err != nil {
		return nil, err
	}
	var out []Item
	for _, id := range ids {
		p, ok := people[id]
		if !ok {
			continue
		}
		highlights, quality, ok := f.person(p)
		if ok {
			out = append(out, Item{Kind: Contact, Person: &p, Highlights: highlights, Score: f.score(quality, p.UpdatedAt)})
		}
	}
	return out, nil
}

// person compares the question with what a contact is known by.
func (f *finder) person(p Person) ([]Highlight, float64, bool) {
	names := []string{"name", "email", "phone", "organisation"}
	texts := []string{p.Name, p.Email, p.Phone, p.Organisation}
	spans, ok := f.query.match(texts...)
	if !ok {
		phone, isPhone := f.query.phone(f.q.Text)
		if !isPhone || !strings.Contains(digits(p.Phone), phone.runs[0].text()) {
			return nil, 0, false
		}
		spans = [][]span{nil, nil, {{0, len(p.Phone)}}, nil}
	}
	var out []Highlight
	for i, text := range texts {
		if len(spans[i]) > 0 {
			out = append(out, Highlight{names[i], parts(text, spans[i])})
		}
	}
	return out, f.quality(p.Name, p.Email, p.Phone), true
}

// quality is 3 for a text that is the question, 2 for one that begins with it.
// A long text is what somebody wrote, and no name of anything.
func (f *finder) quality(texts ...string) float64 {
	const long = 800 // bytes
	best := 1.0
	want := folded(f.q.Text)
	for _, text := range texts {
		if len(text) > long {
			continue
		}
		switch have := folded(text); {
		case have == want:
			return 3
		case strings.HasPrefix(have, want):
			best = 2
		}
	}
	return best
}

func folded(s string) string {
	return run{units: units(strings.TrimSpace(s))}.text()
}

func (f *finder) conversations(ctx context.Context, ids []string) ([]Item, error) {
	keys := make([]conversation.ID, len(ids))
	for i, id := range ids {
		keys[i] = conversation.ID(id)
	}
	shown, err := f.shown(ctx, keys)
	if err != nil {
		return nil, err
	}
	people := make([]string, 0, len(ids))
	for _, c := range shown {
		people = append(people, string(c.Contact))
	}
	persons, err := f.source.People(ctx, f.scope.Workspace, f.scope.Reach(), people)
	if err != nil {
		return nil, err
	}
	var out []Item
	for _, id := range ids {
		c, ok := shown[conversation.ID(id)]
		if !ok || string(c.ID) != id {
			continue
		}
		if item, ok := f.conversation(c, persons[string(c.Contact)]); ok {
			out = append(out, item)
		}
	}
	return out, nil
}

// conversation compares the question with what a conversation is known by: its
// number, its contact and its custom attributes.
func (f *finder) conversation(c conversation.Conversation, p Person) (Item, bool) {
	item := Item{Kind: Conversation, Conversation: &c}
	return f.known(item, ConversationTexts(c, p), p.Phone, c.UpdatedAt)
}

// known compares the question with what something is known by: fields and
// texts, and the phone number of its contact.
func (f *finder) known(item Item, fields [][2]string, phone string, at time.Time) (Item, bool) {
	names, texts := make([]string, len(fields)), make([]string, len(fields))
	for i, x := range fields {
		names[i], texts[i] = x[0], x[1]
	}
	item.Score = f.score(f.quality(texts...), at)
	spans, ok := f.query.match(texts...)
	if !ok {
		asked, isPhone := f.query.phone(f.q.Text)
		if !isPhone || !strings.Contains(digits(phone), asked.runs[0].text()) {
			return Item{}, false
		}
		item.Highlights = []Highlight{{"contact.phone", []Part{{phone, true}}}}
		return item, true
	}
	for i := range texts {
		if len(spans[i]) > 0 {
			item.Highlights = append(item.Highlights, Highlight{names[i], parts(texts[i], spans[i])})
		}
	}
	return item, true
}

// ConversationTexts lists what a conversation is known by: field and text.
func ConversationTexts(c conversation.Conversation, p Person) [][2]string {
	out := [][2]string{
		{"number", strconv.FormatUint(c.Number, 10)}, {"contact.name", p.Name}, {"contact.email", p.Email}, {"contact.phone", p.Phone},
	}
	return custom(out, "attributes.", c.Attributes)
}

// custom adds the texts among values of custom fields, by key.
func custom(out [][2]string, prefix string, values map[string]any) [][2]string {
	for _, k := range slices.Sorted(maps.Keys(values)) {
		if text, ok := values[k].(string); ok {
			out = append(out, [2]string{prefix + k, text})
		}
	}
	return out
}
