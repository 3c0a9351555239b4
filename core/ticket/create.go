package ticket

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Draft is a ticket that somebody wants made.
type Draft struct {
	Title        string
	Description  string
	Type         TypeID // "" = the default
	Priority     Priority
	Contact      contact.ID
	Conversation conversation.ID // contact and inbox are taken from it
	Assignee     identity.MemberID
	Team         team.ID
	DueAt        time.Time
	Fields       map[string]any
	Labels       []catalog.LabelID
	FollowUpOf   ID   // a ticket that this one goes on with: linked by Relates
	TellCustomer bool // by a message with number and link into the conversation
}

// Create makes a ticket. Needs TicketWrite; for an assignee or team,
// TicketAssign too; to tell the customer, ConversationReply too. With
// TellCustomer the conversation must not be resolved.
func (s *Service) Create(ctx context.Context, scope identity.Scope, d Draft) (Ticket, error) {
	if err := s.mayCreate(scope, d); err != nil {
		return Ticket{}, err
	}
	t, err := s.plan(ctx, scope, d)
	if err != nil {
		return Ticket{}, err
	}
	var out Ticket
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		made, err := s.make(ctx, tx, scope, t, d)
		if err == nil {
			out = *made
		}
		return err
	})
	if err == nil && d.TellCustomer {
		s.tell(ctx, scope, out)
	}
	return out, err
}

func (s *Service) mayCreate(scope identity.Scope, d Draft) error {
	if err := scope.Require(identity.TicketWrite); err != nil {
		return err
	}
	if d.Assignee != "" || d.Team != "" {
		if err := scope.Require(identity.TicketAssign); err != nil {
			return err
		}
	}
	if !d.TellCustomer {
		return nil
	}
	if d.Conversation == "" {
		return errs.New(errs.Invalid, "ticket.tell", "Only in a conversation can the customer be told.").
			WithFields(errs.Field{Pointer: "/tell_customer", Code: "not_allowed", Detail: "needs conversation_id"})
	}
	return scope.Require(identity.ConversationReply)
}

// plan looks up what the draft names.
func (s *Service) plan(ctx context.Context, scope identity.Scope, d Draft) (Ticket, error) {
	w := wrong{}
	t := Ticket{
		Workspace: scope.Workspace, Title: w.Name("/title", d.Title, MaxTitle),
		Description: w.Text("/description", strings.TrimSpace(d.Description), MaxDescription, true),
		Priority:    d.Priority, Contact: d.Contact, Team: d.Team, DueAt: d.DueAt.UTC().Truncate(time.Millisecond),
	}
	if d.DueAt.IsZero() {
		t.DueAt = time.Time{}
	}
	if d.Priority != "" && !slices.Contains(Priorities(), d.Priority) {
		w.Refuse("/priority", "enum", "must be low, normal, high or urgent")
	}
	if err := w.Refused("ticket.invalid", "Some values are not accepted."); err != nil {
		return t, err
	}
	if err := s.planFrom(ctx, scope, d, &t); err != nil {
		return t, err
	}
	if err := s.knowLabels(ctx, scope, d.Labels); err != nil {
		return t, err
	}
	if t.Labels = id.Sorted(d.Labels); len(t.Labels) > MaxLabels {
		return t, tooMany("/labels")
	}
	if t.Team != "" {
		if _, err := s.Teams.Team(ctx, scope.Workspace, t.Team); err != nil {
			return t, err
		}
	}
	if d.Assignee == "" {
		return t, nil
	}
	m, err := s.Members.Member(ctx, scope, d.Assignee)
	t.Assignee, t.AssigneeName = m.ID, m.Name
	return t, err
}

// planFrom takes contact and inbox from the conversation.
func (s *Service) planFrom(ctx context.Context, scope identity.Scope, d Draft, t *Ticket) error {
	if d.Conversation != "" {
		c, err := s.Conversations.Get(ctx, scope, d.Conversation)
		if err != nil {
			return err
		}
		if d.TellCustomer && c.State == conversation.Resolved {
			return errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you answer.")
		}
		t.Conversation, t.Inbox, t.Contact = c.ID, c.Inbox, c.Contact
	}
	if t.Contact == "" {
		return nil
	}
	who, err := s.customer(ctx, scope, t.Contact)
	if who.Survivor != "" {
		who, _, err = s.Contacts.Get(ctx, scope.Workspace, who.Survivor)
	}
	t.Contact, t.ContactName, t.Organisation = who.ID, who.Name, who.Organisation
	return err
}

// make makes the ticket in its transaction.
func (s *Service) make(ctx context.Context, tx Tx, scope identity.Scope, t Ticket, d Draft) (*Ticket, error) {
	types, err := tx.Types(ctx)
	if err != nil {
		return nil, err
	}
	of, err := chosen(types, d.Type)
	if err != nil {
		return nil, err
	}
	t.Type = of.ID
	set, err := of.definitions().Check("/fields", d.Fields)
	if err != nil {
		return nil, err
	}
	for key, value := range set {
		if value != nil {
			if t.Fields == nil {
				t.Fields = make(map[string]any, len(set))
			}
			t.Fields[key] = value
		}
	}
	turn := s.turn(scope)
	out := Start(turn, t)
	if err := tx.Save(ctx, out); err != nil {
		return nil, err
	}
	if d.FollowUpOf == "" {
		return out, nil
	}
	before, err := load(ctx, tx, scope, d.FollowUpOf)
	if err != nil {
		return nil, err
	}
	if _, err := out.Link(turn, Relates, before); err != nil {
		return nil, err
	}
	if err := tx.Save(ctx, before); err != nil {
		return nil, err
	}
	return out, tx.Save(ctx, out)
}

// chosen is the type of a new ticket.
func chosen(types []Type, id TypeID) (Type, error) {
	i := slices.IndexFunc(types, func(t Type) bool { return t.ID == id || id == "" && t.Default })
	switch {
	case i < 0:
		return Type{}, errs.Absent()
	case !types[i].ArchivedAt.IsZero():
		return Type{}, errs.New(errs.Conflict, "ticket_type.archived", "This type takes no new tickets. Choose another one.").
			WithFields(errs.Field{Pointer: "/type_id", Code: "archived", Detail: "takes no new tickets"})
	default:
		return types[i], nil
	}
}

// knowLabels is errs.Absent when a label is not the workspace's.
func (s *Service) knowLabels(ctx context.Context, scope identity.Scope, labels []catalog.LabelID) error {
	if len(labels) == 0 {
		return nil
	}
	all, err := s.Labels.Labels(ctx, scope.Workspace)
	if err != nil {
		return err
	}
	for _, id := range labels {
		if !slices.ContainsFunc(all, func(l catalog.Label) bool { return l.ID == id }) {
			return errs.Absent()
		}
	}
	return nil
}

// tell writes number and link into the conversation that the ticket came from.
// The ticket stands whether or not that works: the conversation shows it.
func (s *Service) tell(ctx context.Context, scope identity.Scope, t Ticket) {
	link, _ := s.link(t)
	_, err := s.Conversations.Post(ctx, scope, conversation.Post{
		Conversation: t.Conversation, ClientID: string(t.ID), Kind: conversation.Text, Text: s.notice(ctx, t, link),
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "the customer could not be told of a new ticket", "ticket", string(t.ID), "error", err)
	}
}
