package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/wire"
)

const conversationsPath = apiPrefix + "/workspaces/{workspace}/conversations"

// ConversationPath is the path parameters of one conversation.
type ConversationPath struct {
	Workspace    string `path:"workspace"`
	Conversation string `path:"conversation"`
}

func (p ConversationPath) id() conversation.ID { return conversation.ID(p.Conversation) }

// body is an answer with nothing but a body.
type body[T any] struct {
	Body T
}

// list is a page of things.
type list[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Give it as cursor for the next page; absent at the end."`
}

// Paging is the query parameters of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"500"`
}

func (p Paging) request() page.Request { return page.Request{Limit: p.Limit, Cursor: p.Cursor} }

// asList answers with a page of things as view shows them, or with an error.
func asList[T, V any](view func(T) V) func(page.Page[T], error) (*body[list[V]], error) {
	return func(p page.Page[T], err error) (*body[list[V]], error) {
		if err != nil {
			return nil, err
		}
		return listOf(p, view), nil
	}
}

// asOne answers with a thing as view shows it, or with an error.
func asOne[T, V any](view func(T) V) func(T, error) (*body[V], error) {
	return func(t T, err error) (*body[V], error) {
		if err != nil {
			return nil, err
		}
		return &body[V]{Body: view(t)}, nil
	}
}

func listOf[T, V any](p page.Page[T], view func(T) V) *body[list[V]] {
	out := &body[list[V]]{Body: list[V]{Items: make([]V, len(p.Items)), NextCursor: p.Next}}
	for i, item := range p.Items {
		out.Body.Items[i] = view(item)
	}
	return out
}

func (s *Server) conversationRoutes() {
	one := conversationsPath + "/{conversation}"
	member(s, huma.Operation{Method: http.MethodGet, Path: one, Summary: "Get a conversation", Tags: []string{"conversations"}},
		identity.ConversationRead, s.getConversation)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: one + "/timeline", Summary: "Read the history of a conversation", Tags: []string{"conversations"},
		Description: "Changes in order of seq. Without after or before: the newest.",
	},
		identity.ConversationRead, s.timeline)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/messages", Summary: "Send a message or add a note", Tags: []string{"conversations"}, DefaultStatus: http.StatusCreated,
		Description: "Idempotent by client_msg_id: the same id with the same content answers 200 with what was made the first time.",
	},
		identity.ConversationReply, s.postMessage)
	member(s, huma.Operation{Method: http.MethodPost, Path: one + "/assign", Summary: "Give a conversation to a member, to a team, or back to the queue", Tags: []string{"conversations"}},
		identity.ConversationAssign, s.assign)
	s.offerRoutes(one)
	member(s, huma.Operation{Method: http.MethodPost, Path: one + "/state", Summary: "Resolve, reopen or snooze", Tags: []string{"conversations"}},
		identity.ConversationReply, s.setState)
	member(s, huma.Operation{Method: http.MethodPut, Path: one + "/read", Summary: "Mark as read", Tags: []string{"conversations"}, DefaultStatus: http.StatusNoContent},
		identity.ConversationRead, s.markRead)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/workspaces/{workspace}/events", Summary: "Read the feed", Tags: []string{"live"},
		Description: "Committed events after a feed number, for a client that found a gap.",
	},
		identity.MemberRead, s.events)
}

func withUnread(c conversation.Conversation, read uint64) wire.Conversation {
	v := wire.ConversationOf(c)
	unread := c.LastInboundSeq > read
	v.Unread = &unread
	return v
}

// answer returns a conversation with the caller's unread mark.
func (s *Server) answer(ctx context.Context, scope identity.Scope, c conversation.Conversation) (*body[wire.Conversation], error) {
	read, err := s.Conversations.Read(ctx, scope, []conversation.ID{c.ID})
	if err != nil {
		return nil, err
	}
	return &body[wire.Conversation]{Body: withUnread(c, read[c.ID])}, nil
}

func (s *Server) getConversation(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[wire.Conversation], error) {
	c, err := s.Conversations.Get(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, scope, c)
}

type timelineInput struct {
	ConversationPath
	HistoryInput
}

// timelineBody is a part of a conversation's history.
type timelineBody struct {
	Items   []wire.Change `json:"items"`
	LastSeq uint64        `json:"last_seq" doc:"The last seq of the conversation now."`
	HasMore bool          `json:"has_more" doc:"Whether there is more in the direction that was asked for."`
}

func (s *Server) timeline(ctx context.Context, scope identity.Scope, in *timelineInput) (*body[timelineBody], error) {
	r, err := in.stretch()
	if err != nil {
		return nil, err
	}
	changes, c, err := s.Conversations.Timeline(ctx, scope, in.id(), r)
	if err != nil {
		return nil, err
	}
	items, more := shown(changes, in.HistoryInput, wire.ChangeOf)
	return &body[timelineBody]{Body: timelineBody{Items: items, LastSeq: c.LastSeq, HasMore: more}}, nil
}

type postMessageInput struct {
	ConversationPath
	Body struct {
		ClientMsgID string `json:"client_msg_id" minLength:"1" maxLength:"64" doc:"Made by the client for each message, a UUID."`
		Kind        string `json:"kind" enum:"text,note"`
		Text        string `json:"text,omitempty" doc:"May be empty beside attachments, and is beside a template."`

		Template *templateUseBody `json:"template,omitempty" doc:"A template of the inbox, in place of the text. It needs no window and spends none."`

		AttachmentIDs []string `json:"attachment_ids,omitempty" maxItems:"10" doc:"Finished uploads of yours, which the message takes."`
		ReplyTo       string   `json:"reply_to,omitempty" maxLength:"40" doc:"Id of the message that this one answers."`
		Mentions      []string `json:"mentions,omitempty" maxItems:"50" doc:"Ids of members whom a note calls."`

		GroupMentions []string `json:"group_mentions,omitempty" maxItems:"50" doc:"For channels whose content has mention: ids of members of the group whom the text names by @ and their name, of those that GET .../group-members answers."`

		Envelope *wire.Addressed `json:"envelope,omitempty" doc:"For channels whose content has envelope. Absent: addressed as the channel would."`
		Forwards string          `json:"forwards,omitempty" maxLength:"40" doc:"Id of the message that this one passes on, with its files, to those whom envelope names. The customer, who must not be among them, goes on waiting."`
	}
}

// templateUseBody is a template that is sent.
type templateUseBody struct {
	ID       string            `json:"id" maxLength:"200"`
	Language string            `json:"language,omitempty" maxLength:"64"`
	Values   map[string]string `json:"values,omitempty" doc:"By the names of the template's fields."`
}

func (t *templateUseBody) domain() *channel.TemplateUse {
	if t == nil {
		return nil
	}
	return &channel.TemplateUse{ID: t.ID, Language: t.Language, Values: t.Values}
}

type postMessageOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when the message had been accepted before."`
	Body     postedBody
}

// postedBody is an accepted message.
type postedBody struct {
	Message wire.Message `json:"message"`
	Change  wire.Change  `json:"change"`
}

func (s *Server) postMessage(ctx context.Context, scope identity.Scope, in *postMessageInput) (*postMessageOutput, error) {
	p, err := s.Conversations.Post(ctx, scope, conversation.Post{
		Conversation: in.id(), ClientID: in.Body.ClientMsgID,
		Kind: conversation.MessageKind(in.Body.Kind), Text: in.Body.Text,
		Attachments: wire.IDs[media.ID](in.Body.AttachmentIDs), ReplyTo: conversation.MessageID(in.Body.ReplyTo),
		Mentions: wire.IDs[identity.MemberID](in.Body.Mentions), Envelope: in.Body.Envelope.Domain(),
		Forwards: conversation.MessageID(in.Body.Forwards), GroupMentions: in.Body.GroupMentions, Template: in.Body.Template.domain(),
	})
	if err != nil {
		return nil, err
	}
	change := wire.ChangeOf(p.Change)
	out := &postMessageOutput{Status: http.StatusCreated, Body: postedBody{Message: *change.Message, Change: change}}
	if p.Replayed {
		out.Status, out.Replayed = http.StatusOK, "true"
	}
	return out, nil
}

type setStateInput struct {
	ConversationPath
	Body struct {
		State        string     `json:"state" enum:"open,snoozed,resolved"`
		SnoozedUntil *time.Time `json:"snoozed_until,omitempty" doc:"With state snoozed: when to wake."`
	}
}

func (s *Server) setState(ctx context.Context, scope identity.Scope, in *setStateInput) (*body[wire.Conversation], error) {
	var until time.Time
	if in.Body.SnoozedUntil != nil {
		until = *in.Body.SnoozedUntil
	}
	c, err := s.Conversations.SetState(ctx, scope, in.id(), conversation.State(in.Body.State), until)
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, scope, c)
}

type markReadInput struct {
	ConversationPath
	Body struct {
		Seq uint64 `json:"seq"`
	}
}

func (s *Server) markRead(ctx context.Context, scope identity.Scope, in *markReadInput) (*struct{}, error) {
	return nil, s.Conversations.MarkRead(ctx, scope, in.id(), in.Body.Seq)
}

type eventsInput struct {
	Workspace string `path:"workspace"`
	After     uint64 `query:"after"`
	Limit     int    `query:"limit" minimum:"1" maximum:"500" default:"200"`
}

// eventsBody is a part of the feed.
type eventsBody struct {
	Epoch   string           `json:"epoch"`
	Items   []wire.FeedEvent `json:"items"`
	Feed    uint64           `json:"feed" doc:"The last feed number of the workspace now."`
	HasMore bool             `json:"has_more"`
}

func (s *Server) events(ctx context.Context, scope identity.Scope, in *eventsInput) (*body[eventsBody], error) {
	w := string(scope.Workspace)
	events, err := s.Feed.Since(ctx, w, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	head, err := s.Feed.Head(ctx, w)
	if err != nil {
		return nil, err
	}
	items, err := s.feedEvents(ctx, scope, events)
	if err != nil {
		return nil, err
	}
	last := in.After
	if n := len(events); n > 0 {
		last = events[n-1].Feed
	}
	return &body[eventsBody]{Body: eventsBody{Epoch: s.Feed.Epoch(), Items: items, Feed: head, HasMore: last < head}}, nil
}

// feedEvents tells of events what the member is to know of them.
func (s *Server) feedEvents(ctx context.Context, scope identity.Scope, events []event.Event) ([]wire.FeedEvent, error) {
	changes, conversations, err := s.Feed.Hydrate(ctx, scope.Workspace, events)
	if err != nil {
		return nil, err
	}
	ticketChanges, tickets, err := s.Tickets.Hydrate(ctx, scope, events)
	if err != nil {
		return nil, err
	}
	seen, err := contact.SeenOf(ctx, s.Circle, scope, events)
	if err != nil {
		return nil, err
	}
	out := make([]wire.FeedEvent, len(events))
	for i, e := range events {
		var change *conversation.Change
		var conv *conversation.Conversation
		if c, ok := changes[e.ID]; ok {
			change = &c
		}
		if c, ok := conversations[conversation.ID(e.Subject)]; ok {
			conv = &c
		}
		told := wire.Told{Event: e, Change: change, Conversation: conv}
		if c, ok := ticketChanges[e.ID]; ok {
			told.TicketChange = &c
		}
		if t, ok := tickets[ticket.ID(e.Subject)]; ok {
			told.Ticket = &t
		}
		out[i] = told.To(scope, seen)
	}
	return out, nil
}
