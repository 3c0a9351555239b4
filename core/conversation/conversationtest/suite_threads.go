package conversationtest

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// begin starts a conversation of "ext", whom the inbox knows, which it finds as in says.
func (w *World) begin(in func(c *conversation.Conversation) *conversation.Conversation) (conversation.ID, error) {
	var id conversation.ID
	err := w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		who, err := tx.Contacts().ByIdentity(ctx, string(w.Inbox.ID), "ext")
		if err != nil {
			return err
		}
		c := in(conversation.Start(w.System(), w.Inbox, *who, "ext"))
		id = c.ID
		return tx.Save(ctx, c)
	})
	return id, err
}

func testThreads(w *World) {
	own := w.Receive(w.Inbox, "ext", "m1", "hello")
	thread := func(key string) func(*conversation.Conversation) *conversation.Conversation {
		return func(c *conversation.Conversation) *conversation.Conversation { return c.In(key, false) }
	}
	apart := func(c *conversation.Conversation) *conversation.Conversation { return c.In("", true) }
	topic, err := w.begin(thread("主题/7"))
	w.OK(err)
	one, err := w.begin(apart)
	w.OK(err)
	two, err := w.begin(apart)
	w.OK(err)
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		for key, want := range map[string]conversation.ID{"ext": own.ID, conversation.ThreadKey("主题/7"): topic, conversation.ThreadKey("ext"): "", string(one): ""} {
			c, err := tx.Current(ctx, w.Inbox.ID, key)
			w.check(err)
			if c == nil && want != "" || c != nil && c.ID != want {
				w.Errorf("%q finds %v, want %q", key, c, want)
			}
		}
		return nil
	}))
	for id, want := range map[conversation.ID]conversation.Conversation{own.ID: {}, topic: {Thread: "主题/7"}, one: {Apart: true}, two: {Apart: true}} {
		if got := w.Get(id); got.Thread != want.Thread || got.Apart != want.Apart || got.Recipient != "ext" {
			w.Errorf("read as %s", Show(got))
		}
	}
	c, err := w.F.Reader.OfContact(w.Context(), w.WS, w.Inbox.ID, "ext")
	w.OK(err)
	Same(w, c.ID, own.ID)
	_, err = w.begin(thread("主题/7"))
	w.Fails(err, errs.Conflict)
	_, err = w.begin(thread(""))
	w.Fails(err, errs.Conflict)
}

func testParties(w *World) {
	c, other := w.Receive(w.Inbox, "ext", "m1", "hello"), w.Receive(w.Inbox, "other", "m1", "hello")
	var sent conversation.Message
	w.Change(c.ID, func(c *conversation.Conversation) error {
		said := conversation.Words("a1", "answer")
		said.Carried.Envelope = &channel.Envelope{
			From: channel.Party{Address: "us@example.com"}, To: []channel.Party{{Address: "a@example.com"}, {Address: "a@example.com"}},
			CC: []channel.Party{{Address: "c@example.com"}}, BCC: []channel.Party{{Address: "b@example.com"}},
		}
		ch, err := c.Send(w.Turn(w.Owner), said)
		if err == nil {
			sent = *ch.Message
		}
		return err
	})
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		for _, is := range []struct {
			id      conversation.ID
			address string
			want    bool
		}{{c.ID, "c@example.com", true}, {c.ID, "b@example.com", true}, {c.ID, "C@example.com", false}, {c.ID, "", false}, {other.ID, "c@example.com", false}} {
			if got, err := tx.TakesPart(ctx, is.id, is.address); err != nil || got != is.want {
				w.Errorf("%q takes part in %s: %v, %v", is.address, is.id, got, err)
			}
		}
		for id, want := range map[conversation.ID]bool{c.ID: true, other.ID: false} {
			if got, err := tx.UnderWay(ctx, id); err != nil || got != want {
				w.Errorf("something is under way in %s: %v, %v", id, got, err)
			}
		}
		delivery := "dlv_" + strings.TrimPrefix(string(sent.ID), "msg_")
		d, err := tx.OfDelivery(ctx, w.Inbox.ID, delivery)
		w.check(err)
		if d == nil || d.Conversation != c.ID || d.Seq != sent.Seq {
			w.Errorf("the delivery is of %+v", d)
		}
		for _, miss := range []struct {
			inbox    channel.InboxID
			delivery string
		}{{w.Live.ID, delivery}, {w.Inbox.ID, string(sent.ID)}, {w.Inbox.ID, "dlv_x"}} {
			if d, err := tx.OfDelivery(ctx, miss.inbox, miss.delivery); err != nil || d != nil {
				w.Errorf("%v finds %+v, %v", miss, d, err)
			}
		}
		return nil
	}))
}

func testJoint(w *World) {
	within := func(fn func(ctx context.Context, tx contact.Tx) error) {
		w.Helper()
		w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error { return fn(ctx, tx.Contacts()) }))
	}
	joint := func(email, phone string) contact.ID {
		w.Helper()
		var out contact.ID
		within(func(ctx context.Context, tx contact.Tx) error {
			c, err := tx.Joint(ctx, email, phone)
			if c != nil {
				out = c.ID
			}
			return err
		})
		return out
	}
	a := w.Receive(w.Inbox, "a", "", "x").Contact
	w.Receive(w.Inbox, "b", "", "x")
	within(func(ctx context.Context, tx contact.Tx) error {
		w.check(tx.Vouch(ctx, string(w.Inbox.ID), "a", "one@example.com", "+861"))
		w.check(tx.Vouch(ctx, string(w.Inbox.ID), "a", "", ""))
		w.check(tx.Vouch(ctx, string(w.Inbox.ID), "nobody", "no@example.com", ""))
		return tx.Join(ctx, contact.Identity{Workspace: w.WS, Inbox: string(w.Live.ID), External: "a2", Contact: a, Kind: contact.IdentityAccount, Email: "two@example.com", Phone: "+862", CreatedAt: w.Tick()})
	})
	for _, by := range [][2]string{{"one@example.com", ""}, {"two@example.com", ""}, {"", "+861"}, {"one@example.com", "+862"}} {
		Same(w, joint(by[0], by[1]), a)
	}
	Same(w, joint("", ""), "")
	Same(w, joint("no@example.com", "+86"), "")
	_, known, err := w.F.Contacts.Get(w.Context(), w.WS, a)
	w.OK(err)
	Same(w, len(known), 2)
	for _, who := range known {
		if who.External == "a2" && (who.Email != "two@example.com" || who.Phone != "+862") {
			w.Errorf("kept as %+v", who)
		}
	}
	// Two people with one address are nobody in particular.
	within(func(ctx context.Context, tx contact.Tx) error {
		return tx.Vouch(ctx, string(w.Inbox.ID), "b", "two@example.com", "")
	})
	Same(w, joint("two@example.com", ""), "")
	Same(w, joint("two@example.com", "+861"), "")
	Same(w, joint("one@example.com", ""), a)
	err = w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Contacts().Join(ctx, contact.Identity{Workspace: w.WS, Inbox: string(w.Inbox.ID), External: "b", Contact: a})
	})
	w.Fails(err, errs.Conflict)
	other, _ := w.Workspace("joint@example.com")
	w.OK(w.F.Store.Within(w.Context(), other, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Contacts().Joint(ctx, "one@example.com", "")
		if c != nil {
			w.Errorf("another tenant's is found: %+v", c)
		}
		return err
	}))
}
