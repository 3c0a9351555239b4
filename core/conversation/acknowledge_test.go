package conversation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// house names every company.
type house struct{}

func (house) NameOf(context.Context, identity.WorkspaceID) (string, error) {
	return "Harbour Café", nil
}

// acknowledges makes the inbox answer by itself, over a channel of mails.
func (d *desk) acknowledges(texts map[string]string) {
	d.mails()
	d.service.Houses = house{}
	_, err := d.fake.Inboxes.UpdateInbox(d.Context(), d.WS, d.Inbox.ID, func(in *channel.Inbox) ([]event.Event, error) {
		in.Acknowledgement = channel.Acknowledgement{Enabled: true, Texts: texts}
		return nil, nil
	})
	d.OK(err)
}

// automatic lists what the company answered by itself.
func (d *desk) automatic(id conversation.ID) []conversation.Message {
	d.Helper()
	var out []conversation.Message
	for _, ch := range d.Timeline(id, 0) {
		if ch.Type == conversation.MessageCreated && ch.Message.Sender.Kind == identity.ActorSystem {
			out = append(out, *ch.Message)
		}
	}
	return out
}

func TestAMailIsAcknowledgedOnceADay(t *testing.T) {
	d := newDesk(t)
	d.acknowledges(nil)
	first := d.where(d.mail("<1>", anna, "where is it?"))
	said := d.automatic(first.ID)
	if len(said) != 1 || said[0].Delivery != conversation.DeliveryPending || !said[0].Automatic || said[0].Envelope.To[0].Address != anna {
		t.Fatalf("answered %+v", said)
	}
	if text := said[0].Text; !strings.HasPrefix(text, "Hello,") || !strings.Contains(text, "number is 1.") || !strings.HasSuffix(text, "Harbour Café") {
		t.Errorf("it says %q", text)
	}
	if c := d.Get(first.ID); c.WaitingSince.IsZero() || c.Responder != conversation.ResponderQueue || c.Assignee != "" {
		t.Errorf("she waits no more: %+v", c)
	}
	if r := d.receive(d.mail("<1>", anna, "where is it?"))[0]; r.Outcome != channel.OutcomeDuplicate || len(d.automatic(first.ID)) != 1 {
		t.Errorf("what comes twice is %+v, and was answered again", r)
	}
	second := d.where(d.mail("<2>", anna, "another matter"))
	d.where(d.mail("<3>", anna, "still nothing", "<1>"))
	if n := len(d.automatic(second.ID)) + len(d.automatic(first.ID)); n != 1 {
		t.Errorf("on one day she was answered %d times", n)
	}
	if c := d.where(d.mail("<4>", carol, "我的订单在哪里？")); len(d.automatic(c.ID)) != 1 || !strings.HasPrefix(d.automatic(c.ID)[0].Text, "您好") {
		t.Errorf("one who writes Chinese is told %+v", d.automatic(c.ID))
	}
	d.pass(24 * time.Hour)
	if c := d.where(d.mail("<5>", anna, "goes on", "<1>")); len(d.automatic(c.ID)) != 1 {
		t.Error("what goes on is acknowledged")
	}
	if c := d.where(d.mail("<6>", anna, "a day later")); len(d.automatic(c.ID)) != 1 {
		t.Error("a day later she is not answered")
	}
}

func TestAcknowledgementsEndInAConversation(t *testing.T) {
	d := newDesk(t)
	d.acknowledges(nil)
	c := d.where(d.mail("<1>", anna, "where is it?"))
	for _, id := range []string{"<2>", "<3>", "<4>"} {
		d.pass(25 * time.Hour)
		_, err := d.service.SetState(t.Context(), as(d.Owner), c.ID, conversation.Resolved, time.Time{})
		d.OK(err)
		d.where(d.mail(id, anna, "again", "<1>"))
	}
	if n := len(d.automatic(c.ID)); n != 3 {
		t.Errorf("in a week it was answered %d times", n)
	}
}

func TestNoMachineIsAcknowledged(t *testing.T) {
	d := newDesk(t)
	d.acknowledges(nil)
	for name, change := range map[string]func(in *channel.Inbound){
		"a machine":                  func(in *channel.Inbound) { in.Automatic = true },
		"a list":                     func(in *channel.Inbound) { in.NoReply = true },
		"an unproven sender":         func(in *channel.Inbound) { in.Trust.Verdict = channel.Unverified },
		"a forged sender":            func(in *channel.Inbound) { in.Trust.Verdict = channel.Failed },
		"what is a day old":          func(in *channel.Inbound) { in.SentAt = d.now().Add(-25 * time.Hour) },
		"what is in a foreign inbox": func(in *channel.Inbound) { in.Inbox = d.NewInbox(d.WS, false).ID },
	} {
		in := d.mail("<"+name+">", strings.ReplaceAll(name, " ", "-")+"@example.com", "hello")
		change(&in)
		if c := d.where(in); len(d.automatic(c.ID)) != 0 {
			t.Errorf("%s is answered", name)
		}
	}
	in := d.mail("<person>", anna, "hello")
	in.Content.Envelope.ReplyTo = channel.Party{Address: evil}
	said := d.automatic(d.where(in).ID)
	if len(said) != 1 || len(said[0].Parties()) != 1 || said[0].Parties()[0] != anna {
		t.Errorf("an address that nobody has proven is written to: %+v", said)
	}
}

func TestAcknowledgementsKeepWindows(t *testing.T) {
	d := newDesk(t)
	d.acknowledges(map[string]string{"en": "{{contact.first_name}}: {{message.subject}} ({{inbox.name}}, {{conversation.number}})"})
	d.plugins.Installed[0].Capabilities.Windows = []channel.Window{{On: channel.TriggerMessage, Quota: 1, For: time.Hour}}
	in := d.mail("<1>", anna, "where is it?")
	in.Sender.Name = "Anna Berg"
	c := d.where(in)
	if said := d.automatic(c.ID); len(said) != 1 || said[0].Text != "Anna: Order ("+d.Inbox.Name+", 1)" {
		t.Errorf("it says %+v", said)
	}
	if got := d.Get(c.ID); len(got.Windows) != 1 || got.Windows[0].Used != 1 {
		t.Errorf("its window is %+v", got.Windows)
	}
	d.plugins.Installed[0].Capabilities.Windows[0].On = "menu"
	if c := d.where(d.mail("<2>", carol, "hello")); len(d.automatic(c.ID)) != 0 {
		t.Error("without a window it is answered")
	}
}
