package realtime_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// TestVisitorTalks is the main job through sockets: the visitor writes, the
// agent answers and adds a note, and resolves.
func TestVisitorTalks(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		who := w.welcome()
		v := n.visitor(who, "", 0)
		f := v.expect("ready")
		equal(t, f.Epoch, epoch)
		equal(t, f.SessionID, string(who.Visitor.ID))
		equal(t, f.HeartbeatMS, 25_000)
		equal(t, f.Resync, false)
		equal(t, strings.Contains(f.raw, `"conversation":false`), true)
		m := w.agent()
		a := n.ready(m.ID)

		own := uuid.NewString()
		v.say(map[string]any{"op": "send", "ref": "r", "client_msg_id": own, "text": "你好 👋"})
		ack := v.expect("ack")
		equal(t, ack.Ref, "r")
		equal(t, ack.Change.Seq, 1)
		equal(t, ack.Change.Message.ClientMsgID, own)
		equal(t, ack.Change.Message.Sender.Kind, "visitor")
		w.pump(n)
		v.changes(0, 1)
		var cnv string
		for cnv == "" {
			if f := a.expect("event"); f.Type == "message.created" {
				equal(t, f.Change.Message.Text, "你好 👋")
				cnv = f.raw[strings.Index(f.raw, "cnv_"):][:30]
			}
		}
		for _, kind := range []string{"note", "text", "note"} {
			a.say(map[string]any{"op": "send", "conversation_id": cnv, "client_msg_id": uuid.NewString(), "kind": kind, "text": "about " + kind})
			a.await("ack")
		}
		w.OK(resolve(w, m.ID, conversation.ID(cnv)))
		w.pump(n)
		joined := v.expect("change")
		equal(t, joined.Change.Type, "agent_joined")
		said := v.expect("change")
		equal(t, said.Change.Message.Text, "about text")
		equal(t, said.Change.Message.Sender.Kind, "agent")
		equal(t, said.Change.Message.ClientMsgID, "")
		equal(t, v.expect("change").Change.Type, "resolved")
		v.quiet()
		for _, raw := range v.seen {
			for _, secret := range []string{"cnv_", "con_", "mem_", "wsp_", "chg_", "note", `"feed"`, "member"} {
				if strings.Contains(raw, secret) {
					t.Errorf("a visitor was shown %s in %s", secret, raw)
				}
			}
		}
	})
}

func resolve(w *world, m memberID, id conversation.ID) error {
	_, err := w.service.SetState(w.Context(), w.scope(m), id, conversation.Resolved, time.Time{})
	return err
}

func TestVisitorSends(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		v := n.visitor(w.welcome(), "", 0)
		v.expect("ready")
		send := map[string]any{"op": "send", "ref": "r1", "client_msg_id": uuid.NewString(), "text": "hello"}
		v.say(send)
		ack := v.expect("ack")
		equal(t, ack.Replayed, false)
		v.say(send)
		again := v.expect("ack")
		equal(t, again.Replayed, true)
		equal(t, again.Change.Message.ID, ack.Change.Message.ID)
		equal(t, again.Change.Seq, ack.Change.Seq)
		send["text"] = "other"
		v.say(send)
		v.refused("message.client_id_reused")
		v.say(map[string]any{"op": "send", "client_msg_id": uuid.NewString(), "text": "nul\x00byte"})
		v.refused("message.text_control")
		v.say(map[string]any{"op": "send", "client_msg_id": uuid.NewString(), "text": ""})
		v.refused("message.text_empty")

		// The contact has what the policy and the page told.
		for _, c := range w.items(0, 100) {
			if c.Conversation != nil {
				got, _, err := w.fake.Contacts.Get(t.Context(), w.WS, c.Conversation.Contact)
				w.OK(err)
				equal(t, got.Attributes["page_title"], "Tea 茶")
				equal(t, got.Name, "Visitor")
			}
		}
	})
}

// TestVisitorTokens: what is no valid token of this inbox closes with 4401.
func TestVisitorTokens(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		good := w.welcome()
		other := w.NewInbox(w.WS, true)
		for name, forge := range map[string]func(*conversation.Welcome){
			"none":          func(k *conversation.Welcome) { k.Token = "" },
			"garbage":       func(k *conversation.Welcome) { k.Token = strings.Repeat("x", 5000) },
			"control":       func(k *conversation.Welcome) { k.Token = "vis_\x00." + k.Token },
			"wrong secret":  func(k *conversation.Welcome) { k.Token = k.Token[:len(k.Token)-2] + "AA" },
			"no secret":     func(k *conversation.Welcome) { k.Token = string(k.Visitor.ID) + "." },
			"another inbox": func(k *conversation.Welcome) { k.Visitor.Inbox = other.ID },
		} {
			forged := good
			forge(&forged)
			c := n.visitor(forged, "", 0)
			if f := c.expect("error"); f.Code != "visitor.token_invalid" {
				t.Errorf("%s: got %s", name, f.raw)
			}
			c.ends(4401)
		}
		c := n.visitor(good, "", 0)
		c.expect("ready")
		w.pass(time.Second) // the gateway sees time by its clock alone
		w.skip(conversation.VisitorTTL)
		c.say(`{"op":"ping"}`)
		c.expect("pong")
		c.refused("visitor.token_invalid")
		c.ends(4401)
	})
}

func TestVisitorResume(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		who := w.welcome()
		id := w.write(who.Visitor, "1").Change.Conversation
		m := w.agent()
		for range 120 { // every other is hidden
			w.write(who.Visitor, "x")
			w.post(m.ID, id, conversation.Note, "hidden")
		}
		last := func() uint64 { return w.Get(id).LastPublicSeq }
		for _, test := range []struct {
			name   string
			epoch  string
			after  uint64
			resync bool
		}{
			{"nothing missed", epoch, last(), false},
			{"one missed", epoch, last() - 1, false},
			{"all missed", epoch, 0, false},
			{"known to nobody", "", 0, false},
			{"another epoch", "epoch-0", 5, true},
			{"from the future", epoch, last() + 100, true},
			{"from the end of time", epoch, math.MaxUint64, true},
		} {
			head := last()
			c := n.visitor(who, test.epoch, test.after)
			f := c.expect("ready")
			if f.Resync != test.resync || f.LastPublicSeq != head {
				t.Fatalf("%s: got %s", test.name, f.raw)
			}
			if !test.resync {
				c.changes(test.after, int(head-test.after))
			}
			w.write(who.Visitor, "live")
			w.pump(n)
			c.changes(head, 1)
			w.pump(n)
			c.quiet()
			_ = c.conn.CloseNow()
		}
	})
}

// TestVisitorTooFarBehind: 2,000 changes are resumed, 2,001 are not.
func TestVisitorTooFarBehind(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	who := w.welcome()
	for range 2001 {
		w.write(who.Visitor, "x")
	}
	c := n.visitor(who, epoch, 1)
	equal(t, c.expect("ready").Resync, false)
	c.changes(1, 2000)
	c = n.visitor(who, "", 0)
	f := c.expect("ready")
	equal(t, f.Resync, true)
	equal(t, f.LastPublicSeq, 2001)
	c.quiet()
	w.pump(n)
	c.quiet()
	w.write(who.Visitor, "next")
	w.pump(n)
	c.changes(2001, 1)
}

// TestVisitorTabs: two tabs of one visitor see the same, and other visitors
// nothing of it.
func TestVisitorTabs(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		who, stranger := w.welcome(), w.welcome()
		one, two, three := n.visitor(who, "", 0), n.visitor(who, "", 0), n.visitor(who, "", 0)
		other := n.visitor(stranger, "", 0)
		for _, c := range []*client{one, two, three, other} {
			c.expect("ready")
		}
		one.say(map[string]any{"op": "send", "client_msg_id": uuid.NewString(), "text": "from the first tab"})
		one.expect("ack")
		w.OK(two.conn.Close(1000, ""))
		w.pump(n)
		one.changes(0, 1)
		three.changes(0, 1)
		other.quiet()
		w.write(stranger.Visitor, "me too")
		w.pump(n)
		other.changes(0, 1)
		one.quiet()
		three.quiet()
	})
}

// TestPublishLosesForVisitors: a visitor sees few events, so a lost one shows
// in none of their own. The next event of the workspace brings it.
func TestPublishLosesForVisitors(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		who, other := w.welcome(), w.welcome()
		w.write(other.Visitor, "first")
		w.pump(n)
		v := n.visitor(who, "", 0)
		v.expect("ready")
		for range 250 { // more than two pages
			w.write(who.Visitor, "lost")
		}
		w.pumped = w.head() // the pump has forgotten them
		v.quiet()
		w.write(other.Visitor, "something else")
		w.pump(n)
		v.changes(0, 250)
		w.write(who.Visitor, "live again")
		w.pump(n)
		v.changes(250, 1)
		v.quiet()
	})
}

// TestFirstPublish: what was committed before a node published anything.
func TestFirstPublish(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	who := w.welcome()
	v := n.visitor(who, "", 0)
	v.expect("ready")
	w.write(who.Visitor, "before the pump runs")
	w.pumped = w.head()
	w.write(w.welcome().Visitor, "the first event that it sees")
	w.pump(n)
	v.changes(0, 1)
}

// TestVisitorStorageFails: a passing failure sends the client away to come back.
func TestVisitorStorageFails(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	w.calls.on(failing(errs.New(errs.Unavailable, "storage.timeout", "The storage did not answer in time.")))
	c := n.visitor(w.welcome(), "", 0)
	f := c.expect("bye")
	if f.RetryMS <= 0 {
		t.Errorf("got %s", f.raw)
	}
	c.ends(1012)
	m := n.member(w.agent().ID, epoch, 0)
	m.expect("bye")
	m.ends(1012)

	w.calls.on(nil)
	c = n.visitor(w.welcome(), "", 0)
	c.expect("ready")
	w.calls.on(failing(errs.New(errs.Unavailable, "storage.timeout", "The storage did not answer in time.")))
	c.say(map[string]any{"op": "send", "ref": "r", "client_msg_id": uuid.NewString(), "text": "x"})
	equal(t, c.refused("storage.timeout").Ref, "r")
	w.calls.on(failing(errBoom))
	c.say(map[string]any{"op": "send", "ref": "r", "client_msg_id": uuid.NewString(), "text": "x"})
	if f := c.refused("internal"); strings.Contains(f.raw, "boom") {
		t.Errorf("the cause was shown: %s", f.raw)
	}
}
