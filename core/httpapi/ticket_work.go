package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/wire"
)

type commentTicketInput struct {
	TicketPath
	Body struct {
		ClientID      string   `json:"client_id" minLength:"1" maxLength:"64" doc:"Made by the client for each comment, a UUID."`
		Text          string   `json:"text" doc:"May be empty beside attachments."`
		Public        bool     `json:"public" doc:"Whether the customer may read it."`
		AttachmentIDs []string `json:"attachment_ids,omitempty" maxItems:"10" doc:"Finished uploads of yours, which the comment takes."`
		Mentions      []string `json:"mentions,omitempty" maxItems:"50" doc:"Ids of members whom an internal comment calls."`
		Status        *string  `json:"status,omitempty" enum:"open,pending,solved,closed" doc:"What the ticket becomes with it."`
	}
}

type commentTicketOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when the comment had been accepted before."`
	Body     commentedBody
}

// commentedBody is an accepted comment, with the ticket as it is after it.
type commentedBody struct {
	Change wire.TicketChange `json:"change"`
	Ticket wire.Ticket       `json:"ticket"`
}

func (s *Server) commentTicket(ctx context.Context, scope identity.Scope, in *commentTicketInput) (*commentTicketOutput, error) {
	b := in.Body
	p, err := s.Tickets.Comment(ctx, scope, ticket.Post{
		Ticket: in.id(), ClientID: b.ClientID, Text: b.Text, Public: b.Public, Attachments: wire.IDs[media.ID](b.AttachmentIDs),
		Mentions: wire.IDs[identity.MemberID](b.Mentions), Status: (*ticket.Status)(b.Status),
	})
	if err != nil {
		return nil, err
	}
	out := &commentTicketOutput{Status: http.StatusCreated, Body: commentedBody{Change: wire.TicketChangeOf(p.Change), Ticket: wire.TicketOf(p.Ticket)}}
	if p.Replayed {
		out.Status, out.Replayed = http.StatusOK, "true"
	}
	return out, nil
}

// ticketHandover says where tickets go.
type ticketHandover struct {
	AssigneeID *string `json:"assignee_id,omitempty" maxLength:"40" doc:"Empty: nobody."`
	TeamID     *string `json:"team_id,omitempty" maxLength:"40" doc:"Empty: no team."`
	Note       string  `json:"note,omitempty" doc:"For whoever takes it: an internal comment."`
}

func (h ticketHandover) domain() ticket.Handover {
	return ticket.Handover{Member: (*identity.MemberID)(h.AssigneeID), Team: (*team.ID)(h.TeamID), Note: h.Note}
}

type assignTicketInput struct {
	TicketPath
	Body ticketHandover
}

func (s *Server) assignTicket(ctx context.Context, scope identity.Scope, in *assignTicketInput) (*body[wire.Ticket], error) {
	t, err := s.Tickets.Assign(ctx, scope, in.id(), in.Body.domain())
	return s.ticketAnswer(t, err)
}

func (s *Server) followTicketMyself(on bool) func(context.Context, identity.Scope, *TicketPath) (*body[wire.Ticket], error) {
	return func(ctx context.Context, scope identity.Scope, in *TicketPath) (*body[wire.Ticket], error) {
		t, err := s.Tickets.Follow(ctx, scope, in.id(), scope.Member(), on)
		return s.ticketAnswer(t, err)
	}
}

type followTicketInput struct {
	TicketPath
	Member string `path:"member"`
}

func (s *Server) followTicket(on bool) func(context.Context, identity.Scope, *followTicketInput) (*body[wire.Ticket], error) {
	return func(ctx context.Context, scope identity.Scope, in *followTicketInput) (*body[wire.Ticket], error) {
		t, err := s.Tickets.Follow(ctx, scope, in.id(), identity.MemberID(in.Member), on)
		return s.ticketAnswer(t, err)
	}
}

type linkTicketInput struct {
	TicketPath
	Body struct {
		Kind     string `json:"kind" enum:"relates,blocks,blocked_by,duplicates,duplicated_by,parent,child" doc:"How this ticket stands to the other."`
		TicketID string `json:"ticket_id" minLength:"1" maxLength:"40"`
	}
}

func (s *Server) linkTicket(ctx context.Context, scope identity.Scope, in *linkTicketInput) (*body[wire.Ticket], error) {
	t, err := s.Tickets.Link(ctx, scope, in.id(), ticket.LinkKind(in.Body.Kind), ticket.ID(in.Body.TicketID))
	return s.ticketAnswer(t, err)
}

type unlinkTicketInput struct {
	TicketPath
	Link string `path:"link"`
}

func (s *Server) unlinkTicket(ctx context.Context, scope identity.Scope, in *unlinkTicketInput) (*body[wire.Ticket], error) {
	t, err := s.Tickets.Unlink(ctx, scope, in.id(), ticket.LinkID(in.Link))
	return s.ticketAnswer(t, err)
}

type labelTicketInput struct {
	TicketPath
	Body struct {
		LabelIDs []string `json:"label_ids" maxItems:"50" nullable:"false"`
	}
}

func (s *Server) labelTicket(ctx context.Context, scope identity.Scope, in *labelTicketInput) (*body[wire.Ticket], error) {
	t, err := s.Tickets.SetLabels(ctx, scope, in.id(), named[catalog.LabelID](in.Body.LabelIDs))
	return s.ticketAnswer(t, err)
}

type mergeTicketInput struct {
	TicketPath
	Body struct {
		Into string `json:"into" minLength:"1" maxLength:"40" doc:"The ticket that goes on."`
	}
}

func (s *Server) mergeTicket(ctx context.Context, scope identity.Scope, in *mergeTicketInput) (*body[wire.Ticket], error) {
	t, err := s.Tickets.Merge(ctx, scope, in.id(), ticket.ID(in.Body.Into))
	return s.ticketAnswer(t, err)
}

func (s *Server) unmergeTicket(ctx context.Context, scope identity.Scope, in *TicketPath) (*body[wire.Ticket], error) {
	t, err := s.Tickets.Unmerge(ctx, scope, in.id())
	return s.ticketAnswer(t, err)
}

type bulkTicketsInput struct {
	WorkspacePath
	Body struct {
		IDs        []string `json:"ids" minItems:"1" maxItems:"200" nullable:"false"`
		Action     string   `json:"action" enum:"assign,status,priority,label,unlabel,type"`
		AssigneeID *string  `json:"assignee_id,omitempty" maxLength:"40" doc:"To assign: as in one ticket's."`
		TeamID     *string  `json:"team_id,omitempty" maxLength:"40"`
		Status     string   `json:"status,omitempty" enum:"open,pending,solved,closed"`
		Priority   string   `json:"priority,omitempty" enum:"low,normal,high,urgent"`
		LabelIDs   []string `json:"label_ids,omitempty" maxItems:"50" nullable:"false"`
		TypeID     string   `json:"type_id,omitempty" maxLength:"40"`
	}
}

func (s *Server) bulkTickets(ctx context.Context, scope identity.Scope, in *bulkTicketsInput) (*body[bulkBody], error) {
	b := in.Body
	outcomes, err := s.Tickets.Bulk(ctx, scope, ticket.Bulk{
		IDs: named[ticket.ID](b.IDs), Action: ticket.Action(b.Action),
		To:     ticketHandover{AssigneeID: b.AssigneeID, TeamID: b.TeamID}.domain(),
		Status: ticket.Status(b.Status), Priority: ticket.Priority(b.Priority), Labels: named[catalog.LabelID](b.LabelIDs), Type: ticket.TypeID(b.TypeID),
	})
	if err != nil {
		return nil, err
	}
	return bulkBodyOf(ctx, s.Log, "ticket", outcomes), nil
}

// customerLinkBody is a link to the customer's page.
type customerLinkBody struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *Server) customerLink(ctx context.Context, scope identity.Scope, in *TicketPath) (*body[customerLinkBody], error) {
	link, until, err := s.Tickets.CustomerLink(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return &body[customerLinkBody]{Body: customerLinkBody{URL: link, ExpiresAt: wire.Stamp(until)}}, nil
}

func (s *Server) revokeLinks(ctx context.Context, scope identity.Scope, in *TicketPath) (*struct{}, error) {
	return nil, s.Tickets.RevokeLinks(ctx, scope, in.id())
}
