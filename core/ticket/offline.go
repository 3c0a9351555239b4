package ticket

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// OfMessage makes the ticket of a message that a customer left while nobody was
// there, and returns it with the link to their page. It does so once for each
// message: the same again is the ticket that was made then.
func (s *Service) OfMessage(ctx context.Context, m conversation.Message) (Ticket, string, error) {
	scope := identity.SystemScope(m.Workspace)
	c, err := s.Conversations.Get(ctx, scope, m.Conversation)
	if err != nil {
		return Ticket{}, "", err
	}
	who, _, err := s.Contacts.Get(ctx, m.Workspace, c.Contact)
	if err != nil {
		return Ticket{}, "", err
	}
	title, description := summary([]conversation.Message{m})
	if title == "" {
		title = "…"
	}
	var out Ticket
	err = s.Store.Within(ctx, m.Workspace, func(ctx context.Context, tx Tx) error {
		if made, err := tx.BySource(ctx, m.ID); err != nil || made != nil {
			if made != nil {
				out = *made
			}
			return err
		}
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		of, err := chosen(types, "")
		if err != nil {
			return err
		}
		turn := s.turn(scope)
		turn.Actor = identity.Actor{Kind: identity.ActorContact, ID: string(who.ID), Name: who.Name}
		t := Start(turn, Ticket{
			Workspace: m.Workspace, Type: of.ID, Title: title, Description: description, Source: m.ID, Conversation: c.ID, Inbox: c.Inbox,
			Team: c.Team, Contact: who.ID, ContactName: who.Name, Organisation: who.Organisation,
		})
		if err := tx.Save(ctx, t); err != nil {
			return err
		}
		out = *t
		return nil
	})
	if err != nil {
		return Ticket{}, "", err
	}
	link, _ := s.link(out)
	return out, link, nil
}
