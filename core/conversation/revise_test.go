package conversation_test

import (
	"context"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/media"
)

// change is what a customer did to a message of theirs.
func (d *desk) change(id, from, target, text string) channel.Inbound {
	in := item(d.Inbox, id, from, text)
	in.Kind, in.Target = channel.KindEdit, target
	if text == "" {
		in.Kind, in.Content = channel.KindRecall, channel.Content{}
	}
	return in
}

func (d *desk) became(t *testing.T, in channel.Inbound, want channel.Outcome, code string) {
	t.Helper()
	if r := d.receive(in)[0]; r.Outcome != want || r.Code != code {
		t.Errorf("%s: %+v", in.External, r)
	}
}

func TestACustomerEditsAndTakesBack(t *testing.T) {
	d := newDesk(t)
	c := d.where(item(d.Inbox, "m1", "anna", "helo"))
	d.where(item(d.Inbox, "b1", "bob", "hi"))
	before, timeline := d.Get(c.ID), d.Timeline(c.ID, 0)
	d.became(t, d.change("x1", "anna", "m1", "hello"), channel.OutcomeAccepted, "")
	d.became(t, d.change("x1", "anna", "m1", "hello"), channel.OutcomeDuplicate, "")
	d.became(t, d.change("x2", "anna", "m1", "hello"), channel.OutcomeAccepted, "") // says the same: no change
	d.CheckLaw(before, timeline)
	m, now := d.last(c.ID), d.Get(c.ID)
	if m.Text != "hello" || m.EditedAt.IsZero() || now.LastSeq != before.LastSeq+1 || now.Last.Text != "hello" {
		t.Errorf("it says %+v in %+v", m, now)
	}
	if now.LastInboundSeq != before.LastInboundSeq || !now.WaitingSince.Equal(before.WaitingSince) {
		t.Error("an edit counts as a message")
	}
	for name, in := range map[string]channel.Inbound{
		"another customer": d.change("x3", "bob", "m1", "not yours"),
		"nobody we know":   d.change("x4", "eve", "m1", "not yours"),
		"an echo": func() channel.Inbound {
			in := d.echo("x5", "anna", "ours")
			in.Kind, in.Target = channel.KindEdit, "m1"
			return in
		}(),
		"a forged sender": func() channel.Inbound {
			in := d.change("x6", "anna", "m1", "no")
			in.Trust.Verdict = channel.Failed
			return in
		}(),
	} {
		if r := d.receive(in)[0]; r.Outcome != channel.OutcomeRejected || r.Code != "not_theirs" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	d.became(t, d.change("", "anna", "m1", "x"), channel.OutcomeRejected, "external_id")
	empty := d.change("x7", "anna", "m1", "x")
	empty.Content.Text = ""
	d.became(t, empty, channel.OutcomeRejected, "empty")
	unsaid := d.change("x8", "", "m1", "hello!") // the far side knows its users
	d.became(t, unsaid, channel.OutcomeAccepted, "")
	d.became(t, d.change("x9", "anna", "m1", ""), channel.OutcomeAccepted, "")
	if m = d.last(c.ID); m.Text != "" || m.RecalledAt.IsZero() || !d.Get(c.ID).Last.Recalled {
		t.Errorf("taken back it says %+v", m)
	}
	d.became(t, d.change("x10", "anna", "m1", ""), channel.OutcomeDuplicate, "")
	d.became(t, d.change("x11", "anna", "m1", "again"), channel.OutcomeDuplicate, "")
	v, err := d.service.Versions(t.Context(), as(d.Owner), c.ID, m.ID)
	d.OK(err)
	if len(v) != 3 || v[0].Text != "helo" || v[1].Text != "hello" || v[2].Text != "hello!" {
		t.Errorf("it said %+v", v)
	}
	d.CheckSequences(c.ID)
}

func TestAnEditThatIsEarly(t *testing.T) {
	d := newDesk(t)
	early := d.change("x1", "anna", "m1", "second")
	d.became(t, early, channel.OutcomeRetry, "target_early")
	c := d.where(item(d.Inbox, "m1", "anna", "first"))
	d.became(t, early, channel.OutcomeAccepted, "")
	if got := d.last(c.ID).Text; got != "second" {
		t.Errorf("it says %q", got)
	}
	lost := d.change("x2", "anna", "m9", "")
	d.became(t, lost, channel.OutcomeRetry, "target_early")
	d.pass(time.Minute)
	d.became(t, lost, channel.OutcomeRetry, "target_early")
	d.pass(2 * time.Minute)
	d.became(t, lost, channel.OutcomeRejected, "target")
}

func TestTheCompanyEditsElsewhere(t *testing.T) {
	d := newDesk(t)
	c := d.where(item(d.Inbox, "m1", "anna", "hello"))
	d.post(d.Owner, c.ID, conversation.Text, "a1", "answr")
	sent := d.lastSent(c.ID)
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), sent, conversation.DeliverySent, "")
		return nil
	})
	d.OK(d.fake.Within(t.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Remember(ctx, d.Inbox.ID, conversation.Dedup{Kind: conversation.InboundSent, External: "far-1", Conversation: c.ID, Seq: sent.Seq})
	}))
	d.became(t, d.change("x1", "anna", "far-1", "mine"), channel.OutcomeRejected, "not_theirs")
	echo := d.echo("x2", "anna", "answer")
	echo.Kind, echo.Target = channel.KindEdit, "far-1"
	d.became(t, echo, channel.OutcomeAccepted, "")
	changes := d.Timeline(c.ID, 0)
	last := changes[len(changes)-1]
	if last.Type != conversation.MessageEdited || last.Message.Text != "answer" || last.Message.Delivery != conversation.DeliverySent || last.Actor.Kind != "plugin" {
		t.Errorf("it is told by %+v of %+v", last, last.Message)
	}
}

func TestFilesOfWhatIsEdited(t *testing.T) {
	d := newDesk(t)
	by := media.Uploader{Kind: media.ByPlugin, ID: string(d.Inbox.ID)}
	one, two := d.file(media.Image, by), d.file(media.Image, by)
	in := item(d.Inbox, "m1", "anna", "look")
	in.Content.Files = []channel.File{{ID: one}}
	c := d.where(in)
	d.became(t, d.change("x1", "anna", "m1", "look here"), channel.OutcomeAccepted, "")
	if m := d.last(c.ID); len(m.Attachments) != 1 || m.Attachments[0].ID != one {
		t.Errorf("an edit of the text makes of the files %+v", m.Attachments)
	}
	edit := d.change("x2", "anna", "m1", "look here")
	edit.Content.Files = []channel.File{{ID: two}, {Fetch: "ref", Name: "x.png"}}
	d.became(t, edit, channel.OutcomeAccepted, "")
	m := d.last(c.ID)
	if len(m.Attachments) != 2 || m.Attachments[0].ID != two || m.Attachments[1].Arrival != media.Fetching || m.Attachments[1].Name != "x.png" || m.Unsupported != nil {
		t.Errorf("other files make of it %+v", m)
	}
	d.became(t, d.change("x3", "anna", "m1", ""), channel.OutcomeAccepted, "")
	if m := d.last(c.ID); len(m.Attachments) != 0 {
		t.Errorf("taken back it has %+v", m.Attachments)
	}
	all, err := d.fake.Media.Of(t.Context(), d.WS, []media.Place{{Conversation: string(c.ID), Seq: d.last(c.ID).Seq}})
	if err != nil || len(all) != 0 {
		t.Errorf("its place has %+v, %v", all, err)
	}
	foreign := d.change("x4", "anna", "m1", "y")
	foreign.Content.Files = []channel.File{{ID: d.file(media.File, media.Uploader{Kind: media.ByPlugin, ID: "inb_other"})}}
	d.where(item(d.Inbox, "m2", "anna", "x"))
	foreign.Target = "m2"
	d.became(t, foreign, channel.OutcomeRejected, "attachment.unknown")
	if m := d.last(c.ID); m.Text != "x" {
		t.Errorf("what was refused changed it: %+v", m)
	}
}
