// Package surveytest is the conformance suite of survey.Store and a fake that
// passes it.
package surveytest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/ticket/tickettest"
)

// Fake reads ratings from the changes of conversations, and from tickets, in memory.
type Fake struct {
	Conversations *conversationtest.Fake
	Tickets       *tickettest.Fake // nil = there are none
}

func (f Fake) all(ctx context.Context) ([]survey.Rating, error) {
	workspaces, err := f.Conversations.Identities.Workspaces(ctx, page.Request{Limit: page.MaxLimit})
	if err != nil {
		return nil, err
	}
	var out []survey.Rating
	for _, w := range workspaces.Items {
		list, err := f.Conversations.List(ctx, w.ID, conversation.Filter{Reach: identity.Everywhere()}, page.Request{Limit: page.MaxLimit})
		if err != nil {
			return nil, err
		}
		for _, c := range list.Items {
			changes, err := f.Conversations.Timeline(ctx, w.ID, c.ID, conversation.Range{Limit: 10_000})
			if err != nil {
				return nil, err
			}
			out = append(out, ratings(c, changes)...)
		}
	}
	slices.SortFunc(out, newer)
	return out, nil
}

func ratings(c conversation.Conversation, changes []conversation.Change) []survey.Rating {
	var out []survey.Rating
	for _, ch := range changes {
		d := conversation.RatingOf(ch)
		switch ch.Type {
		case conversation.RatingRequested:
			out = append(out, survey.Rating{
				Workspace: c.Workspace, ID: d.Rating, Conversation: c.ID, Inbox: c.Inbox, Contact: c.Contact, Member: d.Member, Team: c.Team,
				AskedAt: ch.At, Via: d.Via, ContactName: c.ContactName,
			})
		case conversation.RatingGiven:
			i := slices.IndexFunc(out, func(r survey.Rating) bool { return r.ID == d.Rating })
			out[i].GivenAt, out[i].Via, out[i].Score, out[i].Comment = ch.At, d.Via, d.Score, d.Comment
		default:
		}
	}
	return out
}

// ofTickets are the ratings of tickets within reach.
func (f Fake) ofTickets(ctx context.Context, workspace identity.WorkspaceID, within identity.Reach) ([]survey.Rating, error) {
	var out []survey.Rating
	if f.Tickets == nil {
		return nil, nil
	}
	found, err := f.Tickets.Find(ctx, workspace, ticket.Query{Reach: within}, page.Request{Limit: page.MaxLimit})
	for _, t := range found.Items {
		if t.Rating == nil {
			continue
		}
		out = append(out, survey.Rating{
			Workspace: workspace, ID: conversation.RatingID(t.ID), Ticket: &survey.Ticket{ID: t.ID, Number: t.Number, Title: t.Title},
			Inbox: t.Inbox, Contact: t.Contact, Member: t.Assignee, Team: t.Team,
			GivenAt: t.Rating.At, Score: t.Rating.Score, Comment: t.Rating.Comment, Via: conversation.ViaLink, ContactName: t.ContactName,
		})
	}
	slices.SortFunc(out, newer)
	return out, err
}

func newer(a, b survey.Rating) int {
	return cmp.Or(b.GivenAt.Compare(a.GivenAt), strings.Compare(string(b.ID), string(a.ID)))
}

func (f Fake) given(ctx context.Context, workspace identity.WorkspaceID, filter survey.Filter) ([]survey.Rating, error) {
	selects := func(r survey.Rating) bool {
		return (filter.From.IsZero() || !r.GivenAt.Before(filter.From)) && (filter.To.IsZero() || r.GivenAt.Before(filter.To)) &&
			(filter.Member == "" || r.Member == filter.Member) && (filter.Team == "" || r.Team == filter.Team) && (filter.Inbox == "" || r.Inbox == filter.Inbox)
	}
	if filter.Tickets {
		all, err := f.ofTickets(ctx, workspace, filter.Reach)
		return slices.DeleteFunc(all, func(r survey.Rating) bool { return !selects(r) }), err
	}
	all, err := f.all(ctx)
	if err != nil {
		return nil, err
	}
	var ids []conversation.ID
	for _, r := range all {
		ids = append(ids, r.Conversation)
	}
	seen, err := f.Conversations.Reached(ctx, workspace, filter.Reach, ids)
	return slices.DeleteFunc(all, func(r survey.Rating) bool {
		return r.Workspace != workspace || r.GivenAt.IsZero() || !seen[r.Conversation] || !selects(r)
	}), err
}

// Rating implements survey.Store.
func (f Fake) Rating(ctx context.Context, id conversation.RatingID) (survey.Rating, error) {
	all, err := f.all(ctx)
	for _, r := range all {
		if r.ID == id {
			return r, err
		}
	}
	return survey.Rating{}, cmp.Or(err, error(errs.Absent()))
}

// Ratings implements survey.Store.
func (f Fake) Ratings(ctx context.Context, workspace identity.WorkspaceID, filter survey.Filter, p page.Request) (page.Page[survey.Rating], error) {
	var out page.Page[survey.Rating]
	after, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	all, err := f.given(ctx, workspace, filter)
	if err != nil {
		return out, err
	}
	for _, r := range all {
		at := strconv.FormatInt(r.GivenAt.UnixMicro(), 10)
		if after != nil && (at > after[0] || at == after[0] && string(r.ID) >= after[1]) {
			continue
		}
		if len(out.Items) == p.Size() {
			last := out.Items[len(out.Items)-1]
			out.Next = page.Encode(strconv.FormatInt(last.GivenAt.UnixMicro(), 10), string(last.ID))
			break
		}
		out.Items = append(out.Items, r)
	}
	return out, nil
}

// Summary implements survey.Store.
func (f Fake) Summary(ctx context.Context, workspace identity.WorkspaceID, filter survey.Filter) (survey.Summary, error) {
	var out survey.Summary
	all, err := f.given(ctx, workspace, filter)
	for _, r := range all {
		out.ByScore[r.Score-1]++
	}
	return out, err
}
