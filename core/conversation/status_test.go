package conversation_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// What the far side says moves a message forward only.
func TestStatusMovesForward(t *testing.T) {
	d := newDesk(t)
	turn := d.System()
	states := []conversation.DeliveryState{
		"", conversation.DeliveryPending, conversation.DeliveryUnknown, conversation.DeliverySent,
		conversation.DeliveryFailed, conversation.DeliveryDelivered, conversation.DeliveryRead,
	}
	said := []channel.StatusState{channel.StatusSent, channel.StatusFailed, channel.StatusDelivered, channel.StatusRead, "seen by a dog"}
	const moves = `
-----
-----
sfdr-
-fdr-
--dr-
---r-
-----`
	var got strings.Builder
	for _, from := range states {
		got.WriteByte('\n')
		for _, s := range said {
			c := &conversation.Conversation{ID: "cnv_1"}
			m := conversation.Message{Seq: 1, Delivery: from, DeliveryError: "before"}
			if !c.SetStatus(turn, m, channel.Status{State: s, Code: "bounced"}) {
				got.WriteByte('-')
				continue
			}
			now := c.Unsaved().Changes[0].Message
			got.WriteByte(now.Delivery[0])
			if want := map[bool]string{true: "bounced"}[s == channel.StatusFailed]; now.DeliveryError != want {
				t.Errorf("from %s by %s: the error is %q", from, s, now.DeliveryError)
			}
		}
	}
	if got.String() != moves {
		t.Errorf("moved %s\nwant %s", got.String(), moves)
	}
}

func TestResolveDelivery(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "", "question")
	p := d.post(d.agent, c.ID, conversation.Text, "a1", "answer")
	resolve := func(m identity.Member, id conversation.MessageID, r conversation.Resolution) (conversation.Message, error) {
		return d.service.ResolveDelivery(d.Context(), as(m), c.ID, id, r)
	}
	_, err := resolve(d.agent, p.Change.Message.ID, conversation.SaidArrived)
	d.refused(err, errs.Conflict, "delivery.settled")
	_, err = resolve(d.agent, p.Change.Message.ID, "perhaps")
	d.refused(err, errs.Invalid, "delivery.resolution")
	_, err = resolve(d.agent, "msg_none", conversation.SendAgain)
	d.Fails(err, errs.NotFound)
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), *p.Change.Message, conversation.DeliveryUnknown, "timeout")
		return nil
	})
	before := d.Get(c.ID)
	for range 2 {
		m, err := resolve(d.agent, p.Change.Message.ID, conversation.SaidArrived)
		if err != nil || m.Delivery != conversation.DeliverySent || m.DeliveryError != "" {
			t.Fatalf("arrived: %+v, %v", m, err)
		}
	}
	changes := d.Timeline(c.ID, before.LastSeq)
	if len(changes) != 1 || changes[0].Actor.ID != string(d.agent.ID) || string(changes[0].Data) != `{"resolved":"arrived"}` {
		t.Fatalf("the changes are %+v", changes)
	}

	abroad, stranger := d.Workspace("stranger@example.com")
	stranger.Workspace = abroad
	_, err = resolve(stranger, p.Change.Message.ID, conversation.SendAgain)
	d.Fails(err, errs.NotFound)
	scope := as(d.agent)
	scope.Actor.Role = "nobody"
	_, err = d.service.ResolveDelivery(d.Context(), scope, c.ID, p.Change.Message.ID, conversation.SendAgain)
	d.Fails(err, errs.Forbidden)
}

// What is merged is left alone, and a channel without a license sends nothing again.
func TestResolveDeliveryWhereNothingLeaves(t *testing.T) {
	d := newDesk(t)
	m := conversation.Message{Seq: 1, Delivery: conversation.DeliveryFailed}
	c := &conversation.Conversation{ID: "cnv_1"}
	c.MergedInto = "cnv_2"
	_, err := c.ResolveDelivery(d.System(), m, conversation.SendAgain)
	d.refused(err, errs.Conflict, "conversation.merged")

	in := d.Receive(d.Inbox, "ext", "", "question")
	p := d.post(d.agent, in.ID, conversation.Text, "a1", "answer")
	d.Change(in.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), *p.Change.Message, conversation.DeliveryFailed, "no")
		return nil
	})
	barred := errs.New(errs.Forbidden, "license.over", "The license is over.")
	d.plugins.Installed = []channel.Type{{Plugin: d.Inbox.Plugin, Barred: barred}}
	_, err = d.service.ResolveDelivery(d.Context(), as(d.agent), in.ID, p.Change.Message.ID, conversation.SendAgain)
	d.refused(err, errs.Forbidden, "license.over")
}
