package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Bot answers customers until an agent does: a connection of a plugin.
type Bot struct {
	ID     string // of the connection
	Name   string // as shown
	Plugin string
}

func (b Bot) actor() identity.Actor {
	return identity.Actor{Kind: identity.ActorBot, ID: b.ID, Name: cut(b.Name, PreviewLength)}
}

// Bots tells which bot answers.
type Bots interface {
	// BotOf returns the bot that answers the customers of an inbox first; nil
	// when people do, or when the bot is turned off or gone.
	BotOf(ctx context.Context, inbox channel.Inbox) (*Bot, error)
}

// botOf is Bots's, for inboxes that name a bot.
func (s *Service) botOf(ctx context.Context, inbox channel.Inbox) (*Bot, error) {
	if s.Bots == nil || inbox.Bot == "" {
		return nil, nil //nolint:nilnil // nil is no bot
	}
	return s.Bots.BotOf(ctx, inbox)
}

// ByBot reports whether a bot is expected to answer.
func (c *Conversation) ByBot() bool { return c.State == Open && c.Responder == ResponderBot }

// engage lets a bot answer what nobody answers for.
func (c *Conversation) engage(t Turn, b Bot) {
	c.Responder, c.Assignee, c.AssigneeName = ResponderBot, "", ""
	t.Actor = identity.Actor{Kind: identity.ActorSystem}
	c.record(t, BotEngaged, nil, map[string]string{"bot_id": b.ID, "bot_name": b.Name})
}

// engaged reports whether one of the changes that are not saved yet made a bot
// the one who answers.
func (c *Conversation) engaged() bool {
	for _, ch := range c.pending {
		if ch.Type == BotEngaged {
			return true
		}
	}
	return false
}

// HandOff ends a bot's part: the conversation waits in the queue of a team, or
// with "" of the one it has. Of one that a bot does not answer it is a conflict.
func (c *Conversation) HandOff(t Turn, to team.ID, why string) error {
	if !c.ByBot() {
		return errTurnOver()
	}
	if to != "" && to != c.Team {
		c.Route(t, to)
		c.teamChosen()
	}
	c.enqueueAs(t, map[string]string{"reason": QueuedHandoff, "handoff": why})
	return nil
}

// errTurnOver says that what a bot does counts no more.
func errTurnOver() error {
	return errs.New(errs.Conflict, CodeTurnOver, "The bot does not answer this conversation any more.")
}

// CodeTurnOver is the code of what a bot does after its turn ended: somebody
// took over, or another node works on it.
const CodeTurnOver = "bot.turn_over"
