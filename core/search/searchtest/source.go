package searchtest

import (
	"context"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/search"
)

// Source reads the conversations of a fake. It implements search.Source: of
// the feed it says that everything may have changed.
type Source struct {
	fake *conversationtest.Fake
}

// NewSource returns a Source.
func NewSource(f *conversationtest.Fake) *Source { return &Source{f} }

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
	found, err := s.fake.List(ctx, w, conversation.Filter{Reach: identity.Everywhere()}, page.Request{Limit: page.MaxLimit})
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
		changes, err := s.fake.Timeline(ctx, w, c.ID, conversation.Range{After: new(uint64), Limit: 10_000})
		if err != nil {
			return nil, err
		}
		for _, ch := range changes {
			if m := ch.Message; m != nil && m.Seq == ch.Seq {
				out = append(out, search.Document{Key: search.Key{Kind: search.Message, ID: string(c.ID), Seq: m.Seq}, At: m.CreatedAt, Terms: search.Terms(m.Text)})
			}
		}
	}
	return out, nil
}

// Messages implements search.Source.
func (s *Source) Messages(ctx context.Context, w identity.WorkspaceID, keys []search.Key) (map[search.Key]conversation.Message, error) {
	out := make(map[search.Key]conversation.Message)
	for _, k := range keys {
		after := k.Seq - 1
		changes, err := s.fake.Timeline(ctx, w, conversation.ID(k.ID), conversation.Range{After: &after, Limit: 1})
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
		if c, err := s.fake.Get(ctx, w, id); err == nil {
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
