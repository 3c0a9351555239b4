package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/wire"
)

// journeyItemBody is one thing that happened with a contact.
type journeyItemBody struct {
	At             time.Time        `json:"at"`
	Kind           string           `json:"kind" enum:"message,note,page_view,conversation,rating,identity,merge,contact_note,change"`
	ConversationID string           `json:"conversation_id,omitempty"`
	InboxID        string           `json:"inbox_id,omitempty"`
	Change         *wire.Change     `json:"change,omitempty" doc:"Of message, note, conversation, rating and change."`
	PageView       *pageViewBody    `json:"page_view,omitempty"`
	Note           *contactNoteBody `json:"note,omitempty" doc:"Of contact_note."`
	Identity       *identityBody    `json:"identity,omitempty"`
	Merge          *mergeBody       `json:"merge,omitempty"`
}

func journeyItemOf(it journey.Item) journeyItemBody {
	out := journeyItemBody{At: wire.Stamp(it.At), Kind: string(it.Kind), ConversationID: string(it.Conversation), InboxID: string(it.Inbox)}
	switch {
	case it.Change != nil:
		out.Change = new(wire.ChangeOf(*it.Change))
	case it.View != nil:
		out.PageView = new(pageViewOf(*it.View))
	case it.Note != nil:
		out.Note = new(contactNoteOf(*it.Note))
	case it.Identity != nil:
		out.Identity = new(identityOf(*it.Identity))
	case it.Merge != nil:
		out.Merge = new(mergeOf(*it.Merge))
	}
	return out
}

func (s *Server) journeyRoutes() {
	member(s, huma.Operation{Method: http.MethodGet, Path: contactsPath + "/{contact}/journey", Summary: "Read what happened with a contact, across inboxes", Tags: []string{"contacts"}},
		identity.ContactRead, s.readJourney)
}

type journeyInput struct {
	ContactPath
	Before string   `query:"before" maxLength:"12000" doc:"next_cursor of the page before."`
	Limit  int      `query:"limit" minimum:"1" maximum:"100" default:"50"`
	Kinds  []string `query:"kinds" maxItems:"9" doc:"Only these, separated by commas; all when absent."`
}

func (s *Server) readJourney(ctx context.Context, scope identity.Scope, in *journeyInput) (*body[list[journeyItemBody]], error) {
	kinds := make([]journey.Kind, len(in.Kinds))
	for i, k := range in.Kinds {
		kinds[i] = journey.Kind(k)
	}
	return asList(journeyItemOf)(s.Journeys.Of(ctx, scope, in.id(), kinds, page.Request{Limit: in.Limit, Cursor: in.Before}))
}
