// Package journeytest is the conformance suite of journey.Reader and an
// in-memory fake that passes it.
package journeytest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/page"
)

// Fake reads journeys from the fakes of its neighbours. It implements
// journey.Reader.
type Fake struct {
	Conversations *conversationtest.Fake
}

// Journey implements journey.Reader.
func (f Fake) Journey(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, q journey.Query, p page.Request) (page.Page[journey.Item], error) {
	var out page.Page[journey.Item]
	places, err := journey.PlacesOf(p.Cursor)
	if err != nil {
		return out, err
	}
	seen, err := f.Conversations.Contacts.Reached(ctx, workspace, q.Reach, []contact.ID{id})
	if err != nil || !seen[id] {
		return out, cmp.Or(err, error(errs.Absent()))
	}
	c, known, err := f.Conversations.Contacts.Get(ctx, workspace, id)
	if err != nil || c.MergedInto != "" {
		return out, err
	}
	strands, err := f.talks(ctx, workspace, id, q.Reach)
	if err != nil {
		return out, err
	}
	strands = append(strands, identities(known))
	others, err := f.others(ctx, workspace, id)
	if err != nil {
		return out, err
	}
	strands = append(strands, others...)
	for i := range strands {
		strands[i].Entries = rest(strands[i], places, q.Kinds)
	}
	out.Items, out.Next = journey.Weave(strands, places, min(p.Size(), journey.MaxItems))
	return out, nil
}

// rest returns what of a strand was not shown yet.
func rest(s journey.Strand, places journey.Places, kinds []journey.Kind) []journey.Entry {
	entries := s.Entries
	if place, ok := places.Begun[s.Name]; ok {
		entries = entries[1+slices.IndexFunc(entries, func(e journey.Entry) bool { return e.Place == place }):]
	} else if !places.From.IsZero() {
		entries = slices.DeleteFunc(entries, func(e journey.Entry) bool { return e.At.After(places.From) })
	}
	return slices.DeleteFunc(entries, func(e journey.Entry) bool { return !slices.Contains(kinds, e.Item.Kind) })
}

func (f Fake) talks(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, within identity.Reach) ([]journey.Strand, error) {
	var out []journey.Strand
	p, err := f.Conversations.List(ctx, workspace, conversation.Filter{Reach: within, Contact: id}, page.Request{Limit: page.MaxLimit})
	for _, c := range p.Items {
		changes, err := f.Conversations.Timeline(ctx, workspace, c.ID, conversation.Range{Limit: 1 << 20})
		if err != nil {
			return nil, err
		}
		s := journey.Strand{Name: "c" + string(c.ID)}
		for _, ch := range slices.Backward(changes) {
			s.Entries = append(s.Entries, journey.Entry{At: ch.At, Place: strconv.FormatUint(ch.Seq, 10), Item: journey.Item{
				At: ch.At, Kind: journey.KindOf(ch.Type), Conversation: c.ID, Inbox: c.Inbox, Change: &ch,
			}})
		}
		out = append(out, s)
	}
	return out, err
}

func identities(known []contact.Identity) journey.Strand {
	s := journey.Strand{Name: "i"}
	for _, i := range known {
		if !i.CreatedAt.IsZero() {
			s.Entries = append(s.Entries, journey.Entry{
				At: i.CreatedAt, Place: i.Inbox + " " + i.External,
				Item: journey.Item{At: i.CreatedAt, Kind: journey.Identity, Inbox: channel.InboxID(i.Inbox), Identity: &i},
			})
		}
	}
	slices.SortFunc(s.Entries, func(a, b journey.Entry) int {
		if d := b.At.Compare(a.At); d != 0 {
			return d
		}
		return strings.Compare(b.Place, a.Place)
	})
	return s
}

func (f Fake) others(ctx context.Context, workspace identity.WorkspaceID, id contact.ID) ([]journey.Strand, error) {
	views, notes, merges := journey.Strand{Name: "v"}, journey.Strand{Name: "n"}, journey.Strand{Name: "m"}
	seen, err := all(func(r page.Request) (page.Page[contact.PageView], error) {
		return f.Conversations.Contacts.PageViews(ctx, workspace, id, r)
	})
	if err != nil {
		return nil, err
	}
	for i, v := range seen {
		views.Entries = append(views.Entries, journey.Entry{At: v.At, Place: strconv.Itoa(len(seen) - i), Item: journey.Item{At: v.At, Kind: journey.PageView, View: &v}})
	}
	written, err := all(func(r page.Request) (page.Page[contact.Note], error) {
		return f.Conversations.Contacts.Notes(ctx, workspace, id, r)
	})
	if err != nil {
		return nil, err
	}
	for _, n := range written {
		notes.Entries = append(notes.Entries, journey.Entry{At: n.CreatedAt, Place: string(n.ID), Item: journey.Item{At: n.CreatedAt, Kind: journey.ContactNote, Note: &n}})
	}
	made, err := f.Conversations.Contacts.Merges(ctx, workspace, id)
	for _, m := range made {
		merges.Entries = append(merges.Entries, journey.Entry{At: m.At, Place: string(m.ID), Item: journey.Item{At: m.At, Kind: journey.Merge, Merge: &m}})
	}
	return []journey.Strand{views, notes, merges}, err
}

// all reads every page of a list.
func all[T any](list func(page.Request) (page.Page[T], error)) ([]T, error) {
	var out []T
	for r := (page.Request{Limit: page.MaxLimit}); ; {
		p, err := list(r)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Items...)
		if r.Cursor = p.Next; r.Cursor == "" {
			return out, nil
		}
	}
}
