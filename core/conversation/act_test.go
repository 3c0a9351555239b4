package conversation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// edit and recall are what a member does to a message.
func (d *desk) edit(m identity.Member, of conversation.Message, text string) (conversation.Message, error) {
	return d.service.EditMessage(d.Context(), as(m), of.Conversation, of.ID, text)
}

func (d *desk) recall(m identity.Member, of conversation.Message) (conversation.Message, error) {
	return d.service.RecallMessage(d.Context(), as(m), of.Conversation, of.ID)
}

func TestAnAgentEditsTheirMessage(t *testing.T) {
	d := newDesk(t)
	c := d.chat(t)
	said := *d.post(d.agent, c, conversation.Text, "a1", "helo").Change.Message
	public := d.Get(c).LastPublicSeq
	got, err := d.edit(d.agent, said, "hello")
	d.OK(err)
	if got.Text != "hello" || got.EditedAt.IsZero() || got.Seq != said.Seq || got.ClientID != "a1" {
		t.Errorf("edited it is %+v", got)
	}
	changes := d.Timeline(c, 0)
	last := changes[len(changes)-1]
	if last.Type != conversation.MessageEdited || last.PublicSeq != public+1 || last.Actor.ID != string(d.agent.ID) || d.Get(c).Last.Text != "hello" {
		t.Errorf("it is told by %+v", last)
	}
	again, err := d.edit(d.agent, said, "hello")
	d.OK(err)
	if n := len(d.Timeline(c, 0)); n != len(changes) || !again.EditedAt.Equal(got.EditedAt) {
		t.Errorf("to say the same is change %d of %d", n, len(changes))
	}
	v, err := d.service.Versions(t.Context(), as(d.agent), c, said.ID)
	d.OK(err)
	if len(v) != 1 || v[0].Text != "helo" {
		t.Errorf("it said %+v", v)
	}
	for text, code := range map[string]string{" ": "message.text_empty", "\x00": "message.text_control", strings.Repeat("x", conversation.MaxText+1): "message.text_too_long"} {
		_, err := d.edit(d.agent, said, text)
		d.refused(err, errs.Invalid, code)
	}
	d.CheckSequences(c)
}

func TestAnAgentTakesTheirMessageBack(t *testing.T) {
	d := newDesk(t)
	c := d.chat(t)
	d.plugins.Installed[0].Capabilities.Content = []string{channel.ContentImage}
	file := d.file(media.Image, byMember(d.agent))
	p, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c, ClientID: "a1", Kind: conversation.Text, Text: "wrong", Attachments: []media.ID{file}})
	d.OK(err)
	said := *p.Change.Message
	d.pass(time.Second)
	d.post(d.agent, c, conversation.Text, "a2", "later")
	for range 2 {
		got, err := d.recall(d.agent, said)
		d.OK(err)
		if got.Text != "" || got.RecalledAt.IsZero() || len(got.Attachments) > 0 {
			t.Errorf("taken back it is %+v", got)
		}
	}
	told := 0
	for _, typ := range d.kinds(c, 0) {
		if typ == conversation.MessageRecalled {
			told++
		}
	}
	if told != 1 || d.Get(c).Last.Text != "later" {
		t.Errorf("told %d times, lists show %+v", told, d.Get(c).Last)
	}
	_, err = d.edit(d.agent, said, "again")
	d.refused(err, errs.Conflict, "message.recalled")
	v, err := d.service.Versions(t.Context(), as(d.agent), c, said.ID)
	d.OK(err)
	if len(v) != 1 || v[0].Text != "wrong" || len(v[0].Attachments) != 1 {
		t.Errorf("it said %+v", v)
	}
	d.CheckSequences(c)
}

// TestANoteIsItsAuthors holds edits of notes to their author, and from the customer.
func TestANoteIsItsAuthors(t *testing.T) {
	d := newDesk(t)
	for _, id := range []conversation.ID{d.chat(t), d.where(item(d.Inbox, "m1", "anna", "hello")).ID} {
		note := *d.post(d.agent, id, conversation.Note, "n1", "chekc").Change.Message
		public := d.Get(id).LastPublicSeq
		_, err := d.edit(d.Owner, note, "check")
		d.refused(err, errs.Forbidden, "message.not_yours")
		_, err = d.recall(d.Owner, note)
		d.refused(err, errs.Forbidden, "message.not_yours")
		_, err = d.edit(d.agent, note, "check")
		d.OK(err)
		_, err = d.recall(d.agent, note)
		d.OK(err)
		if got := d.Get(id).LastPublicSeq; got != public {
			t.Errorf("customers are told: %d, was %d", got, public)
		}
		d.CheckSequences(id)
	}
}

func TestWhoMayChangeWhat(t *testing.T) {
	d := newDesk(t)
	c := d.chat(t)
	theirs := d.theirs(t, c)
	said := *d.post(d.agent, c, conversation.Text, "a1", "hello").Change.Message
	other := d.Member(d.WS, "mo@example.com", "Mo", 5)
	for _, m := range []identity.Member{other, d.Owner} {
		_, err := d.edit(m, said, "x")
		d.refused(err, errs.Forbidden, "message.not_yours")
		_, err = d.edit(m, theirs, "x")
		d.refused(err, errs.Forbidden, "message.not_yours")
		_, err = d.recall(m, theirs)
		d.refused(err, errs.Forbidden, "message.not_yours")
	}
	_, err := d.recall(other, said)
	d.refused(err, errs.Forbidden, "message.not_yours")
	_, err = d.recall(d.Owner, said)
	d.OK(err)
	_, err = d.service.EditMessage(t.Context(), as(d.agent), c, "msg_none", "x")
	d.refused(err, errs.NotFound, "not_found")
	auditor := as(d.agent)
	auditor.Actor.Role = identity.RoleAuditor
	_, err = d.service.EditMessage(t.Context(), auditor, c, said.ID, "x")
	d.refused(err, errs.Forbidden, "forbidden")
}

func TestAChannelThatChangesNothing(t *testing.T) {
	d := newDesk(t)
	c := d.where(item(d.Inbox, "m1", "anna", "hello"))
	said := *d.post(d.agent, c.ID, conversation.Text, "a1", "hi").Change.Message
	_, err := d.edit(d.agent, said, "hey")
	d.refused(err, errs.Conflict, "message.edit_unsupported")
	_, err = d.recall(d.agent, said)
	d.refused(err, errs.Conflict, "message.recall_unsupported")
}

// TestAnEditIsAskedAbout has interceptors decide on what a message says later
// as on what it said first.
func TestAnEditIsAskedAbout(t *testing.T) {
	d := newDesk(t)
	c := d.chat(t)
	said := *d.post(d.agent, c, conversation.Text, "a1", "hello").Change.Message
	note := *d.post(d.agent, c, conversation.Note, "n1", "hello").Change.Message
	w := &watchman{sends: refuses}
	d.service.Interceptor = w
	_, err := d.edit(d.agent, said, "secret")
	d.refused(err, errs.Forbidden, conversation.CodeDenied)
	w.sends = masks
	got, err := d.edit(d.agent, said, "a secret")
	d.OK(err)
	if got.Text != "a ******" || got.Altered == nil || got.Altered.Original != "a secret" {
		t.Errorf("it says %+v", got)
	}
	_, err = d.edit(d.agent, said, "a secret")
	d.OK(err)
	_, err = d.edit(d.agent, note, "secret")
	d.OK(err)
	if len(w.asked) != 2 {
		t.Error("asked about what leaves nothing")
	}
}

// far is a message that the far side has, as it names it.
func (d *desk) far(t *testing.T, sentAs ...string) conversation.Message {
	t.Helper()
	c := d.where(item(d.Inbox, "m1", "anna", "hello"))
	d.post(d.agent, c.ID, conversation.Text, "a1", "helo")
	sent := d.lastSent(c.ID)
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), sent, conversation.DeliverySent, "")
		return nil
	})
	d.OK(d.fake.Within(t.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
		for _, external := range sentAs {
			if err := tx.Remember(ctx, d.Inbox.ID, conversation.Dedup{Kind: conversation.InboundSent, External: external, Conversation: c.ID, Seq: sent.Seq}); err != nil {
				return err
			}
		}
		return nil
	}))
	return d.lastSent(c.ID)
}

// changes makes the inbox's channel able to change what was sent, for a time.
func (d *desk) changes(within time.Duration) {
	d.plugins.Installed[0].Capabilities = channel.Capabilities{
		Can: []string{channel.CanEdit, channel.CanRecall}, EditWithin: within, RecallWithin: within,
	}
}

func TestTheFarSideIsAsked(t *testing.T) {
	d := newDesk(t)
	d.changes(0)
	said := d.far(t, "far-1")
	got, err := d.edit(d.agent, said, "hello")
	d.OK(err)
	if got.Text != "helo" || got.Changing == nil || got.Changing.Text != "hello" || got.Changing.Target != "far-1" || got.Changing.State != conversation.DeliveryPending || !got.EditedAt.IsZero() {
		t.Fatalf("asked for it is %+v, changing %+v", got, got.Changing)
	}
	n := len(d.Timeline(said.Conversation, 0))
	if _, err = d.edit(d.agent, said, "hello"); err != nil || len(d.Timeline(said.Conversation, 0)) != n {
		t.Errorf("to ask for the same is told: %v", err)
	}
	got, err = d.edit(d.agent, said, "helo") // the first may be under way
	d.OK(err)
	if got.Changing == nil || got.Changing.Text != "helo" {
		t.Errorf("changing back it is %+v", got.Changing)
	}
	got, err = d.recall(d.agent, said)
	d.OK(err)
	if got.Changing.Act != conversation.ActRecall || got.Text != "helo" || !got.RecalledAt.IsZero() {
		t.Errorf("taking back it is %+v", got.Changing)
	}
	_, err = d.edit(d.agent, said, "again")
	d.refused(err, errs.Conflict, "message.recalled")
	d.CheckSequences(said.Conversation)
}

func TestWhatTheFarSideIsNotAskedFor(t *testing.T) {
	for code, prepare := range map[string]func(d *desk) conversation.Message{
		"message.untraceable": func(d *desk) conversation.Message { d.changes(0); return d.far(t) },
		"message.too_old": func(d *desk) conversation.Message {
			d.changes(time.Hour)
			said := d.far(t, "far-1")
			d.pass(time.Hour)
			return said
		},
		"message.not_sent": func(d *desk) conversation.Message {
			d.changes(0)
			c := d.where(item(d.Inbox, "m1", "anna", "hello"))
			d.post(d.agent, c.ID, conversation.Text, "a1", "hi")
			return d.lastSent(c.ID)
		},
		"message.merged_text": func(d *desk) conversation.Message {
			d.changes(0)
			said := d.far(t, "far-1")
			d.fake.Join(said.Conversation, []uint64{said.Seq, said.Seq + 1})
			return said
		},
	} {
		t.Run(code, func(t *testing.T) {
			d := newDesk(t)
			said := prepare(d)
			_, err := d.edit(d.agent, said, "x")
			d.refused(err, errs.Conflict, code)
			_, err = d.recall(d.agent, said)
			d.refused(err, errs.Conflict, code)
		})
	}
	d := newDesk(t)
	d.changes(0)
	said := d.far(t, "far-1", "far-2")
	_, err := d.edit(d.agent, said, "x")
	d.refused(err, errs.Conflict, "message.untraceable")
}

// TestAnActByHand settles what nobody knows the end of, and what was refused.
func TestAnActByHand(t *testing.T) {
	d := newDesk(t)
	d.changes(0)
	said := d.far(t, "far-1")
	resolve := func(r conversation.Resolution) (conversation.Message, error) {
		return d.service.ResolveDelivery(d.Context(), as(d.agent), said.Conversation, said.ID, r)
	}
	ends := func(state conversation.DeliveryState) {
		t.Helper()
		d.Change(said.Conversation, func(c *conversation.Conversation) error {
			c.SettleAct(d.System(), d.lastSent(c.ID), state, "why")
			return nil
		})
	}
	_, err := d.edit(d.agent, said, "hello")
	d.OK(err)
	_, err = resolve(conversation.SaidArrived)
	d.refused(err, errs.Conflict, "delivery.settled")
	ends(conversation.DeliveryFailed)
	_, err = resolve(conversation.SaidArrived)
	d.refused(err, errs.Conflict, "delivery.settled")
	got, err := resolve(conversation.Dismissed)
	d.OK(err)
	if got.Changing != nil || got.Text != "helo" {
		t.Errorf("dismissed it is %+v", got)
	}
	if got, err = resolve(conversation.Dismissed); err != nil || got.Changing != nil {
		t.Errorf("dismissed again: %v", err)
	}
	_, err = d.recall(d.agent, said)
	d.OK(err)
	ends(conversation.DeliveryUnknown)
	got, err = resolve(conversation.SendAgain)
	d.OK(err)
	if got.Changing == nil || got.Changing.State != conversation.DeliveryPending || got.Changing.Error != "" {
		t.Errorf("asked for again it is %+v", got.Changing)
	}
	ends(conversation.DeliveryUnknown)
	got, err = resolve(conversation.SaidArrived)
	d.OK(err)
	if got.RecalledAt.IsZero() || got.Changing != nil {
		t.Errorf("done it is %+v", got)
	}
	d.CheckSequences(said.Conversation)
}

// TestAnEchoOfAnEdit has the far side tell of an edit before it answers.
func TestAnEchoOfAnEdit(t *testing.T) {
	d := newDesk(t)
	d.changes(0)
	said := d.far(t, "far-1")
	_, err := d.edit(d.agent, said, "hello")
	d.OK(err)
	echo := d.echo("x1", "anna", "hello")
	echo.Kind, echo.Target = channel.KindEdit, "far-1"
	d.became(t, echo, channel.OutcomeAccepted, "")
	if m := d.lastSent(said.Conversation); m.Text != "hello" || m.Changing == nil {
		t.Fatalf("told of it is %+v", m)
	}
	d.Change(said.Conversation, func(c *conversation.Conversation) error {
		c.SettleAct(d.System(), d.lastSent(c.ID), conversation.DeliverySent, "")
		return nil
	})
	v, err := d.service.Versions(t.Context(), as(d.agent), said.Conversation, said.ID)
	d.OK(err)
	if m := d.lastSent(said.Conversation); m.Changing != nil || len(v) != 1 {
		t.Errorf("it is %+v, and said %+v", m, v)
	}
}

// chat is a conversation of the live inbox, in which the visitor has written.
func (d *desk) chat(t *testing.T) conversation.ID {
	t.Helper()
	c := d.Receive(d.Live, "visitor", "v1", "anybody there?")
	return c.ID
}

// theirs is the customer's first message.
func (d *desk) theirs(t *testing.T, id conversation.ID) conversation.Message {
	t.Helper()
	for _, ch := range d.Timeline(id, 0) {
		if ch.Message != nil && ch.Message.Sender.Kind == identity.ActorContact {
			return *ch.Message
		}
	}
	t.Fatal("no message")
	return conversation.Message{}
}
