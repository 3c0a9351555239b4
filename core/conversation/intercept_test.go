package conversation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// watchman lets messages pass as fn says.
type watchman struct {
	sends, routes func(text string) (string, error)
	asked         []conversation.Outgoing
	by            []identity.Actor
}

func (w *watchman) Sends(context.Context, identity.WorkspaceID) bool { return w.sends != nil }

func (w *watchman) Sending(_ context.Context, _ identity.WorkspaceID, by identity.Actor, o conversation.Outgoing) (conversation.Passed, error) {
	w.asked, w.by = append(w.asked, o), append(w.by, by)
	text, err := w.sends(o.Text)
	out := conversation.Passed{Text: text}
	if text != o.Text {
		out.Altered = &conversation.Altered{Original: o.Text, By: []conversation.Alterer{{Connection: "pin_1", Plugin: "acme/guard", Name: "Guard", Reason: "Covered."}}}
	}
	return out, err
}

func (w *watchman) Routes(context.Context, identity.WorkspaceID) bool { return w.routes != nil }

func (w *watchman) Routing(_ context.Context, _ identity.WorkspaceID, r conversation.Routing) (string, error) {
	return w.routes(string(r.Team))
}

func masks(text string) (string, error) { return strings.ReplaceAll(text, "secret", "******"), nil }

func refuses(string) (string, error) {
	return "", errs.New(errs.Forbidden, conversation.CodeDenied, "Guard: no.")
}

func silent(string) (string, error) {
	return "", errs.New(errs.Conflict, conversation.CodeUndecided, "Guard does not answer.")
}

func TestAnInterceptedMessage(t *testing.T) {
	d := newDesk(t)
	w := &watchman{sends: masks}
	d.service.Interceptor = w
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	first := d.post(d.agent, c.ID, conversation.Text, "a1", "the secret word")
	m := first.Change.Message
	if m.Text != "the ****** word" || m.Altered == nil || m.Altered.Original != "the secret word" || m.Altered.By[0].Name != "Guard" {
		t.Fatalf("%+v %+v", m, m.Altered)
	}
	if o := w.asked[0]; o.Key != string(d.agent.ID)+"/a1" || o.Conversation != c.ID || w.by[0].ID != string(d.agent.ID) {
		t.Errorf("%+v by %+v", o, w.by[0])
	}
	if d.Get(c.ID).Last.Text != "the ****** word" {
		t.Errorf("lists show %q", d.Get(c.ID).Last.Text)
	}
	w.sends = refuses // what was sent is not asked about again
	again := d.post(d.agent, c.ID, conversation.Text, "a1", "the secret word")
	if !again.Replayed || again.Change.Message.ID != m.ID || len(w.asked) != 1 {
		t.Errorf("%+v, asked %d times", again, len(w.asked))
	}
	_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Text: "the ****** word"})
	d.refused(err, errs.Invalid, "message.client_id_reused") // it was not written so
	d.post(d.agent, c.ID, conversation.Note, "n1", "a secret among colleagues")
	if len(w.asked) != 1 {
		t.Errorf("asked about a note, or about what was refused: %+v", w.asked)
	}
}

func TestARefusedMessageLeavesNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		says func(string) (string, error)
		kind errs.Kind
		code string
	}{
		"denied":    {refuses, errs.Forbidden, conversation.CodeDenied},
		"undecided": {silent, errs.Conflict, conversation.CodeUndecided},
		"too long":  {func(string) (string, error) { return strings.Repeat("x", conversation.MaxText+1), nil }, errs.Invalid, "message.text_too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.service.Interceptor = &watchman{sends: tt.says}
			c := d.Receive(d.Inbox, "ext", "m1", "hello")
			before := d.Get(c.ID)
			_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Text: "hi"})
			d.refused(err, tt.kind, tt.code)
			if after := d.Get(c.ID); after.LastSeq != before.LastSeq || after.Assignee != before.Assignee {
				t.Errorf("it left %+v", after)
			}
		})
	}
}

// A member who does not reach a conversation asks nobody about it.
func TestNobodyIsAskedInVain(t *testing.T) {
	d := newDesk(t)
	w := &watchman{sends: masks}
	d.service.Interceptor = w
	_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: "cnv_none", ClientID: "a1", Kind: conversation.Text, Text: "hi"})
	if !errs.Is(err, errs.NotFound) || len(w.asked) != 0 {
		t.Errorf("%v, asked: %+v", err, w.asked)
	}
}

func TestAnInterceptedScheduledMessage(t *testing.T) {
	for name, tt := range map[string]struct {
		says  func(string) (string, error)
		state conversation.ScheduledState
		code  string
	}{
		"changed": {masks, conversation.ScheduledWasSent, ""},
		"denied":  {refuses, conversation.ScheduledHasFailed, conversation.CodeDenied},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			w := &watchman{sends: tt.says}
			d.service.Interceptor = w
			c := d.Receive(d.Inbox, "ext", "m1", "hello")
			m := d.later(c.ID, "a1", func(p *conversation.Schedule) { p.Text = "my secret" })
			if len(w.asked) != 0 {
				t.Error("asked long before it is sent")
			}
			d.pass(2 * time.Hour)
			d.sendDue(1)
			got := d.fake.FindScheduled(d.WS, m.ID)
			if got.State != tt.state || got.Code != tt.code || got.Text != "my secret" {
				t.Errorf("it is %+v", got)
			}
			if w.by[0].ID != string(d.agent.ID) || w.asked[0].Key != string(m.ID) {
				t.Errorf("%+v by %+v", w.asked[0], w.by[0])
			}
			texts := d.texts(c.ID)
			if sent := texts[len(texts)-1] == "my ******"; sent != (tt.state == conversation.ScheduledWasSent) {
				t.Errorf("%v", texts)
			}
		})
	}
}

// A scheduled message waits for one that must agree, without holding up others,
// and fails when that takes too long.
func TestAScheduledMessageWaitsForAnInterceptor(t *testing.T) {
	d := newDesk(t)
	w := &watchman{sends: func(text string) (string, error) {
		if text == "held" {
			return silent(text)
		}
		return text, nil
	}}
	d.service.Interceptor = w
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	held := d.later(c.ID, "a1", func(p *conversation.Schedule) { p.Text = "held" })
	d.later(c.ID, "a2", func(p *conversation.Schedule) { p.Text = "free" })
	d.pass(time.Hour + time.Minute)
	d.sendDue(1)
	d.sendDue(0)
	if got := d.fake.FindScheduled(d.WS, held.ID); got.State != conversation.ScheduledWaits {
		t.Errorf("it is %+v", got)
	}
	d.pass(10 * time.Minute)
	d.sendDue(1)
	if got := d.fake.FindScheduled(d.WS, held.ID); got.State != conversation.ScheduledHasFailed || got.Code != conversation.CodeUndecided {
		t.Errorf("it is %+v", got)
	}
}
