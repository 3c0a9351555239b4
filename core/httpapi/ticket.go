package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/wire"
)

const ticketsPath = apiPrefix + "/workspaces/{workspace}/tickets"

// TicketPath is the path parameters of one ticket.
type TicketPath struct {
	Workspace string `path:"workspace"`
	Ticket    string `path:"ticket"`
}

func (p TicketPath) id() ticket.ID { return ticket.ID(p.Ticket) }

// ticketRoutes come with the fixed paths before those of one ticket: they would
// otherwise be taken for ids.
func (s *Server) ticketRoutes() {
	one := ticketsPath + "/{ticket}"
	op := func(method, path, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, Summary: summary, Tags: []string{"tickets"}}
	}
	made := func(path, summary string) huma.Operation {
		o := op(http.MethodPost, path, summary)
		o.DefaultStatus = http.StatusCreated
		return o
	}
	member(s, op(http.MethodGet, ticketsPath, "List tickets"), identity.TicketRead, s.listTickets)
	create := made(ticketsPath, "Make a ticket")
	create.Description = "With conversation_id contact and inbox are taken from the conversation. An assignee or team needs ticket.assign, too; tell_customer needs conversation.reply."
	member(s, create, identity.TicketWrite, s.createTicket)
	member(s, op(http.MethodGet, ticketsPath+"/counts", "Count tickets by status"), identity.TicketRead, s.countTickets)
	member(s, op(http.MethodGet, ticketsPath+"/board", "Read the board"), identity.TicketRead, s.ticketBoard)
	bulk := op(http.MethodPost, ticketsPath+"/bulk", "Do one thing to many tickets")
	bulk.Description = "Each succeeds or fails by itself. To assign needs ticket.assign, too."
	member(s, bulk, identity.TicketWrite, s.bulkTickets)
	member(s, op(http.MethodGet, conversationsPath+"/{conversation}/ticket-draft", "Read what a ticket of a conversation would say"), identity.TicketWrite, s.draftTicket)
	member(s, op(http.MethodGet, conversationsPath+"/{conversation}/tickets", "List the tickets of a conversation"), identity.TicketRead, s.ticketsOfConversation)
	member(s, op(http.MethodGet, apiPrefix+"/workspaces/{workspace}/contacts/{contact}/tickets", "List the tickets of a contact"), identity.TicketRead, s.ticketsOfContact)

	member(s, op(http.MethodGet, one, "Get a ticket"), identity.TicketRead, s.getTicket)
	patch := op(http.MethodPatch, one, "Change a ticket")
	patch.Description = "Fields are set before the status: one request can fill in what solving asks for (422 ticket.fields_required)."
	member(s, patch, identity.TicketWrite, s.patchTicket)
	member(s, op(http.MethodGet, one+"/changes", "Read the history of a ticket"), identity.TicketRead, s.ticketChanges)
	comment := made(one+"/comments", "Comment on a ticket")
	comment.Description = "Idempotent by client_id: the same id with the same content answers 200 with what was made the first time."
	member(s, comment, identity.TicketWrite, s.commentTicket)
	member(s, op(http.MethodPost, one+"/assign", "Hand a ticket over"), identity.TicketAssign, s.assignTicket)
	member(s, op(http.MethodPut, one+"/followers/me", "Follow a ticket"), identity.TicketRead, s.followTicketMyself(true))
	member(s, op(http.MethodDelete, one+"/followers/me", "Follow a ticket no more"), identity.TicketRead, s.followTicketMyself(false))
	member(s, op(http.MethodPut, one+"/followers/{member}", "Make a member follow a ticket"), identity.TicketWrite, s.followTicket(true))
	member(s, op(http.MethodDelete, one+"/followers/{member}", "Take a follower off a ticket"), identity.TicketWrite, s.followTicket(false))
	member(s, made(one+"/links", "Link a ticket to another one"), identity.TicketWrite, s.linkTicket)
	member(s, op(http.MethodDelete, one+"/links/{link}", "Take a link away"), identity.TicketWrite, s.unlinkTicket)
	member(s, op(http.MethodPut, one+"/labels", "Set the labels of a ticket"), identity.TicketWrite, s.labelTicket)
	merge := op(http.MethodPost, one+"/merge", "Merge a ticket into another one")
	merge.Description = "Answers with the ticket that goes on. When the customer writes on theirs again, the merge is undone."
	member(s, merge, identity.TicketMerge, s.mergeTicket)
	member(s, op(http.MethodPost, one+"/unmerge", "Undo a merge of tickets"), identity.TicketMerge, s.unmergeTicket)
	member(s, made(one+"/link", "Make a link to the customer's page"), identity.TicketWrite, s.customerLink)
	revoke := op(http.MethodDelete, one+"/link", "Make all links to the customer's page void")
	revoke.DefaultStatus = http.StatusNoContent
	member(s, revoke, identity.TicketWrite, s.revokeLinks)
}

func (s *Server) ticketAnswer(t ticket.Ticket, err error) (*body[wire.Ticket], error) {
	if err != nil {
		return nil, err
	}
	return &body[wire.Ticket]{Body: wire.TicketOf(t)}, nil
}

// TicketAsk is the query parameters that choose tickets.
type TicketAsk struct {
	Filter string `query:"filter" maxLength:"16384" doc:"A filter as JSON: see /docs/api/filters."`
	Q      string `query:"q" maxLength:"800" doc:"A part of the title, or a number with or without T-."`
	Sort   string `query:"sort" enum:"updated,created,due,priority" default:"updated"`
}

func (a TicketAsk) ask() ticket.Ask {
	return ticket.Ask{Filter: json.RawMessage(a.Filter), Text: a.Q, Sort: ticket.Sort(a.Sort)}
}

type listTicketsInput struct {
	Workspace string `path:"workspace"`
	Paging
	TicketAsk
}

func (s *Server) listTickets(ctx context.Context, scope identity.Scope, in *listTicketsInput) (*body[list[wire.Ticket]], error) {
	return asList(wire.TicketOf)(s.Tickets.Find(ctx, scope, in.ask(), in.request()))
}

type createTicketInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		Title          string         `json:"title"`
		Description    string         `json:"description,omitempty"`
		TypeID         string         `json:"type_id,omitempty" maxLength:"40" doc:"Absent: the default type."`
		Priority       string         `json:"priority,omitempty" enum:"low,normal,high,urgent"`
		ContactID      string         `json:"contact_id,omitempty" maxLength:"40"`
		ConversationID string         `json:"conversation_id,omitempty" maxLength:"40"`
		AssigneeID     string         `json:"assignee_id,omitempty" maxLength:"40"`
		TeamID         string         `json:"team_id,omitempty" maxLength:"40"`
		DueAt          *time.Time     `json:"due_at,omitempty"`
		Fields         map[string]any `json:"fields,omitempty" doc:"Custom fields of the type, by key. Those that are required are needed when the ticket is solved."`
		Labels         []string       `json:"labels,omitempty" maxItems:"50" doc:"Ids of labels."`
		FollowUpOf     string         `json:"follow_up_of,omitempty" maxLength:"40" doc:"A ticket that this one goes on with: the two are linked."`
		TellCustomer   bool           `json:"tell_customer,omitempty" doc:"Whether number and link are sent into the conversation."`
	}
}

func (s *Server) createTicket(ctx context.Context, scope identity.Scope, in *createTicketInput) (*body[wire.Ticket], error) {
	b := in.Body
	d := ticket.Draft{
		Title: b.Title, Description: b.Description, Type: ticket.TypeID(b.TypeID), Priority: ticket.Priority(b.Priority),
		Contact: contact.ID(b.ContactID), Conversation: conversation.ID(b.ConversationID), Assignee: identity.MemberID(b.AssigneeID),
		Team: team.ID(b.TeamID), Fields: b.Fields, Labels: named[catalog.LabelID](b.Labels), FollowUpOf: ticket.ID(b.FollowUpOf),
		TellCustomer: b.TellCustomer,
	}
	if b.DueAt != nil {
		d.DueAt = *b.DueAt
	}
	t, err := s.Tickets.Create(ctx, scope, d)
	return s.ticketAnswer(t, err)
}

type countTicketsInput struct {
	Workspace string `path:"workspace"`
	TicketAsk
}

// ticketCountsBody is how many tickets there are; 1000 means that or more.
type ticketCountsBody struct {
	ByStatus map[string]int `json:"by_status" doc:"By new, open, pending, solved and closed; 1000 means that or more."`
	Overdue  int            `json:"overdue" doc:"Past their due date, and not solved or closed."`
}

func (s *Server) countTickets(ctx context.Context, scope identity.Scope, in *countTicketsInput) (*body[ticketCountsBody], error) {
	counts, err := s.Tickets.Counts(ctx, scope, in.ask())
	if err != nil {
		return nil, err
	}
	out := ticketCountsBody{ByStatus: make(map[string]int), Overdue: counts.Overdue}
	for _, status := range ticket.Statuses() {
		out.ByStatus[string(status)] = counts.ByStatus[status]
	}
	return &body[ticketCountsBody]{Body: out}, nil
}

type ticketBoardInput struct {
	Workspace string `path:"workspace"`
	TicketAsk
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"30" doc:"Of each column."`
}

// ticketBoardBody is the columns of the board.
type ticketBoardBody struct {
	Columns []ticketColumn `json:"columns" nullable:"false"`
}

type ticketColumn struct {
	Status string        `json:"status" enum:"new,open,pending,solved,closed"`
	Count  int           `json:"count" doc:"1000 means that or more."`
	Items  []wire.Ticket `json:"items" nullable:"false"`
	Next   string        `json:"next,omitempty" doc:"A cursor of the list with the same filter and sort, and the column's status."`
}

func (s *Server) ticketBoard(ctx context.Context, scope identity.Scope, in *ticketBoardInput) (*body[ticketBoardBody], error) {
	columns, err := s.Tickets.Board(ctx, scope, in.ask(), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &body[ticketBoardBody]{Body: ticketBoardBody{Columns: make([]ticketColumn, len(columns))}}
	for i, c := range columns {
		col := ticketColumn{Status: string(c.Status), Count: c.Count, Next: c.Next, Items: make([]wire.Ticket, len(c.Items))}
		for j, t := range c.Items {
			col.Items[j] = wire.TicketOf(t)
		}
		out.Body.Columns[i] = col
	}
	return out, nil
}

// ticketDraftBody is what one click fills in.
type ticketDraftBody struct {
	Title          string `json:"title"`
	Description    string `json:"description"`
	ContactID      string `json:"contact_id,omitempty"`
	ContactName    string `json:"contact_name"`
	InboxID        string `json:"inbox_id"`
	ConversationID string `json:"conversation_id"`
	Priority       string `json:"priority" enum:"low,normal,high,urgent"`
}

func (s *Server) draftTicket(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[ticketDraftBody], error) {
	t, err := s.Tickets.FromConversation(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return &body[ticketDraftBody]{Body: ticketDraftBody{
		Title: t.Title, Description: t.Description, ContactID: string(t.Contact), ContactName: t.ContactName,
		InboxID: string(t.Inbox), ConversationID: string(t.Conversation), Priority: string(t.Priority),
	}}, nil
}

type ticketsOfConversationInput struct {
	ConversationPath
	Paging
}

func (s *Server) ticketsOfConversation(ctx context.Context, scope identity.Scope, in *ticketsOfConversationInput) (*body[list[wire.Ticket]], error) {
	return asList(wire.TicketOf)(s.Tickets.OfConversation(ctx, scope, in.id(), in.request()))
}

type ticketsOfContactInput struct {
	ContactPath
	Paging
}

func (s *Server) ticketsOfContact(ctx context.Context, scope identity.Scope, in *ticketsOfContactInput) (*body[list[wire.Ticket]], error) {
	return asList(wire.TicketOf)(s.Tickets.OfContact(ctx, scope, in.id(), in.request()))
}

func (s *Server) getTicket(ctx context.Context, scope identity.Scope, in *TicketPath) (*body[wire.Ticket], error) {
	t, err := s.Tickets.Get(ctx, scope, in.id())
	return s.ticketAnswer(t, err)
}

// noneOrTime is a time that null takes away. Set says that it came at all.
type noneOrTime struct {
	Set bool
	At  time.Time
}

// UnmarshalJSON reads a time or null.
func (n *noneOrTime) UnmarshalJSON(b []byte) error {
	n.Set = true
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	return json.Unmarshal(b, &n.At)
}

// Schema describes it.
func (noneOrTime) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true, Description: "null takes it away."}
}

type patchTicketInput struct {
	TicketPath
	Body struct {
		Title       *string        `json:"title,omitempty"`
		Description *string        `json:"description,omitempty"`
		TypeID      *string        `json:"type_id,omitempty" maxLength:"40" doc:"Values of fields that the new type does not have, or that do not fit it, go."`
		Priority    *string        `json:"priority,omitempty" enum:"low,normal,high,urgent"`
		Status      *string        `json:"status,omitempty" enum:"open,pending,solved,closed"`
		ContactID   *string        `json:"contact_id,omitempty" maxLength:"40" doc:"Empty: nobody's. Links given to the customer become void."`
		DueAt       noneOrTime     `json:"due_at,omitempty"` //nolint:modernize // huma reads it: the field is optional
		Fields      map[string]any `json:"fields,omitempty" doc:"Values by key; null takes one away."`
	}
}

func (s *Server) patchTicket(ctx context.Context, scope identity.Scope, in *patchTicketInput) (*body[wire.Ticket], error) {
	b := in.Body
	p := ticket.Patch{
		Title: b.Title, Description: b.Description, Type: (*ticket.TypeID)(b.TypeID), Priority: (*ticket.Priority)(b.Priority),
		Status: (*ticket.Status)(b.Status), Contact: (*contact.ID)(b.ContactID), Fields: b.Fields,
	}
	if b.DueAt.Set {
		p.DueAt = &b.DueAt.At
	}
	t, err := s.Tickets.Update(ctx, scope, in.id(), p)
	return s.ticketAnswer(t, err)
}

type ticketChangesInput struct {
	TicketPath
	HistoryInput
}

// ticketChangesBody is a part of a ticket's history.
type ticketChangesBody struct {
	Items   []wire.TicketChange `json:"items"`
	LastSeq uint64              `json:"last_seq" doc:"The last seq of the ticket now."`
	HasMore bool                `json:"has_more" doc:"Whether there is more in the direction that was asked for."`
}

func (s *Server) ticketChanges(ctx context.Context, scope identity.Scope, in *ticketChangesInput) (*body[ticketChangesBody], error) {
	r, err := in.stretch()
	if err != nil {
		return nil, err
	}
	changes, t, err := s.Tickets.Timeline(ctx, scope, in.id(), r)
	if err != nil {
		return nil, err
	}
	items, more := shown(changes, in.HistoryInput, wire.TicketChangeOf)
	return &body[ticketChangesBody]{Body: ticketChangesBody{Items: items, LastSeq: t.LastSeq, HasMore: more}}, nil
}
