package allround

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
)

// about reads what somebody is asked about. A host that does not have it yet, or
// does not tell, is borne.
func (a *allround) about(ctx context.Context, in, conversation, contact string) (messages int, err error) {
	for what, read := range map[string]func() error{
		"conversation": func() error {
			page, err := a.env.For(in).Conversations.Messages(ctx, host.MessagesRequest{Conversation: conversation, Limit: 10})
			messages = len(page.Messages)
			return err
		},
		"contact": func() error {
			_, err := a.env.For(in).Contacts.Get(ctx, contact)
			return err
		},
	} {
		if e := errs.As(read()); e != nil && e.Code == host.CodeNotFound {
			return 0, fmt.Errorf("there is no %s to read: %w", what, e)
		}
	}
	return messages, nil
}

// Turn answers in one sentence.
func (a *allround) Turn(ctx context.Context, req bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
	if req.Trigger == bot.TriggerUnknown {
		if a.fault == BotOfToday {
			return bot.TurnResponse{}, errors.New("nobody asks a bot for that")
		}
		return bot.TurnResponse{}, nil
	}
	n, err := a.about(ctx, req.Instance.ID, req.ConversationID, req.Contact.ID)
	if err != nil {
		return bot.TurnResponse{}, err
	}
	return bot.TurnResponse{}, out.Reply(message.Text(fmt.Sprintf("I have read %d messages.", n)))
}

// Render draws whom a panel is about.
func (a *allround) Render(ctx context.Context, req panel.RenderRequest) (panel.RenderResponse, error) {
	n, err := a.about(ctx, req.Instance.ID, req.Context.ConversationID, req.Context.ContactID)
	if err != nil {
		return panel.RenderResponse{}, err
	}
	if a.fault == PanelGoesOn {
		go a.goOn(context.WithoutCancel(ctx), req.Instance.ID)
	}
	return panel.RenderResponse{Card: card.New(card.Text{Text: fmt.Sprintf("%d messages", n)})}, nil
}

// goOn counts for an instance for a while, whether it is there or not.
func (a *allround) goOn(ctx context.Context, in string) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 10 {
		<-tick.C
		_ = a.env.Metrics(in).Record(ctx, host.Figure{Name: "looks", Kind: host.Counter, Value: 1}) // it may be gone
	}
}
