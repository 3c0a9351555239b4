package conversationtest

import (
	"context"
	"fmt"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
)

// gather makes an identity of the inbox that of a group, and says so.
func (w *World) gather(external, title string) *contact.Contact {
	w.Helper()
	var out *contact.Contact
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		var err error
		out, err = tx.Contacts().Gather(ctx, string(w.Inbox.ID), external, title, w.Tick(), func(c contact.Contact) event.Event {
			return event.Event{ID: w.IDs.New("chg"), Workspace: string(w.WS), Type: contact.Changed, Subject: string(c.ID), At: c.UpdatedAt, Data: []byte(`{}`)}
		})
		return err
	}))
	return out
}

// gathered is how often it was said that a contact changed.
func (w *World) gathered(id contact.ID) int {
	w.Helper()
	events, err := w.F.Log.Since(w.Context(), string(w.WS), 0, 100)
	w.OK(err)
	out := 0
	for _, e := range events {
		if e.Type == contact.Changed && e.Subject == string(id) {
			out++
		}
	}
	return out
}

func testGroups(w *World) {
	c := w.Receive(w.Inbox, "ext", "m1", "hello")
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Contacts().Vouch(ctx, string(w.Inbox.ID), "ext", "one@example.com", "+861")
	}))
	if got := w.gather("nobody", "x"); got != nil {
		w.Errorf("nobody is %+v", got)
	}
	label := ""
	read := func() contact.Contact {
		w.Helper()
		who, known, err := w.F.Contacts.Get(w.Context(), w.WS, c.Contact)
		w.OK(err)
		label = known[0].Label
		if known[0].Kind != contact.IdentityGroup || known[0].Email != "" || known[0].Phone != "" {
			w.Errorf("known as %+v", known[0])
		}
		return who
	}
	made := w.gather("ext", "")
	if got := read(); made == nil || !made.Group || !got.Group || got.Name != made.Name || !w.Get(c.ID).Group {
		w.Fatalf("made a group: %+v, read %+v", made, got)
	}
	w.gather("ext", "茶 Tea")
	Same(w, w.Get(c.ID).ContactName, read().Name)
	Same(w, label, "茶 Tea")
	w.gather("ext", "茶 Tea")
	Same(w, w.gathered(c.Contact), 2)
	person := w.Receive(w.Inbox, "person", "", "hello")
	if w.Get(person.ID).Group {
		w.Error("a person is a group")
	}
	// What may be somebody else stays a person.
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Contacts().Join(ctx, contact.Identity{Workspace: w.WS, Inbox: string(w.Live.ID), External: "p2", Contact: person.Contact, CreatedAt: w.Tick()})
	}))
	if got := w.gather("person", "x"); got != nil || w.Get(person.ID).Group {
		w.Errorf("a person of two inboxes becomes a group: %+v", got)
	}
	Same(w, w.gathered(person.Contact), 0)
}

func testGroupMembers(w *World) {
	c, other := w.Receive(w.Inbox, "ext", "m1", "by nobody in particular"), w.Receive(w.Inbox, "other", "m1", "hello")
	says := func(id conversation.ID, n int, who channel.Member) {
		w.Helper()
		w.Change(id, func(c *conversation.Conversation) error {
			said := conversation.Words(fmt.Sprint("g", n), "text")
			said.Carried.Member = &who
			c.Receive(w.customer(c), said)
			return nil
		})
	}
	says(c.ID, 1, channel.Member{External: "1", Name: "Alice"})
	says(c.ID, 2, channel.Member{External: "2", Name: "王芳"})
	says(c.ID, 3, channel.Member{External: "1", Name: "Alice Wong"})
	says(other.ID, 4, channel.Member{External: "9"})
	members := func(id conversation.ID) []channel.Member {
		w.Helper()
		out, err := w.F.Reader.GroupMembers(w.Context(), w.WS, id)
		w.OK(err)
		return out
	}
	Same(w, members(c.ID), []channel.Member{{External: "1", Name: "Alice Wong"}, {External: "2", Name: "王芳"}})
	Same(w, members(other.ID), []channel.Member{{External: "9"}})
	Same(w, members("cnv_none"), nil)
	foreign, _ := w.Workspace("groups@example.com")
	if all, err := w.F.Reader.GroupMembers(w.Context(), foreign, c.ID); err != nil || len(all) != 0 {
		w.Errorf("another tenant's are %+v, %v", all, err)
	}
	w.Change(c.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(w.Turn(w.Owner), conversation.Written{ClientID: "a", Text: "@Alice Wong, @王芳", GroupMentions: members(c.ID)})
		return err
	})
	timeline := w.Timeline(c.ID, 0)
	sent := *timeline[len(timeline)-1].Message
	Same(w, sent.GroupMentions, members(c.ID))
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.Edit(w.Turn(w.Owner), sent, conversation.Words("", "@王芳 alone"), nil)
		return nil
	})
	message := func(id conversation.MessageID) conversation.Message {
		w.Helper()
		m, err := w.F.Reader.Message(w.Context(), w.WS, c.ID, id)
		w.OK(err)
		return m
	}
	Same(w, message(sent.ID).GroupMentions, []channel.Member{{External: "2", Name: "王芳"}})
	var first conversation.Message
	for _, ch := range timeline {
		if ch.Message != nil && ch.Message.ClientID == "g2" {
			first = *ch.Message
		}
	}
	w.Change(c.ID, func(c *conversation.Conversation) error { c.Recall(w.customer(c), first); return nil })
	if m := message(first.ID); m.Member == nil || m.Member.External != "2" {
		w.Errorf("taken back it is of %+v", m.Member)
	}
	Same(w, len(members(c.ID)), 2)
	for n := range conversation.MaxGroupMembers + 5 {
		says(c.ID, 100+n, channel.Member{External: fmt.Sprint("m", n)})
	}
	if all := members(c.ID); len(all) != conversation.MaxGroupMembers || all[0].External != fmt.Sprint("m", conversation.MaxGroupMembers+4) {
		w.Errorf("%d members, the last %+v", len(all), all[0])
	}
}
