package conversationtest

import (
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

func testRevised(w *World) {
	c := w.Receive(w.Inbox, "ext", "m1", "fisrt")
	step := func(fn func(c *conversation.Conversation)) {
		w.Helper()
		before, timeline := w.Get(c.ID), w.Timeline(c.ID, 0)
		w.Change(c.ID, func(c *conversation.Conversation) error { fn(c); return nil })
		w.CheckLaw(before, timeline)
		w.CheckSequences(c.ID)
	}
	at := func(i int) conversation.Message { return *w.Timeline(c.ID, 0)[i].Message }
	first := at(1)
	step(func(c *conversation.Conversation) {
		c.AddNote(w.Turn(w.Owner), conversation.Written{ClientID: "n1", Text: "look", ReplyTo: &conversation.Quote{ID: first.ID, Seq: first.Seq, Kind: first.Kind, Sender: first.Sender, Text: "fisrt"}})
	})
	if got := w.Get(c.ID).Last.Text; got != "look" {
		w.Fatalf("lists show %q", got)
	}
	step(func(c *conversation.Conversation) {
		c.Edit(w.customer(c), first, conversation.Written{Text: "first", HTML: "<p>first</p>"}, nil)
	})
	note, public := *w.Timeline(c.ID, 0)[len(w.Timeline(c.ID, 0))-2].Message, w.Get(c.ID).LastPublicSeq
	step(func(c *conversation.Conversation) {
		c.Edit(w.Turn(w.Owner), note, conversation.Written{Text: "look here"}, nil)
	})
	if got := w.Get(c.ID); got.LastPublicSeq != public || got.Last.Text != "look here" {
		w.Errorf("the customer is told of a note: %d, was %d; lists show %q", got.LastPublicSeq, public, got.Last.Text)
	}
	edited := at(1)
	if edited.Text != "first" || edited.EditedAt.IsZero() || edited.ClientID != "m1" || edited.Seq != first.Seq || !edited.HTML {
		w.Errorf("edited it is %s", Show(edited))
	}
	if html, err := w.F.Reader.HTML(w.Context(), w.WS, c.ID, first.ID); err != nil || html != "<p>first</p>" {
		w.Errorf("its HTML is %q, %v", html, err)
	}
	step(func(c *conversation.Conversation) {
		c.Receive(w.customer(c), conversation.Written{ClientID: "m2", Text: "secret 密码", Carried: conversation.Carried{
			Quoted: "> before", External: "far", Elsewhere: true, Location: &channel.Location{Latitude: 1, Name: "home"}, Trust: channel.Trust{Verdict: channel.Verified},
		}, HTML: "<b>secret</b>"})
	})
	timeline := w.Timeline(c.ID, 0)
	second := *timeline[len(timeline)-1].Message
	step(func(c *conversation.Conversation) { c.Recall(w.customer(c), second) })
	step(func(c *conversation.Conversation) { c.Recall(w.customer(c), edited) })
	for _, ch := range w.Timeline(c.ID, 0) {
		m := ch.Message
		if m == nil {
			continue
		}
		if m.ReplyTo != nil && m.ReplyTo.Text != "" {
			w.Errorf("a quote says %q", m.ReplyTo.Text)
		}
		if m.Kind != conversation.Note && (m.RecalledAt.IsZero() || m.Text != "" || m.Quoted != "" || m.HTML || m.Location != nil) {
			w.Errorf("taken back it is %s", Show(*m))
		}
	}
	if got := at(len(timeline) - 1); got.External != "far" || !got.Elsewhere || got.Trust != second.Trust || got.Sender != second.Sender {
		w.Errorf("taken back it is not what it was: %s", Show(got))
	}
	if got := w.Get(c.ID).Last; !got.Recalled || got.Text != "" || !got.At.Equal(second.CreatedAt) {
		w.Errorf("lists show %+v", got)
	}
	if _, err := w.F.Reader.HTML(w.Context(), w.WS, c.ID, second.ID); err == nil {
		w.Error("its HTML is still there")
	}
	versions := func(m conversation.Message) []conversation.Version {
		w.Helper()
		v, err := w.F.Reader.Versions(w.Context(), w.WS, c.ID, m.ID)
		w.OK(err)
		return v
	}
	all := versions(first)
	if len(all) != 2 || all[0].Text != "fisrt" || all[1].Text != "first" || all[0].Seq >= all[1].Seq || all[0].At.IsZero() {
		w.Errorf("it said %s", Show(all))
	}
	if all = versions(second); len(all) != 1 || all[0].Text != "secret 密码" || all[0].Quoted != "> before" {
		w.Errorf("it said %s", Show(all))
	}
	other, _ := w.Workspace("versions@example.com")
	for name, read := range map[string]func() ([]conversation.Version, error){
		"of another workspace": func() ([]conversation.Version, error) {
			return w.F.Reader.Versions(w.Context(), other, c.ID, first.ID)
		},
		"of nothing": func() ([]conversation.Version, error) { return w.F.Reader.Versions(w.Context(), w.WS, c.ID, "msg_x") },
	} {
		if v, err := read(); err != nil || len(v) != 0 {
			w.Errorf("%s: %v, %v", name, v, err)
		}
	}
}
