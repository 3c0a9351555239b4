package conversation_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// A whisper is between the supervisor and whoever has the conversation: it
// changes nothing, and later holders do not read it.
func TestAWhisperIsForWhoHasTheConversation(t *testing.T) {
	d := newDesk(t)
	news := &told{}
	d.service.News = news
	c := d.Receive(d.Live, "vis_x", "m1", "hello")
	whisper := func(by identity.Member, client, text string) (conversation.Whisper, error) {
		return d.service.Whisper(t.Context(), as(by), conversation.Whispering{Conversation: c.ID, ClientID: client, Text: text})
	}
	hears := func(who identity.Member) int {
		t.Helper()
		got, err := d.service.Whispers(t.Context(), as(who), c.ID)
		d.OK(err)
		return len(got)
	}
	_, err := whisper(d.Owner, "w0", "anybody?")
	d.refused(err, errs.Conflict, "whisper.nobody")
	d.Change(c.ID, func(c *conversation.Conversation) error { return c.Assign(d.System(), d.agent.ID, "Lin", "member") })
	before, timeline := d.Get(c.ID), d.Timeline(c.ID, 0)
	made, err := whisper(d.Owner, "w1", "offer ten percent")
	if err != nil || made.To != d.agent.ID || made.ToName != "Lin" || made.From != d.Owner.ID || made.Seq != before.LastSeq {
		t.Fatalf("%+v, %v", made, err)
	}
	if again, err := whisper(d.Owner, "w1", "offer ten percent"); err != nil || again.ID != made.ID || len(news.whispers) != 1 {
		t.Fatalf("sent again: %+v, %v, told %d times", again, err, len(news.whispers))
	}
	_, err = whisper(d.Owner, "w1", "offer twenty")
	d.refused(err, errs.Invalid, "message.client_id_reused")
	_, err = whisper(d.agent, "w2", "me too")
	d.refused(err, errs.Forbidden, "forbidden")
	for text, code := range map[string]string{" ": "message.text_empty", "a\x00": "message.text_control", strings.Repeat("x", conversation.MaxText+1): "message.text_too_long"} {
		_, err = whisper(d.Owner, "w3", text)
		d.refused(err, errs.Invalid, code)
	}
	if now := d.Get(c.ID); now.LastSeq != before.LastSeq || now.Last != before.Last || !now.UpdatedAt.Equal(before.UpdatedAt) || len(d.Timeline(c.ID, 0)) != len(timeline) {
		t.Fatalf("the conversation changed: %+v", now)
	}
	later := d.Member(d.WS, "later@example.com", "Later", 5)
	d.Change(c.ID, func(c *conversation.Conversation) error { return c.Assign(d.System(), later.ID, "Later", "member") })
	if hears(d.agent) != 1 || hears(d.Owner) != 1 || hears(later) != 0 {
		t.Fatalf("the agent hears %d, the supervisor %d, who has it later %d", hears(d.agent), hears(d.Owner), hears(later))
	}
	d.Change(c.ID, func(c *conversation.Conversation) error { return c.Assign(d.System(), d.Owner.ID, "Owner", "member") })
	_, err = whisper(d.Owner, "w4", "to myself")
	d.refused(err, errs.Conflict, "whisper.nobody")
}
