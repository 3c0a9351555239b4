package ticket

import (
	"context"
	"slices"
	"strconv"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Begin makes the ticket of a message that has just begun a conversation, in its
// transaction: both are committed, or neither is. It implements
// conversation.Tickets.
func (s *Service) Begin(ctx context.Context, within conversation.Tx, t conversation.Turn, c conversation.Conversation, m conversation.Message, typ string) error {
	tx := s.Beside(within)
	types, err := tx.Types(ctx)
	if err != nil {
		return err
	}
	of, err := chosen(types, TypeID(typ))
	if err != nil { // archived since the rule was looked up: the customer's ticket is of the default type
		if of, err = chosen(types, ""); err != nil {
			return err
		}
	}
	title, description := summary([]conversation.Message{m})
	if m.Envelope != nil && m.Envelope.Subject != "" {
		title = cut(m.Envelope.Subject, draftTitle)
	}
	if title == "" {
		title = "…"
	}
	turn := Turn{Actor: t.Actor, At: t.At, IDs: s.ids}
	made := Start(turn, Ticket{
		Workspace: c.Workspace, Type: of.ID, Title: title, Description: description, Source: m.ID, Conversation: c.ID, Inbox: c.Inbox,
		Team: c.Team, Priority: Priority(c.Priority), Labels: c.Labels, Contact: c.Contact, ContactName: c.ContactName,
	})
	return tx.Save(ctx, made)
}

// Faults says what of the effects of a rule cannot be done. It implements
// channel.Targets.
func (s *Service) Faults(ctx context.Context, w identity.WorkspaceID, e channel.Effects) ([]errs.Field, error) {
	var out []errs.Field
	fault := func(pointer, code, detail string) {
		out = append(out, errs.Field{Pointer: pointer, Code: code, Detail: detail})
	}
	if !slices.Contains(conversation.Priorities(), conversation.Priority(e.Priority)) {
		fault(channel.AtPriority, "enum", "a priority is low, normal, high or urgent.")
	}
	if e.Team != "" {
		switch _, err := s.Teams.Team(ctx, w, team.ID(e.Team)); {
		case errs.Is(err, errs.NotFound):
			fault(channel.AtTeam, "unknown", "its team is not there (any more).")
		case err != nil:
			return nil, err
		}
	}
	if len(e.Labels) > 0 {
		all, err := s.Labels.Labels(ctx, w)
		if err != nil {
			return nil, err
		}
		for i, id := range e.Labels {
			if !slices.ContainsFunc(all, func(l catalog.Label) bool { return string(l.ID) == id }) {
				fault(channel.AtLabels+"/"+strconv.Itoa(i), "unknown", "one of its labels is not there (any more).")
			}
		}
	}
	if e.Ticket && e.Type != "" {
		types, err := s.Reader.Types(ctx, w)
		if err != nil {
			return nil, err
		}
		if _, err := chosen(types, TypeID(e.Type)); err != nil {
			fault(channel.AtTicket+"/type_id", "unknown", "its type of tickets is not there (any more), or takes no new ones.")
		}
	}
	return out, nil
}
