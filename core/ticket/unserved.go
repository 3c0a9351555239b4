package ticket

import (
	"context"
	"strings"

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
	made := Ticket{}
	made.Title, made.Description = summary(said)
	if made.Source, err = freeSource(ctx, tx, said); err != nil {
		return err
	}
	_, err = s.unserved(ctx, tx, t, c, made)
	return err
}

// unserved makes the ticket, with what the conversation says of it.
func (s *Service) unserved(ctx context.Context, tx Tx, t conversation.Turn, c conversation.Conversation, made Ticket) (*Ticket, error) {
	types, err := tx.Types(ctx)
	if err != nil {
		return nil, err
	}
	of, err := chosen(types, "")
	if err != nil {
		return nil, err
	}
	made.Workspace, made.Type, made.Conversation, made.Inbox, made.Team = c.Workspace, of.ID, c.ID, c.Inbox, c.Team
	made.Priority, made.Labels, made.Contact, made.ContactName = Priority(c.Priority), c.Labels, c.Contact, c.ContactName
	if made.Title == "" {
		made.Title = "…"
	}
	out := Start(Turn{Actor: t.Actor, At: t.At, IDs: s.ids}, made)
	return out, tx.Save(ctx, out)
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

// Callback makes the ticket of a callback, or adds it, as a comment for colleagues,
// to the one that was made by itself and is open in the conversation. It implements
// conversation.Tickets.
func (s *Service) Callback(ctx context.Context, within conversation.Tx, t conversation.Turn, c conversation.Conversation, wish *conversation.CallbackWish) (conversation.Noted, error) {
	tx := s.Beside(within)
	open, err := tx.OpenOf(ctx, c.ID)
	switch {
	case err != nil:
		return conversation.Noted{}, err
	case open != nil && wish != nil:
		_, err = open.Comment(Turn{Actor: t.Actor, At: t.At, IDs: s.ids}, Written{ClientID: string(wish.Source), Text: strings.Join(wishOf(wish), "\n")})
		if err == nil {
			err = tx.Save(ctx, open)
		}
		fallthrough
	case open != nil:
		return conversation.Noted{Ticket: Label(open.Number), Before: true}, err
	case wish == nil:
		return conversation.Noted{Before: true}, nil
	}
	lines := wishOf(wish)
	title := lines[0]
	subject, words := summary(wish.Said)
	if subject != "" {
		title += " · " + subject
	}
	if words != "" {
		lines = append(lines, "", words)
	}
	made, err := s.unserved(ctx, tx, t, c, Ticket{
		Title: cut(title, MaxTitle), Description: cut(strings.Join(lines, "\n"), MaxDescription), Source: wish.Source,
	})
	if err != nil {
		return conversation.Noted{}, err
	}
	return conversation.Noted{Ticket: Label(made.Number)}, nil
}

// wishOf is how a customer can be reached, in lines; the first says what it is.
func wishOf(w *conversation.CallbackWish) []string {
	words := [...]string{"Call back", "Phone: ", "E-mail: ", "When: ", "Note: "}
	if strings.HasPrefix(w.Locale, "zh") {
		words = [...]string{"回访客户", "电话：", "邮箱：", "方便的时间：", "备注："}
	}
	out := []string{words[0]}
	for i, text := range []string{w.Phone, w.Email, w.When, w.Note} {
		if text != "" {
			out = append(out, words[i+1]+text)
		}
	}
	return out
}
