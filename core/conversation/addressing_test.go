package conversation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// mailing is a desk whose inbox has envelopes.
func mailing(t *testing.T) (*desk, conversation.ID) {
	t.Helper()
	d := newDesk(t)
	d.plugins.Installed = []channel.Type{{Plugin: d.Inbox.Plugin, Capabilities: channel.Capabilities{Content: []string{channel.ContentText, channel.ContentEnvelope}}}}
	return d, d.Receive(d.Inbox, "ext", "", "question").ID
}

func to(addresses ...string) []channel.Party {
	var out []channel.Party
	for _, a := range addresses {
		out = append(out, channel.Party{Address: a})
	}
	return out
}

func TestAnEnvelopeIsKeptAndLeaves(t *testing.T) {
	d, id := mailing(t)
	p := conversation.Post{Conversation: id, ClientID: "a1", Kind: conversation.Text, Text: "answer", Envelope: &channel.Envelope{
		Subject: "  答复 ", From: channel.Party{Address: "boss@example.com"},
		To: []channel.Party{{Address: " Wang@Example.com", Name: "王芳 "}, {Address: "wang@example.com"}}, CC: to("a@example.com"), BCC: to("b@example.com"),
	}}
	got, err := d.service.Post(d.Context(), as(d.agent), p)
	d.OK(err)
	want := channel.Envelope{Subject: "答复", To: []channel.Party{{Address: "wang@example.com", Name: "王芳"}}, CC: to("a@example.com"), BCC: to("b@example.com")}
	if e := got.Change.Message.Envelope; e == nil || envelopeText(*e) != envelopeText(want) {
		t.Fatalf("the envelope is %+v", e)
	}
	if again, err := d.service.Post(d.Context(), as(d.agent), p); err != nil || !again.Replayed {
		t.Fatalf("again: %+v, %v", again, err)
	}
	p.Envelope = &channel.Envelope{Subject: "another"}
	_, err = d.service.Post(d.Context(), as(d.agent), p)
	d.refused(err, errs.Invalid, "message.client_id_reused")

	scheduled, _, err := d.service.Schedule(d.Context(), as(d.agent), conversation.Schedule{
		Conversation: id, ClientID: "s1", Text: "later", SendAt: d.now().Add(time.Hour), Envelope: &channel.Envelope{Subject: "later", CC: to("C@example.com")},
	})
	d.OK(err)
	d.pass(2 * time.Hour)
	if n, err := d.service.SendDue(d.Context()); err != nil || n != 1 {
		t.Fatalf("%d sent, %v", n, err)
	}
	changes := d.Timeline(id, 0)
	last := changes[len(changes)-2].Message
	if last == nil || last.Envelope == nil || last.Envelope.Subject != "later" || last.Envelope.CC[0].Address != "c@example.com" || scheduled.Envelope == nil {
		t.Fatalf("sent later: %+v", last)
	}

	draft, err := d.service.SaveDraft(d.Context(), as(d.agent), conversation.DraftPatch{
		Conversation: id, Kind: conversation.Text, Envelope: &channel.Envelope{To: to("half")},
	})
	if err != nil || draft.Empty() || draft.Envelope.To[0].Address != "half" {
		t.Fatalf("a draft: %+v, %v", draft, err)
	}
}

func envelopeText(e channel.Envelope) string {
	var s strings.Builder
	s.WriteString(e.Subject + "|" + e.From.Address)
	for _, list := range [][]channel.Party{e.To, e.CC, e.BCC} {
		s.WriteString("|")
		for _, p := range list {
			s.WriteString(p.Name + "<" + p.Address + ">")
		}
	}
	return s.String()
}

func TestEnvelopesThatAreRefused(t *testing.T) {
	d, id := mailing(t)
	post := func(kind conversation.MessageKind, e channel.Envelope) error {
		_, err := d.service.Post(d.Context(), as(d.agent), conversation.Post{Conversation: id, ClientID: "x", Kind: kind, Text: "x", Envelope: &e})
		return err
	}
	many := make([]string, 51)
	for i := range many {
		many[i] = "a@example.com"
	}
	for pointer, e := range map[string]channel.Envelope{
		"/envelope/subject":       {Subject: "a\r\nBcc: all@example.com"},
		"/envelope/to/0/address":  {To: to("a@example.com\nBcc: b@example.com")},
		"/envelope/to/1/address":  {To: to("a@example.com", "nobody")},
		"/envelope/cc/0/address":  {CC: to("Wang <a@example.com>")},
		"/envelope/bcc/0/address": {BCC: to("a@example.com, b@example.com")},
		"/envelope/bcc":           {BCC: to(many...)},
		"/envelope/to/0/name":     {To: []channel.Party{{Address: "a@example.com", Name: "a\nb"}}},
		"/envelope/cc/1/address":  {CC: to("ok@example.com", strings.Repeat("a", 250)+"@example.com")},
		"/envelope/to/2/address":  {To: to("a@example.com", "b@example.com", "")},
	} {
		err := post(conversation.Text, e)
		d.refused(err, errs.Invalid, "message.envelope")
		if got := errs.As(err).Fields[0].Pointer; got != pointer {
			t.Errorf("the fault is at %s, want %s", got, pointer)
		}
	}
	d.refused(post(conversation.Text, channel.Envelope{Subject: strings.Repeat("长", 501)}), errs.Invalid, "message.envelope")
	d.refused(post(conversation.Note, channel.Envelope{Subject: "x"}), errs.Invalid, "message.envelope")
	_, err := d.service.SaveDraft(d.Context(), as(d.agent), conversation.DraftPatch{Conversation: id, Kind: conversation.Text, Envelope: &channel.Envelope{CC: to("a\nb")}})
	d.refused(err, errs.Invalid, "message.envelope")
	d.plugins.Installed[0].Capabilities.Content = []string{channel.ContentText}
	d.refused(post(conversation.Text, channel.Envelope{Subject: "x"}), errs.Invalid, "message.unsupported")
	_, _, err = d.service.Schedule(d.Context(), as(d.agent), conversation.Schedule{Conversation: id, ClientID: "s", Text: "x", SendAt: d.now().Add(time.Hour), Envelope: &channel.Envelope{}})
	d.refused(err, errs.Invalid, "message.unsupported")
}
