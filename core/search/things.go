package search

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/page"
)

// things returns a page of contacts or conversations. Their cursor is how many
// were returned before.
func (f *finder) things(ctx context.Context, kind Kind) ([]Item, string, error) {
	if kind == Contact && f.q.Filter != nil {
		return nil, "", errs.New(errs.Invalid, "search.filter", "A filter is about conversations: look for contacts without it.").
			WithFields(errs.Field{Pointer: "filter", Code: "type", Detail: "does not go with contacts"})
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

// best returns contacts or conversations, the best first.
func (f *finder) best(ctx context.Context, kind Kind) ([]Item, error) {
	query := f.query
	hits, err := f.index.Find(ctx, f.scope.Workspace, Lookup{Kind: kind, Needs: query.Needs, Limit: ranked})
	if err != nil {
		return nil, err
	}
	phone, isPhone := query.phone(f.q.Text)
	if isPhone {
		more, err := f.index.Find(ctx, f.scope.Workspace, Lookup{Kind: kind, Needs: phone.Needs, Limit: ranked})
		if err != nil {
			return nil, err
		}
		hits = append(hits, more...)
	}
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var out []Item
	if kind == Contact {
		out, err = f.people(ctx, ids)
	} else {
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

func idOf(i Item) string {
	if i.Person != nil {
		return i.Person.ID
	}
	return string(i.Conversation.ID)
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
func (f *finder) quality(texts ...string) float64 {
	best := 1.0
	want := folded(f.q.Text)
	for _, text := range texts {
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
	fields := ConversationTexts(c, p)
	names, texts := make([]string, len(fields)), make([]string, len(fields))
	for i, x := range fields {
		names[i], texts[i] = x[0], x[1]
	}
	item := Item{Kind: Conversation, Conversation: &c, Score: f.score(f.quality(texts...), c.UpdatedAt)}
	spans, ok := f.query.match(texts...)
	if !ok {
		phone, isPhone := f.query.phone(f.q.Text)
		if !isPhone || !strings.Contains(digits(p.Phone), phone.runs[0].text()) {
			return Item{}, false
		}
		item.Highlights = []Highlight{{"contact.phone", []Part{{p.Phone, true}}}}
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
	var keys []string
	for k, v := range c.Attributes {
		if _, ok := v.(string); ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		text, _ := c.Attributes[k].(string)
		out = append(out, [2]string{"attributes." + k, text})
	}
	return out
}
