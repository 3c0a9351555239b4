package pluginhost

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// ticketDesk serves HostTicketService.
type ticketDesk struct {
	pluginv1.UnimplementedHostTicketServiceServer
	*desk
}

// worded is a ticket as plugins see it.
func (d *ticketDesk) worded(ctx context.Context, i instance, t ticket.Ticket) (*pluginv1.Ticket, error) {
	types, err := d.ports.Desks.Records.Tickets.Types(ctx, d.acting(i, identity.TicketRead))
	if err != nil {
		return nil, err
	}
	out := &pluginv1.Ticket{
		Id: string(t.ID), Number: t.Number, Title: t.Title, Status: string(t.Status), Priority: string(t.Priority),
		ContactId: string(t.Contact), ConversationId: string(t.Conversation), AssigneeId: string(t.Assignee), TeamId: string(t.Team),
		Revision: t.LastSeq, CreatedAt: timestamppb.New(t.CreatedAt), UpdatedAt: timestamppb.New(t.UpdatedAt),
	}
	if at := slices.IndexFunc(types, func(of ticket.Type) bool { return of.ID == t.Type }); at >= 0 {
		out.Type = types[at].Name
	}
	if len(t.Fields) > 0 {
		out.Fields, err = json.Marshal(t.Fields)
	}
	return out, err
}

// GetTicket returns a ticket that the instance sees.
func (d *ticketDesk) GetTicket(ctx context.Context, req *pluginv1.GetTicketRequest) (*pluginv1.GetTicketResponse, error) {
	i, err := d.instance(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	t, err := d.ticket(ctx, i, req.GetTicketId())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	out, err := d.worded(ctx, i, t)
	return &pluginv1.GetTicketResponse{Ticket: out}, d.refusal(ctx, err)
}

// CreateTicket makes a ticket. An inbox makes it of one of its conversations.
func (d *ticketDesk) CreateTicket(ctx context.Context, req *pluginv1.CreateTicketRequest) (*pluginv1.CreateTicketResponse, error) {
	return keyed(ctx, d.desk, "CreateTicket", req, &pluginv1.CreateTicketResponse{}, func(ctx context.Context, i instance) (*pluginv1.CreateTicketResponse, error) {
		draft, err := d.draft(ctx, i, req)
		if err != nil {
			return nil, err
		}
		may := []identity.Permission{identity.TicketWrite, identity.TicketRead, identity.ConversationRead, identity.ContactRead}
		if draft.Team != "" {
			may = append(may, identity.TicketAssign)
		}
		t, err := d.ports.Desks.Records.Tickets.Create(ctx, d.acting(i, may...), draft)
		if err != nil {
			return nil, err
		}
		out, err := d.worded(ctx, i, t)
		return &pluginv1.CreateTicketResponse{Ticket: out}, err
	})
}

// draft reads what is wanted; what it names is what the instance sees.
func (d *ticketDesk) draft(ctx context.Context, i instance, req *pluginv1.CreateTicketRequest) (ticket.Draft, error) {
	out := ticket.Draft{Title: req.GetTitle(), Description: req.GetText(), Priority: ticket.Priority(req.GetPriority())}
	if i.Inbox != nil && req.GetConversationId() == "" {
		return out, unknown("conversation_id", "is missing: an inbox makes tickets of its own conversations")
	}
	var err error
	if req.GetConversationId() != "" {
		c, err := d.conversation(ctx, i, req.GetConversationId())
		if err != nil {
			return out, err
		}
		if req.GetContactId() != "" && contact.ID(req.GetContactId()) != c.Contact {
			return out, unknown("contact_id", "is not the customer of the conversation")
		}
		out.Conversation = c.ID
	} else if req.GetContactId() != "" {
		who, err := d.contact(ctx, i, req.GetContactId())
		if err != nil {
			return out, err
		}
		out.Contact = who.ID
	}
	if out.Fields, err = objectOf("fields", req.GetFields()); err != nil {
		return out, err
	}
	if req.GetTeam() != "" {
		if out.Team, err = d.teamNamed(ctx, i.Workspace, req.GetTeam()); err != nil {
			return out, err
		}
	}
	if req.GetType() == "" {
		return out, nil
	}
	types, err := d.ports.Desks.Records.Tickets.Types(ctx, d.acting(i, identity.TicketRead))
	if err != nil {
		return out, err
	}
	at := slices.IndexFunc(types, func(t ticket.Type) bool {
		return string(t.ID) == req.GetType() || t.ArchivedAt.IsZero() && strings.EqualFold(t.Name, req.GetType())
	})
	if at < 0 {
		return out, unknown("type", "there is no such type of tickets")
	}
	out.Type = types[at].ID
	return out, nil
}

// UpdateTicket changes a ticket.
func (d *ticketDesk) UpdateTicket(ctx context.Context, req *pluginv1.UpdateTicketRequest) (*pluginv1.UpdateTicketResponse, error) {
	return keyed(ctx, d.desk, "UpdateTicket", req, &pluginv1.UpdateTicketResponse{}, func(ctx context.Context, i instance) (*pluginv1.UpdateTicketResponse, error) {
		t, err := d.ticket(ctx, i, req.GetTicketId())
		if err != nil {
			return nil, err
		}
		p := ticket.Patch{Title: req.Title, IfSeq: req.GetIfRevision()} //nolint:protogetter // nil is not ""
		if req.Status != nil {                                          //nolint:protogetter // as above
			status := ticket.Status(req.GetStatus())
			p.Status = &status
		}
		if req.Priority != nil { //nolint:protogetter // as above
			priority := ticket.Priority(req.GetPriority())
			p.Priority = &priority
		}
		if p.Fields, err = objectOf("fields", req.GetFields()); err != nil {
			return nil, err
		}
		if t, err = d.ports.Desks.Records.Tickets.Update(ctx, d.acting(i, identity.TicketWrite), t.ID, p); err != nil {
			return nil, err
		}
		out, err := d.worded(ctx, i, t)
		return &pluginv1.UpdateTicketResponse{Ticket: out}, err
	})
}

// CommentOnTicket writes a comment.
func (d *ticketDesk) CommentOnTicket(ctx context.Context, req *pluginv1.CommentOnTicketRequest) (*pluginv1.CommentOnTicketResponse, error) {
	return keyed(ctx, d.desk, "CommentOnTicket", req, &pluginv1.CommentOnTicketResponse{}, func(ctx context.Context, i instance) (*pluginv1.CommentOnTicketResponse, error) {
		t, err := d.ticket(ctx, i, req.GetTicketId())
		if err != nil {
			return nil, err
		}
		_, err = d.ports.Desks.Records.Tickets.Comment(ctx, d.acting(i, identity.TicketWrite), ticket.Post{
			Ticket: t.ID, ClientID: clientID(i, req.GetIdempotencyKey(), "comment"), Text: req.GetText(), Public: req.GetPublic(),
		})
		return &pluginv1.CommentOnTicketResponse{}, err
	})
}
