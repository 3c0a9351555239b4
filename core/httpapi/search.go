package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) searchRoutes() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/workspaces/{workspace}/search", Summary: "Search", Tags: []string{"search"},
		Description: "Finds conversations, messages (notes included), contacts and tickets (by what is written on them, internal comments included) by words, by parts of Chinese, Japanese and Korean text, and by numbers (T-12). " +
			"All words must be there; the last one may go on. The index follows the feed a moment later: behind says whether something is not in it yet.",
	},
		identity.ConversationRead, s.find)
}

type findInput struct {
	Workspace string `path:"workspace"`
	Paging
	Query  string `query:"q" maxLength:"200" doc:"What to look for: at least one letter or digit."`
	Type   string `query:"type" enum:"all,conversations,messages,contacts,tickets" default:"all"`
	Filter string `query:"filter" maxLength:"16384" doc:"A filter of the conversations as JSON; with it neither contacts nor tickets are looked for."`
}

// foundBody is a thing that was found.
type foundBody struct {
	Type         string             `json:"type" enum:"conversation,message,contact,ticket"`
	Conversation *wire.Conversation `json:"conversation,omitempty" doc:"Of a message: where it is shown, which after a merge is not where it was written."`
	Message      *foundMessage      `json:"message,omitempty"`
	Contact      *foundContact      `json:"contact,omitempty"`
	Ticket       *wire.Ticket       `json:"ticket,omitempty"`
	Comment      *foundComment      `json:"comment,omitempty" doc:"Of a ticket: the newest comment in which it was found, when it was not found in the ticket itself."`
	Highlights   []highlightBody    `json:"highlights"`
	Score        float64            `json:"score" doc:"The better the higher, within a page."`
}

// foundMessage says where a message is.
type foundMessage struct {
	ID             string     `json:"id"`
	ConversationID string     `json:"conversation_id" doc:"Where it was written."`
	Seq            uint64     `json:"seq"`
	Kind           string     `json:"kind" enum:"text,note"`
	At             time.Time  `json:"at"`
	Sender         wire.Actor `json:"sender"`
}

// foundComment says where a comment is.
type foundComment struct {
	ID     string     `json:"id"`
	Seq    uint64     `json:"seq"`
	Public bool       `json:"public" doc:"false: the customer cannot read it."`
	At     time.Time  `json:"at"`
	Author wire.Actor `json:"author"`
}

// foundContact is a contact as a list of results shows it.
type foundContact struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	Phone        string `json:"phone"`
	Organisation string `json:"organisation,omitempty" doc:"Its name."`
}

// highlightBody is where it was found: text in parts, never markup.
type highlightBody struct {
	Field string     `json:"field"`
	Parts []partBody `json:"parts"`
}

// partBody is a piece of a text.
type partBody struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit"`
}

// answerBody is a page of results.
type answerBody struct {
	Items          []foundBody `json:"items"`
	NextCursor     string      `json:"next_cursor,omitempty" doc:"Give it as cursor for the next page. A page may be short, or empty, and yet have a next one."`
	IndexedThrough uint64      `json:"indexed_through" doc:"The index knows the feed up to this number."`
	Behind         bool        `json:"behind" doc:"There is more that the index does not know yet."`
}

func (s *Server) find(ctx context.Context, scope identity.Scope, in *findInput) (*body[answerBody], error) {
	q := search.Question{Text: in.Query, Page: page.Request{Limit: in.Limit, Cursor: in.Cursor}}
	q.Kind = map[string]search.Kind{"conversations": search.Conversation, "messages": search.Message, "contacts": search.Contact, "tickets": search.Ticket}[in.Type]
	if in.Filter != "" {
		q.Filter = json.RawMessage(in.Filter)
	}
	a, err := s.Search.Find(ctx, scope, q)
	if err != nil {
		return nil, err
	}
	read, err := s.readMarks(ctx, scope, a.Items)
	if err != nil {
		return nil, err
	}
	out := &body[answerBody]{Body: answerBody{Items: make([]foundBody, len(a.Items)), NextCursor: a.Next, IndexedThrough: a.Through, Behind: a.Behind}}
	for i, item := range a.Items {
		out.Body.Items[i] = foundOf(item, read)
	}
	return out, nil
}

// readMarks returns how far the caller has read what was found.
func (s *Server) readMarks(ctx context.Context, scope identity.Scope, items []search.Item) (map[conversation.ID]uint64, error) {
	var ids []conversation.ID
	for _, item := range items {
		if item.Conversation != nil {
			ids = append(ids, item.Conversation.ID)
		}
	}
	return s.Conversations.Read(ctx, scope, ids)
}

func foundOf(item search.Item, read map[conversation.ID]uint64) foundBody {
	out := foundBody{Type: string(item.Kind), Highlights: make([]highlightBody, len(item.Highlights)), Score: item.Score}
	for i, h := range item.Highlights {
		out.Highlights[i].Field = h.Field
		for _, p := range h.Parts {
			out.Highlights[i].Parts = append(out.Highlights[i].Parts, partBody(p))
		}
	}
	if c := item.Conversation; c != nil {
		v := withUnread(*c, read[c.ID])
		out.Conversation = &v
	}
	if m := item.Message; m != nil {
		out.Message = &foundMessage{
			ID: string(m.ID), ConversationID: string(m.Conversation), Seq: m.Seq, Kind: string(m.Kind), At: wire.Stamp(m.CreatedAt),
			Sender: wire.Actor{Kind: string(m.Sender.Kind), ID: m.Sender.ID, Name: m.Sender.Name},
		}
	}
	if p := item.Person; p != nil {
		out.Contact = &foundContact{ID: p.ID, Name: p.Name, Email: p.Email, Phone: p.Phone, Organisation: p.Organisation}
	}
	if t := item.Ticket; t != nil {
		v := wire.TicketOf(*t)
		out.Ticket = &v
	}
	if c := item.Comment; c != nil {
		out.Comment = &foundComment{
			ID: string(c.ID), Seq: c.Seq, Public: c.Public, At: wire.Stamp(c.CreatedAt),
			Author: wire.Actor{Kind: string(c.Author.Kind), ID: c.Author.ID, Name: c.Author.Name},
		}
	}
	return out
}
