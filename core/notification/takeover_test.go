package notification_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/notification"
)

// Whoever loses a conversation to a supervisor is told by whom and why; the
// supervisor, and whoever it is only given from, is told nothing.
func TestWhoLosesAConversationIsToldWhy(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	c := o.Receive(o.Inbox, "ext", "m1", "hello")
	o.assign(c.ID, o.Owner, lin)
	o.Change(c.ID, func(c *conversation.Conversation) error {
		return c.TakeOver(o.Turn(wang), wang.ID, wang.Name, conversation.TakingOver{From: lin.ID, Why: "The customer complains"})
	})
	o.OK(o.observe())
	told := o.has(lin, notification.TakenOver, notification.Assigned)[0]
	if told.Text != "The customer complains" || told.Actor.ID != string(wang.ID) || told.Conversation != c.ID {
		t.Errorf("%+v", told)
	}
	o.has(wang)
	o.assign(c.ID, o.Owner, lin)
	o.OK(o.observe())
	o.has(wang)
}
