package conversations

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/store/policies"
)

// Mails says of which plugins' channels the messages are mails; nil = of none.
type Mails func(plugin string) bool

// Channel returns the kind of work that conversations of an inbox are.
func (m Mails) Channel(plugin string, live bool) dispatch.Channel {
	switch {
	case live:
		return dispatch.Chat
	case m != nil && m(plugin):
		return dispatch.Mail
	default:
		return dispatch.Message
	}
}

// weigh gives a conversation the weight that the policy in force says of its
// channel.
func (t *Tx) weigh(ctx context.Context, c *conversation.Conversation) error {
	plan, err := policies.InForce(ctx, t.tx, t.workspace)
	if err != nil {
		return err
	}
	weight := 1
	if len(plan.Channels) > 0 {
		weight = plan.Channels[t.mails.Channel(string(c.Plugin), c.Live)].Weight
	}
	c.Weigh(weight)
	return nil
}
