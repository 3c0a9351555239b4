// Package journey is everything that happened with one customer, in one
// scroll: what was written in every inbox, what became of the conversations,
// the pages the customer looked at, agents' notes, and merges.
package journey

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Kind sorts what happened.
type Kind string

// The kinds of items.
const (
	Message      Kind = "message"
	Note         Kind = "note"         // in a conversation
	Conversation Kind = "conversation" // begun, resolved, reopened
	Rating       Kind = "rating"
	Change       Kind = "change"       // anything else that a timeline shows
	PageView     Kind = "page_view"    //
	ContactNote  Kind = "contact_note" // about the customer
	Identity     Kind = "identity"     // an inbox came to know the customer
	Merge        Kind = "merge"
)

// Kinds lists them all.
func Kinds() []Kind {
	return []Kind{Message, Note, Conversation, Rating, Change, PageView, ContactNote, Identity, Merge}
}

// KindOf returns the kind of a change of a conversation; "" for one that a
// journey leaves out: it tells of another that is there, or of reading.
func KindOf(t conversation.ChangeType) Kind {
	for _, k := range Kinds() {
		if slices.Contains(Told(k), t) {
			return k
		}
	}
	if slices.Contains(LeftOut(), t) {
		return ""
	}
	return Change
}

// Told lists the changes that have a kind of their own.
func Told(k Kind) []conversation.ChangeType {
	switch k {
	case Message:
		return []conversation.ChangeType{conversation.MessageCreated}
	case Note:
		return []conversation.ChangeType{conversation.NoteCreated}
	case Conversation:
		return []conversation.ChangeType{conversation.Created, conversation.ResolvedChange, conversation.Reopened}
	case Rating:
		return []conversation.ChangeType{conversation.RatingGiven}
	case Change, PageView, ContactNote, Identity, Merge:
	}
	return nil
}

// LeftOut lists the changes that a journey leaves out.
func LeftOut() []conversation.ChangeType {
	return []conversation.ChangeType{
		conversation.MessageEdited, conversation.MessageRecalled, conversation.MessageDelivery, conversation.MessageFile, conversation.ReadByContact,
		conversation.ScheduledCreated, conversation.ScheduledChanged, conversation.ScheduledCancelled, conversation.ScheduledSent,
	}
}

// MaxItems is how many items a page has at most.
const MaxItems = 100

// Item is one thing that happened. What it is about is in the field of its kind.
type Item struct {
	At           time.Time
	Kind         Kind
	Conversation conversation.ID
	Inbox        channel.InboxID
	Change       *conversation.Change // Message, Note, Conversation, Rating, Change
	View         *contact.PageView
	Note         *contact.Note
	Identity     *contact.Identity
	Merge        *contact.Merge
}

// Query says what of a journey is wanted.
type Query struct {
	Kinds []Kind
	Reach identity.Reach // its zero value covers nothing
}

// Reader reads journeys.
type Reader interface {
	// Journey returns what happened with a contact and with those merged into
	// it, the newest first; errs.Absent when there is no such contact in reach.
	// Conversations out of reach are left out. Pages
	// follow each conversation by its own sequence, so nothing is shown twice
	// or left out whatever the clocks said, and what comes in meanwhile is not
	// on later pages.
	Journey(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, q Query, p page.Request) (page.Page[Item], error)
}

// Service is the use case of journeys.
type Service struct {
	reader Reader
}

// NewService returns a Service.
func NewService(reader Reader) *Service { return &Service{reader: reader} }

// Of returns a part of a contact's journey, of the given kinds; none = all.
func (s *Service) Of(ctx context.Context, scope identity.Scope, id contact.ID, kinds []Kind, p page.Request) (page.Page[Item], error) {
	for _, need := range []identity.Permission{identity.ContactRead, identity.ConversationRead} {
		if err := scope.Require(need); err != nil {
			return page.Page[Item]{}, err
		}
	}
	for _, k := range kinds {
		if !slices.Contains(Kinds(), k) {
			return page.Page[Item]{}, errs.New(errs.Invalid, "journey.kind", "There is no such kind of item.").
				WithFields(errs.Field{Pointer: "kinds", Code: "enum", Detail: "names a kind that is not known"})
		}
	}
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	return s.reader.Journey(ctx, scope.Workspace, id, Query{Kinds: kinds, Reach: scope.Reach()}, p)
}
