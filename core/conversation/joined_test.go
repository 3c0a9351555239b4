package conversation_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

// Messages that left as one have one state, whichever of them is told of or
// settled by hand, and to send them again is spent once.
func TestWhatLeftAsOneMovesTogether(t *testing.T) {
	d := windowed(t)
	d.receive(item(d.Inbox, "m1", "wang", "question"))
	c := d.of(d.Inbox, "wang")
	first := *d.post(d.agent, c.ID, conversation.Text, "a1", "one").Change.Message
	second := *d.post(d.agent, c.ID, conversation.Text, "a2", "two").Change.Message
	d.fake.Join(c.ID, []uint64{first.Seq, second.Seq})
	states := func() string {
		var out []string
		for _, id := range []conversation.MessageID{first.ID, second.ID} {
			m, err := d.service.Message(d.Context(), as(d.agent), c.ID, id)
			d.OK(err)
			out = append(out, string(m.Delivery))
		}
		return strings.Join(out, "/")
	}
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), first, conversation.DeliverySent, "")
		c.SetDelivery(d.System(), second, conversation.DeliverySent, "")
		c.Refund(c.Windows[0].ExpiresAt, 1)
		return nil
	})
	failed := channel.Inbound{Inbox: d.Inbox.ID, External: "s1", Kind: channel.KindStatus, Delivery: "dlv_" + strings.TrimPrefix(string(first.ID), "msg_"), Status: channel.Status{State: channel.StatusFailed, Code: "bounced"}}
	if r := d.receive(failed)[0]; r.Outcome != channel.OutcomeAccepted || states() != "failed/failed" {
		t.Fatalf("told of the first: %+v, %s", r, states())
	}
	if _, err := d.service.ResolveDelivery(d.Context(), as(d.agent), c.ID, second.ID, conversation.SendAgain); err != nil || states() != "pending/pending" {
		t.Fatalf("sent again by the second: %v, %s", err, states())
	}
	if used := d.Get(c.ID).Windows[0].Used; used != 2 {
		t.Fatalf("%d are spent, want 2", used)
	}
}
