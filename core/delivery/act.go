package delivery

import (
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Acts records in a conversation what became of an act that is final. Of an act
// that was replaced it counts that the far side did it all the same: the message
// says what it says there.
func (x Settlement) Acts(c *conversation.Conversation, m conversation.Message, now time.Time, ids id.Source) {
	d := x.Delivery
	t := conversation.Turn{At: now, IDs: ids, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(d.Plugin)}}
	if asked := m.Changing; asked != nil && asked.Seq == d.Place {
		state, detail := x.Told()
		c.SettleAct(t, m, state, detail)
		return
	}
	if x.State != Sent || !m.RecalledAt.IsZero() {
		return
	}
	t.Actor = d.Author
	switch {
	case d.Act == Recall:
		c.Recall(t, m)
	case m.Text != d.Content.Text:
		c.Edit(t, m, conversation.Written{Text: d.Content.Text}, m.Attachments)
	}
}
