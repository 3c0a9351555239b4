package searchtest

import (
	"context"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/ticket/tickettest"
)

// Source reads the conversations and tickets of a fake. It implements search.Source: of
// the feed it says that everything may have changed.
type Source struct {
	fake    *tickettest.Fake
	talks   conversation.Reader
	tickets ticket.Reader
}

// NewSource returns a Source.
func NewSource(f *tickettest.Fake) *Source { return &Source{fake: f, talks: f.Fake, tickets: f} }

// Head implements search.Source.
func (s *Source) Head(ctx context.Context, w identity.WorkspaceID) (uint64, error) {
	return s.fake.Feed.Head(ctx, string(w))
}

// Scan implements search.Source, in one step.
func (s *Source) Scan(ctx context.Context, w identity.WorkspaceID, _ string, _ int) ([]search.Document, string, error) {
	docs, err := s.all(ctx, w)
	return docs, "", err
}

// Since implements search.Source.
func (s *Source) Since(ctx context.Context, w identity.WorkspaceID, _ uint64, _ int) (search.Delta, error) {
	docs, err := s.all(ctx, w)
	if err != nil {
		return search.Delta{}, err
	}
	head, err := s.Head(ctx, w)
	return search.Delta{Put: docs, Through: head}, err
}

func (s *Source) all(ctx context.Context, w identity.WorkspaceID) ([]search.Document, error) {
	var out []search.Document
	found, err := s.talks.List(ctx, w, conversation.Filter{Reach: identity.Everywhere()}, page.Request{Limit: page.MaxLimit})
	if err != nil {
		return nil, err
	}
	for _, c := range found.Items {
		people, err := s.People(ctx, w, identity.Everywhere(), []string{string(c.Contact)})
		if err != nil {
			return nil, err
		}
		p := people[string(c.Contact)]
		var texts []string
		for _, x := range search.ConversationTexts(c, p) {
			texts = append(texts, x[1])
		}
		out = append(out,
			search.Document{Key: search.Key{Kind: search.Contact, ID: p.ID}, At: p.CreatedAt, Terms: append(search.Terms(p.Name, p.Email, p.Phone), search.PhoneTerms(p.Phone)...)},
			search.Document{Key: search.Key{Kind: search.Conversation, ID: string(c.ID)}, At: c.CreatedAt, Terms: search.Terms(texts...)})
		changes, err := s.talks.Timeline(ctx, w, c.ID, conversation.Range{After: new(uint64), Limit: 10_000})
		if err != nil {
			return nil, err
		}
		for _, ch := range changes {
			if m := ch.Message; m != nil && m.Seq == ch.Seq {
				out = append(out, search.Document{Key: search.Key{Kind: search.Message, ID: string(c.ID), Seq: m.Seq}, At: m.CreatedAt, Terms: search.Terms(m.Text)})
			}
		}
	}
	work, err := s.work(ctx, w)
	return append(out, work...), err
}

// work are tickets and their comments.
func (s *Source) work(ctx context.Context, w identity.WorkspaceID) ([]search.Document, error) {
	var out []search.Document
	found, err := s.tickets.Find(ctx, w, ticket.Query{Reach: identity.Everywhere()}, page.Request{Limit: page.MaxLimit})
	for _, t := range found.Items {
		people, err := s.People(ctx, w, identity.Everywhere(), []string{string(t.Contact)})
		if err != nil {
			return nil, err
		}
		p := people[string(t.Contact)]
		var texts []string
		for _, x := range search.TicketTexts(t, p) {
			texts = append(texts, x[1])
		}
		terms := append(search.Terms(texts...), search.PhoneTerms(p.Phone)...)
		out = append(out, search.Document{Key: search.Key{Kind: search.Ticket, ID: string(t.ID)}, At: t.CreatedAt, Terms: terms})
		changes, err := s.tickets.Timeline(ctx, w, t.ID, conversation.Range{After: new(uint64), Limit: 10_000})
		if err != nil {
			return nil, err
		}
		for _, ch := range changes {
			if c := ch.Comment; c != nil {
				out = append(out, search.Document{Key: search.CommentKey(t.ID, c.Seq), At: c.CreatedAt, Terms: search.Terms(c.Text)})
			}
		}
	}
	return out, err
}

// Tickets implements search.Work.
func (s *Source) Tickets(ctx context.Context, w identity.WorkspaceID, ids []ticket.ID) (map[ticket.ID]ticket.Ticket, error) {
	out := make(map[ticket.ID]ticket.Ticket)
	for _, id := range ids {
		if t, err := s.tickets.Get(ctx, w, id); err == nil && t.MergedInto == "" {
			out[id] = t
		}
	}
	return out, nil
}

// Comments implements search.Work.
func (s *Source) Comments(ctx context.Context, w identity.WorkspaceID, keys []search.Key) ([]ticket.Comment, error) {
	var out []ticket.Comment
	for _, k := range keys {
		of, seq := search.OfComment(k.ID)
		after := seq - 1
		changes, err := s.tickets.Timeline(ctx, w, of, conversation.Range{After: &after, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(changes) == 1 && changes[0].Comment != nil && changes[0].Seq == seq {
			out = append(out, *changes[0].Comment)
		}
	}
	return out, nil
}

// Messages implements search.Source.
func (s *Source) Messages(ctx context.Context, w identity.WorkspaceID, keys []search.Key) (map[search.Key]conversation.Message, error) {
	out := make(map[search.Key]conversation.Message)
	for _, k := range keys {
		after := k.Seq - 1
		changes, err := s.talks.Timeline(ctx, w, conversation.ID(k.ID), conversation.Range{After: &after, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(changes) == 1 && changes[0].Message != nil && changes[0].Seq == k.Seq {
			out[k] = *changes[0].Message
		}
	}
	return out, nil
}

// Conversations implements search.Source.
func (s *Source) Conversations(ctx context.Context, w identity.WorkspaceID, ids []conversation.ID) (map[conversation.ID]conversation.Conversation, error) {
	out := make(map[conversation.ID]conversation.Conversation)
	for _, id := range ids {
		if c, err := s.talks.Get(ctx, w, id); err == nil {
			out[id] = c
		}
	}
	return out, nil
}

// People implements search.Source.
func (s *Source) People(ctx context.Context, w identity.WorkspaceID, within identity.Reach, ids []string) (map[string]search.Person, error) {
	out := make(map[string]search.Person)
	for _, id := range ids {
		if seen, err := s.fake.Contacts.Reached(ctx, w, within, []contact.ID{contact.ID(id)}); err != nil || !seen[contact.ID(id)] {
			continue
		}
		if c, _, err := s.fake.Contacts.Get(ctx, w, contact.ID(id)); err == nil {
			out[id] = search.Person{ID: id, Name: c.Name, Email: c.Email, Phone: c.Phone, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt}
		}
	}
	return out, nil
}
