package conversation_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

func TestAMessageIsPassedOnToSomebodyElse(t *testing.T) {
	d := newDesk(t)
	d.mails()
	first := d.where(d.mail("<1>", anna, "where is it?"))
	asked := d.last(first.ID)
	p := conversation.Post{
		Conversation: first.ID, ClientID: "f1", Kind: conversation.Text, Text: "do you know?", Forwards: asked.ID,
		Envelope: &channel.Envelope{Subject: "Fwd: Order", To: to(carol)},
	}
	got, err := d.service.Post(d.Context(), as(d.agent), p)
	d.OK(err)
	m := got.Change.Message
	if m.Forwards == nil || *m.Forwards != (conversation.Forwarded{ID: asked.ID, Seq: asked.Seq}) || m.Delivery != conversation.DeliveryPending {
		t.Fatalf("it is %+v", m)
	}
	held, err := d.service.Get(d.Context(), as(d.agent), first.ID)
	d.OK(err)
	if held.WaitingSince.IsZero() || held.Assignee != "" {
		t.Error("the customer counts as answered")
	}
	if again, err := d.service.Post(d.Context(), as(d.agent), p); err != nil || !again.Replayed {
		t.Fatalf("again: %+v, %v", again, err)
	}
	// Whom it went to takes part, and is not the customer.
	c := d.where(d.mail("<2>", carol, "it is lost", "<1>"))
	if m := d.last(first.ID); c.ID != first.ID || !m.Participant || c.Contact != first.Contact {
		t.Errorf("Carol's answer is %+v in %s", m, c.ID)
	}
	if d.where(d.mail("<3>", anna, "well?", "<1>")); d.last(first.ID).Participant {
		t.Error("the customer takes part as somebody else")
	}
}

func TestWhatCannotBePassedOn(t *testing.T) {
	d := newDesk(t)
	d.mails()
	c := d.where(d.mail("<1>", anna, "where is it?"))
	other := d.where(d.mail("<2>", carol, "another"))
	asked, foreign := d.last(c.ID).ID, d.last(other.ID).ID
	d.post(d.Owner, c.ID, conversation.Note, "n1", "between us")
	note := d.last(c.ID).ID
	whole := conversation.Post{Conversation: c.ID, ClientID: "f1", Kind: conversation.Text, Text: "x", Forwards: asked, Envelope: &channel.Envelope{To: to(carol)}}
	for name, change := range map[string]func(*conversation.Post){
		"to nobody":          func(p *conversation.Post) { p.Envelope = &channel.Envelope{Subject: "x"} },
		"without addresses":  func(p *conversation.Post) { p.Envelope = nil },
		"to the customer":    func(p *conversation.Post) { p.Envelope = &channel.Envelope{To: to(carol), CC: to("Anna@Example.com")} },
		"a note":             func(p *conversation.Post) { p.Forwards = note },
		"of another":         func(p *conversation.Post) { p.Forwards = foreign },
		"nothing there":      func(p *conversation.Post) { p.Forwards = "msg_x" },
		"in a note":          func(p *conversation.Post) { p.Kind, p.Envelope = conversation.Note, nil },
		"with a reply to it": func(p *conversation.Post) { p.ReplyTo = asked },
	} {
		p := whole
		change(&p)
		_, err := d.service.Post(d.Context(), as(d.agent), p)
		if name == "with a reply to it" { // the channel has none
			d.refused(err, errs.Invalid, "message.unsupported")
			continue
		}
		if e := errs.As(err); e == nil || e.Code != "message.forward" || e.Kind != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.Resolve(d.Turn(d.Owner))
		return nil
	})
	_, err := d.service.Post(d.Context(), as(d.agent), whole)
	d.refused(err, errs.Conflict, "conversation.resolved")
}
