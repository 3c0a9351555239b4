package conversation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

// echo is what the company wrote elsewhere.
func (d *desk) echo(id, to, text string) channel.Inbound {
	in := item(d.Inbox, id, "", text)
	in.Echo, in.Recipient, in.Sender = true, to, channel.Person{External: "phone", Name: "Lin's phone"}
	return in
}

func TestEchoes(t *testing.T) {
	d := newDesk(t)
	c := d.where(item(d.Inbox, "m1", "anna", "hello"))
	d.post(d.Owner, c.ID, conversation.Text, "a1", "answer")
	sent := d.lastSent(c.ID)
	said := func(in channel.Inbound, want channel.Outcome, code string) {
		t.Helper()
		if r := d.receive(in)[0]; r.Outcome != want || r.Code != code {
			t.Errorf("%s: %+v", in.External, r)
		}
	}
	said(d.echo("e1", "anna", "answer"), channel.OutcomeRetry, "echo_pending")
	ours := d.echo("e2", "anna", "answer")
	ours.Delivery = "dlv_" + strings.TrimPrefix(string(sent.ID), "msg_")
	said(ours, channel.OutcomeDuplicate, "")
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), sent, conversation.DeliverySent, "")
		return nil
	})
	d.OK(d.fake.Within(t.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Remember(ctx, d.Inbox.ID, conversation.Dedup{Kind: conversation.InboundSent, External: "e1", Conversation: c.ID, Seq: sent.Seq})
	}))
	said(d.echo("e1", "anna", "answer"), channel.OutcomeDuplicate, "")
	d.where(item(d.Inbox, "m2", "anna", "and?"))
	before, timeline := d.Get(c.ID), d.Timeline(c.ID, 0)
	said(d.echo("e3", "anna", "from my phone"), channel.OutcomeAccepted, "")
	said(d.echo("e3", "anna", "from my phone"), channel.OutcomeDuplicate, "")
	d.CheckLaw(before, timeline)
	m, now := d.last(c.ID), d.Get(c.ID)
	if m.Text != "from my phone" || !m.Elsewhere || m.Sender.Kind != "plugin" || m.Sender.Name != "Lin's phone" || m.Delivery != "" {
		t.Errorf("kept as %+v", m)
	}
	if !now.WaitingSince.IsZero() || now.State != before.State || now.Assignee != before.Assignee {
		t.Errorf("the conversation is %+v", now)
	}
	if texts := d.texts(c.ID); !slices.Equal(texts, []string{"hello", "answer", "answer", "and?", "from my phone"}) {
		t.Errorf("it tells of %q", texts)
	}
	// Somebody new, whom the company wrote to first, waits for nobody.
	said(d.echo("e4", "bob", "hello Bob"), channel.OutcomeAccepted, "")
	bob := d.of(d.Inbox, "bob")
	if bob.State != conversation.Resolved || bob.Responder == conversation.ResponderQueue {
		t.Errorf("Bob's is %+v", bob)
	}
	d.where(item(d.Inbox, "m3", "bob", "hi"))
	if got := d.Get(bob.ID); got.State != conversation.Open || got.Responder != conversation.ResponderQueue {
		t.Errorf("after Bob's answer it is %+v", got)
	}
	unsure := item(d.Inbox, "m4", "carl", "is it you?")
	unsure.Trust.Verdict = channel.Unverified
	carl := d.where(unsure)
	said(d.echo("e5", "carl", "yes"), channel.OutcomeAccepted, "")
	if d.last(carl.ID).Text != "yes" {
		t.Error("what was written to somebody unproven is elsewhere")
	}
	said(d.echo("e6", "", "x"), channel.OutcomeRejected, "recipient")
	said(d.echo("e7", "unverified:anna", "x"), channel.OutcomeRejected, "recipient")
	said(d.echo("", "anna", "x"), channel.OutcomeRejected, "external_id")
	said(d.echo("e8", "anna", ""), channel.OutcomeRejected, "empty")
	file := d.echo("e9", "anna", "")
	file.Content.Files = []channel.File{{ID: "att_none"}}
	said(file, channel.OutcomeRejected, "attachment.unknown")
}

// TestEchoesInOrder: of a batch, what a customer and the company wrote to each
// other stands as it was brought.
func TestEchoesInOrder(t *testing.T) {
	d := newDesk(t)
	var batch []channel.Inbound
	for i := range 20 {
		who := fmt.Sprintf("customer-%d", i)
		batch = append(batch, item(d.Inbox, "q-"+who, who, "question"), d.echo("a-"+who, who, "answer"), item(d.Inbox, "t-"+who, who, "thanks"))
	}
	d.receive(batch...)
	for i := range 20 {
		c := d.of(d.Inbox, fmt.Sprintf("customer-%d", i))
		if texts := d.texts(c.ID); !slices.Equal(texts, []string{"question", "answer", "thanks"}) {
			t.Errorf("%d: %q", i, texts)
		}
	}
}

func TestEchoesOfMails(t *testing.T) {
	d := newDesk(t)
	d.mails()
	c := d.where(d.mail("<1>", anna, "where is it?"))
	answer := d.echo("<2>", anna, "it left")
	answer.References = []string{"<1>"}
	if got := d.where(answer); got.ID != c.ID {
		t.Error("an answer from another mail program began a conversation")
	}
	if got := d.where(d.mail("<3>", anna, "thanks", "<2>")); got.ID != c.ID {
		t.Error("an answer to what was written elsewhere began a conversation")
	}
	if got := d.where(d.echo("<4>", anna, "an offer")); got.ID == c.ID || got.State != conversation.Resolved {
		t.Errorf("a new mail from elsewhere is in %+v", got)
	}
}
