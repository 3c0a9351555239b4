// Package tickettest is the conformance suite of the ticket ports and an
// in-memory fake that passes it.
package tickettest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Fake keeps tickets in memory, among the fakes of their neighbours. It
// implements Store and Reader of ticket, and is safe for concurrent use.
type Fake struct {
	*conversationtest.Fake // its neighbours, and the feed

	writing sync.Mutex // held by a transaction

	mu     sync.Mutex
	spaces map[identity.WorkspaceID]space // replaced, never changed, by a commit
}

// space is the tickets of a workspace.
type space struct {
	tickets map[ticket.ID]ticket.Ticket
	changes map[ticket.ID][]ticket.Change // by seq - 1
	types   []ticket.Type
	numbers uint64 // given
}

// NewFake returns an empty Fake beside its neighbours.
func NewFake(neighbours *conversationtest.Fake) *Fake {
	return &Fake{Fake: neighbours, spaces: make(map[identity.WorkspaceID]space)}
}

func (f *Fake) space(ctx context.Context, w identity.WorkspaceID) (space, error) {
	workspace, err := f.Identities.Workspace(ctx, w)
	if err != nil {
		return space{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.spaces[w]
	if !ok {
		s = space{
			tickets: map[ticket.ID]ticket.Ticket{}, changes: map[ticket.ID][]ticket.Change{},
			types: []ticket.Type{ticket.General(w, workspace.Locale, workspace.CreatedAt)},
		}
	}
	return s, nil
}

// Within implements ticket.Store.
func (f *Fake) Within(ctx context.Context, w identity.WorkspaceID, fn func(ctx context.Context, tx ticket.Tx) error) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	s, err := f.space(ctx, w)
	if err != nil {
		return err
	}
	tx := &fakeTx{fake: f, workspace: w, space: space{
		tickets: maps.Clone(s.tickets), changes: maps.Clone(s.changes), types: slices.Clone(s.types), numbers: s.numbers,
	}}
	var commitMedia func()
	tx.media, commitMedia = f.Media.Begin(w)
	if err := fn(ctx, tx); err != nil {
		return err
	}
	commitMedia()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spaces[w] = tx.space
	f.Feed.Append(tx.events...)
	return nil
}

type fakeTx struct {
	fake      *Fake
	workspace identity.WorkspaceID
	space     space
	media     media.Tx
	events    []event.Event
}

// Ticket implements ticket.Tx.
func (t *fakeTx) Ticket(ctx context.Context, id ticket.ID) (*ticket.Ticket, error) {
	found, ok := t.space.tickets[id]
	if !ok {
		return nil, errs.Absent()
	}
	found = t.fake.joined(ctx, t.space, found)
	return found.Loaded(), nil
}

// Sent implements ticket.Tx.
func (t *fakeTx) Sent(_ context.Context, id ticket.ID, author, clientID string) (*ticket.Change, error) {
	for _, ch := range t.space.changes[id] {
		if c := ch.Comment; c != nil && c.Author.ID == author && c.ClientID == clientID {
			return &ch, nil
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for nothing
}

// BySource implements ticket.Tx.
func (t *fakeTx) BySource(ctx context.Context, message conversation.MessageID) (*ticket.Ticket, error) {
	for id, k := range t.space.tickets {
		if k.Source == message {
			return t.Ticket(ctx, id)
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for none
}

// OpenOf implements ticket.Tx.
func (t *fakeTx) OpenOf(ctx context.Context, of conversation.ID) (*ticket.Ticket, error) {
	var last ticket.Ticket
	for _, k := range t.space.tickets {
		if k.Conversation == of && k.Source != "" && !k.Status.Done() && k.MergedInto == "" && k.Number > last.Number {
			last = k
		}
	}
	if last.ID == "" {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	return t.Ticket(ctx, last.ID)
}

// Absorbs implements ticket.Tx.
func (t *fakeTx) Absorbs(_ context.Context, id ticket.ID) (bool, error) {
	for _, o := range t.space.tickets {
		if o.MergedInto == id {
			return true, nil
		}
	}
	return false, nil
}

// Media implements ticket.Tx.
func (t *fakeTx) Media() media.Tx { return t.media }

// Save implements ticket.Tx.
func (t *fakeTx) Save(ctx context.Context, k *ticket.Ticket) error {
	if k.Workspace != t.workspace {
		return errs.Absent()
	}
	u := k.Unsaved()
	if u.New {
		t.space.numbers++
		k.Number = t.space.numbers
	}
	if err := t.known(ctx, t.space.tickets[k.ID], *k); err != nil {
		return err
	}
	k.Arrive(t.space.tickets[k.ID])
	for _, ch := range u.Changes {
		t.space.changes[k.ID] = append(slices.Clip(t.space.changes[k.ID]), stored(ch))
		t.events = append(t.events, event.Event{
			ID: string(ch.ID), Workspace: string(t.workspace), Type: string(ch.Type), Subject: string(k.ID),
			Seq: ch.Seq, PublicSeq: ch.PublicSeq, At: ch.At,
		})
	}
	k.Saved()
	t.space.tickets[k.ID] = *k
	return nil
}

// stored is a change as it comes back: who acted keeps no role.
func stored(ch ticket.Change) ticket.Change {
	ch.Actor.Role = ""
	if ch.Comment != nil {
		c := *ch.Comment
		c.Author.Role = ""
		ch.Comment = &c
	}
	return ch
}

func (t *fakeTx) known(ctx context.Context, before, now ticket.Ticket) error {
	w := t.workspace
	checks := []struct {
		anew bool
		ask  func() error
	}{
		{now.Team != before.Team && now.Team != "", func() error { _, err := t.fake.Teams.Team(ctx, w, now.Team); return err }},
		{now.Contact != before.Contact && now.Contact != "", func() error { _, _, err := t.fake.Contacts.Get(ctx, w, now.Contact); return err }},
		{now.Conversation != before.Conversation && now.Conversation != "", func() error { _, err := t.fake.Fake.Get(ctx, w, now.Conversation); return err }},
		{now.Assignee != before.Assignee && now.Assignee != "", func() error { _, err := t.fake.Identities.Member(ctx, w, now.Assignee); return err }},
		{now.Type != before.Type, func() error {
			if !slices.ContainsFunc(t.space.types, func(y ticket.Type) bool { return y.ID == now.Type }) {
				return errs.Absent()
			}
			return nil
		}},
	}
	for _, c := range checks {
		if !c.anew {
			continue
		}
		if err := c.ask(); err != nil {
			return err
		}
	}
	return nil
}

// Types implements ticket.TypeTx.
func (t *fakeTx) Types(context.Context) ([]ticket.Type, error) {
	return slices.Clone(t.space.types), nil
}

// SaveType implements ticket.TypeTx.
func (t *fakeTx) SaveType(_ context.Context, y ticket.Type, e event.Event) error {
	i := slices.IndexFunc(t.space.types, func(o ticket.Type) bool { return o.ID == y.ID })
	if i >= 0 {
		t.space.types[i] = y
	} else {
		t.space.types = append(t.space.types, y)
	}
	t.events = append(t.events, e)
	return nil
}

// DeleteType implements ticket.TypeTx.
func (t *fakeTx) DeleteType(_ context.Context, id ticket.TypeID, e event.Event) (bool, error) {
	for _, k := range t.space.tickets {
		if k.Type == id {
			return false, nil
		}
	}
	before := len(t.space.types)
	t.space.types = slices.DeleteFunc(t.space.types, func(y ticket.Type) bool { return y.ID == id })
	if len(t.space.types) == before {
		return false, nil
	}
	t.events = append(t.events, e)
	return true, nil
}

// joined fills in what a store joins.
func (f *Fake) joined(ctx context.Context, s space, t ticket.Ticket) ticket.Ticket {
	t.ContactName, t.Organisation, t.AssigneeName = "", "", ""
	if t.Contact != "" {
		if who, _, err := f.Contacts.Get(ctx, t.Workspace, t.Contact); err == nil {
			t.ContactName, t.Organisation = who.Name, who.Organisation
		}
	}
	if t.Assignee != "" {
		if m, err := f.Identities.Member(ctx, t.Workspace, t.Assignee); err == nil {
			t.AssigneeName = m.Name
		}
	}
	t.Links = slices.Clone(t.Links)
	for i, l := range t.Links {
		if o, ok := s.tickets[l.Ticket]; ok {
			t.Links[i].Number, t.Links[i].Title, t.Links[i].Status = o.Number, o.Title, o.Status
		}
	}
	if t.Fields != nil {
		b, _ := json.Marshal(t.Fields)
		t.Fields = nil
		_ = json.Unmarshal(b, &t.Fields)
	}
	t.CreatedBy.Role = ""
	return t
}
