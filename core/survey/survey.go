// Package survey is customers' ratings of conversations and tickets: who gave
// which, asked for in the chat window or by a signed link. When one is asked
// for, and that it is given once, is the conversation's or the ticket's own
// matter (conversation.Rated, ticket.Rate).
package survey

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Rating is one request for a rating, with the customer's answer once there is one.
type Rating struct {
	Workspace    identity.WorkspaceID
	ID           conversation.RatingID // of a ticket's, which has one at most: the ticket's id
	Conversation conversation.ID       // "" of a ticket's
	Ticket       *Ticket               // nil of a conversation's
	Inbox        channel.InboxID
	Contact      contact.ID
	Member       identity.MemberID // whose work it is about
	Team         team.ID
	AskedAt      time.Time
	GivenAt      time.Time // zero = not given
	Score        int
	Comment      string
	Via          conversation.RatingVia

	ContactName string // read-only, joined by the store
}

// Ticket names the ticket that a rating is about.
type Ticket struct {
	ID     ticket.ID
	Number uint64
	Title  string
}

// Filter selects ratings that were given. Zero fields select all, but for Reach.
type Filter struct {
	Tickets  bool           // of tickets; false = of conversations
	Reach    identity.Reach // of what was rated; its zero value covers nothing
	From, To time.Time      // given at or after From, and before To
	Member   identity.MemberID
	Team     team.ID
	Inbox    channel.InboxID
}

// Summary is the ratings that a filter selects, counted.
type Summary struct {
	ByScore [conversation.MaxScore]int // of score 1, 2, ...
}

// Count is how many there are.
func (s Summary) Count() int {
	n := 0
	for _, c := range s.ByScore {
		n += c
	}
	return n
}

// Average is 0 when there are none.
func (s Summary) Average() float64 {
	sum, n := 0, s.Count()
	if n == 0 {
		return 0
	}
	for i, c := range s.ByScore {
		sum += (i + 1) * c
	}
	return float64(sum) / float64(n)
}

// Store reads ratings; the conversations' store writes them, with the changes
// that tell of them.
type Store interface {
	// Rating returns one by its id, which is globally unique, or errs.Absent.
	Rating(ctx context.Context, id conversation.RatingID) (Rating, error)
	// Ratings returns those that were given, the newest first.
	Ratings(ctx context.Context, workspace identity.WorkspaceID, f Filter, p page.Request) (page.Page[Rating], error)
	// Summary counts what the filter selects.
	Summary(ctx context.Context, workspace identity.WorkspaceID, f Filter) (Summary, error)
}
