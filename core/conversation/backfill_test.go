package conversation_test

import (
	"context"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
)

// robot answers every inbox that names it.
type robot struct{}

func (robot) BotOf(context.Context, channel.Inbox) (*conversation.Bot, error) {
	return &conversation.Bot{ID: "cnn_1", Name: "Ada", Plugin: "patchbay/ada"}, nil
}

// brought is an item that a backfill brings, written a time ago.
func (d *desk) brought(in channel.Inbound, ago time.Duration) channel.Inbound {
	in.Backfill, in.SentAt = "bfl_1", d.now().Add(-ago)
	return in
}

// What a backfill brings keeps when it was written, is answered by nobody by
// itself, and waits for people.
func TestBroughtLater(t *testing.T) {
	d := newDesk(t)
	d.acknowledges(nil)
	d.service.Bots = robot{}
	_, err := d.fake.Inboxes.UpdateInbox(t.Context(), d.WS, d.Inbox.ID, func(in *channel.Inbox) ([]event.Event, error) {
		in.Bot = "cnn_1"
		return nil, nil
	})
	d.OK(err)
	in := d.brought(d.mail("<1>", anna, "where is it?"), time.Hour)
	c := d.where(in)
	m := d.last(c.ID)
	if !m.WrittenAt.Equal(in.SentAt) || !m.CreatedAt.Equal(d.now()) {
		t.Errorf("written %s, brought %s", m.WrittenAt, m.CreatedAt)
	}
	if c.Responder != conversation.ResponderQueue || c.WaitingSince.IsZero() || len(d.automatic(c.ID)) != 0 {
		t.Errorf("a bot or the company answers it: %+v", c)
	}
	if r := d.receive(in)[0]; r.Outcome != channel.OutcomeDuplicate {
		t.Errorf("again it is %+v", r)
	}
	if r := d.receive(d.mail("<1>", anna, "where is it?"))[0]; r.Outcome != channel.OutcomeDuplicate {
		t.Errorf("by itself it is %+v", r)
	}
	unknown := d.brought(d.mail("<2>", anna, "no date"), 0)
	unknown.SentAt = time.Time{}
	future := d.brought(d.mail("<3>", anna, "tomorrow"), -24*time.Hour)
	for _, in := range []channel.Inbound{unknown, future} {
		if m := d.last(d.where(in).ID); !m.WrittenAt.Equal(d.now()) {
			t.Errorf("%s was written %s", in.External, m.WrittenAt)
		}
	}

	fresh := d.where(d.mail("<4>", carol, "and mine?"))
	answered := d.Get(fresh.ID)
	if !answered.ByBot() || len(d.automatic(fresh.ID)) != 0 || !d.last(fresh.ID).WrittenAt.IsZero() {
		t.Fatalf("what comes by itself is answered as %+v", d.Get(fresh.ID))
	}
	before, timeline := d.Get(fresh.ID), d.Timeline(fresh.ID, 0)
	d.where(d.brought(d.mail("<5>", carol, "an older one", "<4>"), 72*time.Hour))
	if c := d.Get(fresh.ID); c.ByBot() || c.Responder != conversation.ResponderQueue {
		t.Errorf("the bot is to answer what is three days old: %+v", c)
	}
	d.CheckLaw(before, timeline)
}

// What the company wrote elsewhere long ago is no answer to a customer who waits.
func TestEchoesBroughtLater(t *testing.T) {
	d := newDesk(t)
	c := d.where(item(d.Inbox, "m1", "anna", "hello"))
	before, timeline := d.Get(c.ID), d.Timeline(c.ID, 0)
	d.where(d.brought(d.echo("e1", "anna", "last week"), 7*24*time.Hour))
	if now := d.Get(c.ID); !now.WaitingSince.Equal(c.WaitingSince) || now.WaitingSince.IsZero() {
		t.Errorf("she waits since %s", now.WaitingSince)
	}
	d.CheckLaw(before, timeline)
	d.where(d.echo("e2", "anna", "today"))
	if now := d.Get(c.ID); !now.WaitingSince.IsZero() {
		t.Error("she has an answer and waits")
	}
}
