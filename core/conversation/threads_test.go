package conversation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/media"
)

// mails makes the installed channel one of mails.
func (d *desk) mails() {
	d.plugins.Installed[0].Capabilities = channel.Capabilities{
		Content: []string{channel.ContentText, channel.ContentHTML, channel.ContentEnvelope}, Threads: channel.ThreadsReply,
	}
}

// mail is an inbound mail of a sender who has proven to be it.
func (d *desk) mail(id, from, text string, references ...string) channel.Inbound {
	in := item(d.Inbox, id, from, text)
	in.Sender.Email, in.References = from, references
	in.Trust = channel.Trust{Verdict: channel.Verified, Reason: "DKIM"}
	in.Content.Envelope = &channel.Envelope{Subject: "Order", From: channel.Party{Address: from}, To: []channel.Party{{Address: "us@example.com"}}}
	return in
}

// where takes an item and returns the conversation that it came into.
func (d *desk) where(in channel.Inbound) conversation.Conversation {
	d.Helper()
	if r := d.receive(in)[0]; r.Outcome != channel.OutcomeAccepted {
		d.Fatalf("%s: %+v", in.External, r)
	}
	var out conversation.Conversation
	d.OK(d.fake.Within(d.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
		known, err := tx.Inbound(ctx, in.Inbox, conversation.InboundMessage, in.External)
		if err != nil {
			return err
		}
		c, err := tx.Conversation(ctx, known.Conversation)
		out = *c
		return err
	}))
	return out
}

// last is the last message of a conversation.
func (d *desk) last(id conversation.ID) conversation.Message {
	d.Helper()
	var out conversation.Message
	for _, ch := range d.Timeline(id, 0) {
		if ch.Message != nil {
			out = *ch.Message
		}
	}
	return out
}

const (
	anna  = "anna@example.com"
	carol = "carol@example.com"
	evil  = "evil@example.net"
)

func TestAMailThatAnswersGoesOn(t *testing.T) {
	d := newDesk(t)
	d.mails()
	first := d.where(d.mail("<1>", anna, "where is it?"))
	if !first.Apart || first.Recipient != anna {
		t.Errorf("it began as %+v", first)
	}
	if c := d.where(d.mail("<2>", anna, "another matter")); c.ID == first.ID || c.Contact != first.Contact {
		t.Errorf("another mail of hers is in %s of %s", c.ID, c.Contact)
	}
	if c := d.where(d.mail("<3>", anna, "still nothing", "<unknown>", "<1>", "<other>", "\x00")); c.ID != first.ID {
		t.Error("an answer began a conversation")
	}
	d.post(d.Owner, first.ID, conversation.Text, "a1", "on its way")
	sent := d.last(first.ID)
	d.OK(d.fake.Within(t.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Remember(ctx, d.Inbox.ID, conversation.Dedup{Kind: conversation.InboundSent, External: "<ours>", Conversation: first.ID, Seq: sent.Seq})
	}))
	if c := d.where(d.mail("<4>", anna, "thanks", "<ours>")); c.ID != first.ID {
		t.Error("an answer to what we sent began a conversation")
	}
	// Who is on the envelope takes part, when they have proven to be it.
	with := d.mail("<5>", anna, "and Carol", "<1>")
	with.Content.Envelope.CC = []channel.Party{{Address: carol}}
	d.where(with)
	if c := d.where(d.mail("<6>", carol, "hello", "<5>")); c.ID != first.ID || c.Contact != first.Contact {
		t.Error("one who was copied cannot answer")
	}
	if m := d.last(first.ID); m.Sender.Name != "Customer "+carol || m.Sender.ID == string(first.Contact) {
		t.Errorf("Carol's mail is of %+v", m.Sender)
	}
	// What was merged stands for what it was merged into.
	other := d.where(d.mail("<7>", carol, "a matter of mine"))
	d.OK(d.TryMerge(d.Turn(d.Owner), other.ID, first.ID))
	if c := d.where(d.mail("<8>", carol, "and again", "<7>")); c.ID != first.ID {
		t.Error("an answer in what was merged is not where that went on")
	}
}

func TestAStrangerSpeaksForNobody(t *testing.T) {
	d := newDesk(t)
	d.mails()
	first := d.where(d.mail("<1>", anna, "where is it?"))
	d.post(d.Owner, first.ID, conversation.Text, "a1", "on its way")
	before := len(d.Timeline(first.ID, 0))
	apart := func(name string, in channel.Inbound) conversation.Conversation {
		t.Helper()
		c := d.where(in)
		if c.ID == first.ID || c.Contact == first.Contact {
			t.Errorf("%s is in her conversation, or is her", name)
		}
		return c
	}
	apart("a stranger who knows an id", d.mail("<2>", evil, "me too", "<1>"))
	spoofed := d.mail("<3>", anna, "send it elsewhere", "<1>")
	spoofed.Trust = channel.Trust{Verdict: channel.Failed, Reason: "DMARC"}
	apart("a forged sender", spoofed)
	unsure := d.mail("<4>", anna, "send it elsewhere", "<1>")
	unsure.Trust = channel.Trust{Verdict: channel.Unverified}
	own := apart("an unproven sender", unsure)
	if own.Address() != anna || own.Recipient == anna || d.last(own.ID).Trust.Verdict != channel.Unverified {
		t.Errorf("an unproven sender is %+v", own)
	}
	copied := d.mail("<5>", anna, "and Carol", "<1>")
	copied.Content.Envelope.CC = []channel.Party{{Address: carol}}
	d.where(copied)
	before++
	forged := d.mail("<6>", carol, "send it elsewhere", "<1>")
	forged.Trust = channel.Trust{Verdict: channel.Unverified}
	apart("one who only says to be who was copied", forged)
	foreign := d.NewInbox(d.WS, false)
	elsewhere := d.mail("<7>", anna, "an id of another inbox", "<1>")
	elsewhere.Inbox = foreign.ID
	if c := d.where(elsewhere); c.ID == first.ID {
		t.Error("an id of one inbox finds a conversation of another")
	}
	agent := d.mail("<8>", "owner@example.com", "refund them", "<1>")
	if c := apart("a colleague's address", agent); d.last(c.ID).Sender.Kind != "contact" {
		t.Error("a mail passes for a colleague's")
	}
	token := d.mail("<9>", evil, "I guessed")
	token.Answers = "dlv_guessed"
	apart("a delivery that is none", token)
	if n := len(d.Timeline(first.ID, 0)); n != before {
		t.Errorf("her conversation has %d changes, want %d", n, before)
	}
	named := d.mail("<10>", "unverified:"+anna, "x")
	if r := d.receive(named)[0]; r.Outcome != channel.OutcomeRejected || r.Code != "sender" {
		t.Errorf("a name that stands for the unproven is %+v", r)
	}
	// Who has the token was sent the mail: whoever they are, they answer it.
	proven := d.mail("<11>", evil, "she forwarded it")
	proven.Answers = "dlv_" + strings.TrimPrefix(string(d.lastSent(first.ID).ID), "msg_")
	if c := d.where(proven); c.ID != first.ID || c.Contact != first.Contact {
		t.Error("a proven answer is elsewhere")
	}
	// The unproven sender goes on with what is theirs.
	again := unsure
	again.External, again.References = "<12>", []string{"<4>"}
	if c := d.where(again); c.ID != own.ID {
		t.Error("an unproven sender cannot go on with a conversation of their own")
	}
}

// lastSent is the last message that the company sent.
func (d *desk) lastSent(id conversation.ID) conversation.Message {
	d.Helper()
	for _, ch := range slices.Backward(d.Timeline(id, 0)) {
		if ch.Message != nil && ch.Message.Delivery != "" {
			return *ch.Message
		}
	}
	d.Fatal("nothing was sent")
	return conversation.Message{}
}

func TestTheFarSidesThreads(t *testing.T) {
	d := newDesk(t)
	in := func(id, from, thread string) channel.Inbound {
		i := item(d.Inbox, id, from, id)
		i.Thread = thread
		return i
	}
	if a, b := d.where(in("1", "a", "x")), d.where(in("2", "a", "y")); a.ID != b.ID || a.Thread != "" {
		t.Error("threads count where the channel says that it has none")
	}
	d.plugins.Installed[0].Capabilities = channel.Capabilities{Content: []string{channel.ContentText}, Threads: channel.ThreadsKey}
	x, y, none := d.where(in("3", "a", "x")), d.where(in("4", "a", "y")), d.where(in("5", "a", ""))
	if x.ID == y.ID || x.ID == none.ID || x.Thread != "x" || none.Thread != "" {
		t.Errorf("threads are %+v, %+v, %+v", x, y, none)
	}
	if c := d.where(in("6", "b", "x")); c.ID != x.ID || c.Contact != x.Contact {
		t.Error("another who writes in a thread is not in it")
	}
}

func TestPeopleAreJoinedByWhatTheyProved(t *testing.T) {
	d := newDesk(t)
	d.mails()
	first := d.where(d.mail("<1>", anna, "by mail"))
	phone := d.NewInbox(d.WS, false)
	call := item(phone, "c1", "+8613800000000", "by phone")
	call.Sender.Phone, call.Sender.Email = "+86 138 0000 0000", " Anna@Example.com "
	if c := d.where(call); c.Contact != first.Contact {
		t.Error("a proven address does not join its person")
	}
	sms := d.NewInbox(d.WS, false)
	text := item(sms, "s1", "someone", "by text")
	text.Sender.Phone = "+8613800000000"
	if c := d.where(text); c.Contact != first.Contact {
		t.Error("a proven number does not join its person")
	}
	for i, change := range []func(*channel.Inbound){
		func(in *channel.Inbound) { in.Trust.Verdict = channel.Unverified },
		func(in *channel.Inbound) { in.Trust.Verdict = channel.Failed },
		func(in *channel.Inbound) { in.Sender.Email = "" },
		func(in *channel.Inbound) { in.Sender.Email = "not an address" },
		func(in *channel.Inbound) { in.Sender.Email, in.Sender.Phone = "", "138 0000 0000" },
	} {
		in := item(sms, "x"+string(rune('0'+i)), "x"+string(rune('0'+i)), "x")
		in.Sender.Email = anna
		change(&in)
		if c := d.where(in); c.Contact == first.Contact {
			t.Errorf("number %d joins without a proof", i)
		}
	}
}

func TestFilesThatAChannelBrings(t *testing.T) {
	d := newDesk(t)
	by := media.Uploader{Kind: media.ByPlugin, ID: string(d.Inbox.ID)}
	in := item(d.Inbox, "m1", "alice", "")
	in.Content.Files = []channel.File{
		{ID: d.file(media.File, by), Original: true}, {ID: d.file(media.Image, by), ContentID: "<logo@far>"}, {ID: d.file(media.Audio, by), Voice: true},
	}
	for range media.MaxPerMessage {
		in.Content.Files = append(in.Content.Files, channel.File{ID: d.file(media.File, by)})
	}
	c := d.where(in)
	got := d.last(c.ID).Attachments
	if len(got) != 13 || got[0].ContentID != "logo@far" || got[0].Kind != media.Image || got[1].Role != media.RoleVoice || got[12].Role != media.RoleOriginal {
		t.Errorf("it brings %+v", got)
	}
	if c.Last.Attachment != media.Image {
		t.Errorf("lists show %+v", c.Last)
	}
	if r := d.receive(in)[0]; r.Outcome != channel.OutcomeDuplicate {
		t.Errorf("told again: %+v", r)
	}
	foreign := item(d.Inbox, "m2", "alice", "x")
	foreign.Content.Files = []channel.File{{ID: d.file(media.File, media.Uploader{Kind: media.ByPlugin, ID: "inb_other"})}}
	if r := d.receive(foreign)[0]; r.Outcome != channel.OutcomeRejected || r.Code != "attachment.unknown" {
		t.Errorf("another's file: %+v", r)
	}
	absent := item(d.Inbox, "m3", "alice", "")
	absent.Content.Files = []channel.File{{Fetch: "ref", Name: "photo.jpg"}}
	d.where(absent)
	if m := d.last(c.ID); len(m.Attachments) != 1 || m.Attachments[0].Arrival != media.Fetching || m.Attachments[0].Name != "photo.jpg" {
		t.Errorf("a file that is not here is %+v", m.Attachments)
	}
	if r := d.receive(absent)[0]; r.Outcome != channel.OutcomeDuplicate {
		t.Errorf("told again: %+v", r)
	}
}

func TestStatusesOfTheFarSide(t *testing.T) {
	d := newDesk(t)
	c := d.where(item(d.Inbox, "m1", "alice", "hello"))
	d.post(d.Owner, c.ID, conversation.Text, "a1", "answer")
	m := d.lastSent(c.ID)
	status := func(target, delivery string, state channel.StatusState) channel.Result {
		t.Helper()
		in := channel.Inbound{Inbox: d.Inbox.ID, External: "s", Kind: channel.KindStatus, Target: target, Delivery: delivery, Status: channel.Status{State: state}}
		return d.receive(in)[0]
	}
	delivery := "dlv_" + strings.TrimPrefix(string(m.ID), "msg_")
	for target, by := range map[string]string{"": delivery, "far-0": ""} { // kept: see deliverytest
		if r := status(target, by, channel.StatusSent); r.Outcome != channel.OutcomeAccepted {
			t.Errorf("before the attempt is answered: %+v", r)
		}
	}
	for i := range conversation.MaxEarly {
		status(fmt.Sprint("far-x", i), "", channel.StatusRead)
	}
	if r := status("", delivery, channel.StatusRead); r.Outcome != channel.OutcomeRetry || r.Code != "status_early" {
		t.Errorf("when there is no room: %+v", r)
	}
	if got := d.lastSent(c.ID).Delivery; got != conversation.DeliveryPending {
		t.Errorf("it counts before the attempt is answered: %s", got)
	}
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), m, conversation.DeliverySent, "")
		return nil
	})
	d.OK(d.fake.Within(t.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Remember(ctx, d.Inbox.ID, conversation.Dedup{Kind: conversation.InboundSent, External: "far-1", Conversation: c.ID, Seq: m.Seq})
	}))
	for _, step := range []struct {
		target, delivery string
		state            channel.StatusState
		want             channel.Outcome
		now              conversation.DeliveryState
	}{
		{"far-1", "", channel.StatusDelivered, channel.OutcomeAccepted, conversation.DeliveryDelivered},
		{"far-1", "", channel.StatusDelivered, channel.OutcomeDuplicate, conversation.DeliveryDelivered},
		{"", delivery, channel.StatusSent, channel.OutcomeDuplicate, conversation.DeliveryDelivered},
		{"far-2", "", channel.StatusRead, channel.OutcomeRejected, conversation.DeliveryDelivered},
		{"far-1", "", "lost", channel.OutcomeRejected, conversation.DeliveryDelivered},
		{"", delivery, channel.StatusRead, channel.OutcomeAccepted, conversation.DeliveryRead},
	} {
		if r := status(step.target, step.delivery, step.state); r.Outcome != step.want {
			t.Errorf("%+v: %+v", step, r)
		}
		if got := d.lastSent(c.ID).Delivery; got != step.now {
			t.Errorf("after %+v it is %s", step, got)
		}
	}
	for _, in := range []channel.Inbound{
		{Inbox: d.Inbox.ID, External: "e", Kind: "poll", Sender: channel.Person{External: "alice"}, Content: channel.Content{Text: "x"}},
	} {
		if r := d.receive(in)[0]; r.Outcome != channel.OutcomeRejected || r.Code != "unknown_kind" {
			t.Errorf("%q is taken for a message: %+v", in.Kind, r)
		}
	}
}
