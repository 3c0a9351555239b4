package ticket

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
)

// Unserved makes the ticket of a conversation that ends without an answer, in its
// transaction, unless one that was made by itself is open there. It implements
// conversation.Tickets.
func (s *Service) Unserved(ctx context.Context, within conversation.Tx, t conversation.Turn, c conversation.Conversation, said []conversation.Message) error {
	tx := s.Beside(within)
	open, err := tx.OpenOf(ctx, c.ID)
	if err != nil || open != nil {
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
	made := Ticket{
		Workspace: c.Workspace, Type: of.ID, Conversation: c.ID, Inbox: c.Inbox, Team: c.Team,
		Priority: Priority(c.Priority), Labels: c.Labels, Contact: c.Contact, ContactName: c.ContactName,
	}
	if made.Title, made.Description = summary(said); made.Title == "" {
		made.Title = "…"
	}
	if made.Source, err = freeSource(ctx, tx, said); err != nil {
		return err
	}
	return tx.Save(ctx, Start(Turn{Actor: t.Actor, At: t.At, IDs: s.ids}, made))
}

// freeSource is the last message, if no ticket was made of it before.
func freeSource(ctx context.Context, tx Tx, said []conversation.Message) (conversation.MessageID, error) {
	if len(said) == 0 {
		return "", nil
	}
	last := said[len(said)-1].ID
	before, err := tx.BySource(ctx, last)
	if err != nil || before != nil {
		return "", err
	}
	return last, nil
}
