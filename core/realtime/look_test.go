package realtime_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// sees expects who looks at a conversation: "id", "id types", "id notes".
func (c *client) sees(at conversation.ID, want ...string) {
	c.t.Helper()
	f := c.expect("looking")
	if f.ConversationID != string(at) {
		c.t.Fatalf("news of %s, want of %s", f.ConversationID, at)
	}
	got := []string{}
	for _, m := range f.Members {
		s := m.MemberID
		switch {
		case m.Note:
			s += " notes"
		case m.Typing:
			s += " types"
		}
		got = append(got, s)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		c.t.Fatalf("%s look at it, want %s", got, want)
	}
	if !strings.Contains(f.raw, `"members":[`) {
		c.t.Fatalf("no list: %s", f.raw)
	}
}

func (c *client) look(at conversation.ID) {
	c.t.Helper()
	c.say(map[string]any{"op": "look", "conversation_id": at})
}

// worked waits until the session has done what it was told before, pings included.
func (c *client) worked() {
	c.t.Helper()
	c.look("cnv_none")
	c.refused("not_found")
}

// welcomed is ready, once the hello has done all it does.
func (n *node) welcomed(m memberID) *client {
	n.w.Helper()
	c := n.ready(m)
	c.worked()
	return c
}

// TestLooking: colleagues on every node see who has what open, one conversation
// for a socket; the customer sees nothing of it.
func TestLooking(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		one, two := w.node(tuning), w.node(tuning)
		who := w.welcome()
		a := w.write(who.Visitor, "hi").Change.Conversation
		b := w.Receive(w.Inbox, "ext", "m1", "hello").ID
		v := two.visitor(who, epoch, 1)
		v.expect("ready")
		me, colleague := w.agent(), w.agent()
		mine, theirs := one.welcomed(me.ID), two.welcomed(colleague.ID)
		both := []*client{mine, theirs}

		mine.look(a)
		for _, c := range both {
			c.sees(a, string(me.ID))
		}
		mine.look(a) // says nothing new
		mine.quiet()
		theirs.look(a)
		for _, c := range both {
			c.sees(a, string(me.ID), string(colleague.ID))
		}
		// A second window of one member is the same member.
		window := two.member(me.ID, epoch, w.head())
		window.expect("ready")
		window.expect("presence")
		window.sees(a, string(me.ID), string(colleague.ID)) // what it finds
		window.look(a)
		for _, c := range append(both, window) {
			c.sees(a, string(me.ID), string(colleague.ID))
		}
		_ = window.conn.CloseNow()
		for _, c := range both {
			c.sees(a, string(me.ID), string(colleague.ID))
		}
		w.pass(time.Second)
		mine.look(b)
		for _, c := range both {
			c.sees(a, string(colleague.ID))
			c.sees(b, string(me.ID))
		}
		// Too soon after: the tick passes on what it has come to.
		mine.look(a)
		mine.look("")
		mine.worked()
		w.pass(time.Second)
		for _, c := range both {
			c.sees(b)
		}
		_ = theirs.conn.CloseNow()
		mine.sees(a)
		v.quiet()
	})
}

// TestLookingAndTyping are one thing to colleagues.
func TestLookingAndTyping(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	at := w.Receive(w.Inbox, "ext", "m1", "hello").ID
	me := w.agent()
	mine, theirs := n.welcomed(me.ID), n.welcomed(w.agent().ID)
	types := func(note, on bool) {
		mine.say(map[string]any{"op": "typing", "conversation_id": at, "note": note, "on": on})
	}
	types(false, true) // who does not look is not shown as looking
	theirs.expect("typing")
	types(false, false)
	theirs.expect("typing")
	theirs.quiet()
	mine.look(at)
	theirs.sees(at, string(me.ID))
	types(false, true)
	theirs.expect("typing")
	theirs.sees(at, string(me.ID)+" types")
	types(true, true)
	theirs.expect("typing")
	theirs.sees(at, string(me.ID))
	theirs.expect("typing")
	theirs.sees(at, string(me.ID)+" notes")
	w.pass(6 * time.Second)
	theirs.expect("typing")
	theirs.sees(at, string(me.ID))
}

// TestLookingEnds with the lease, when nobody says so.
func TestLookingEnds(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	at := w.Receive(w.Inbox, "ext", "m1", "hello").ID
	c := n.welcomed(w.agent().ID)
	news := map[string]any{"conn": "a node that dies-1", "member": "mem_gone", "name": "Gone", "conversation": at}
	w.publish(event.SubjectLook, news)
	c.sees(at, "mem_gone")
	settle := func() { w.looksArrived(c) }
	for range 2 { // renewed
		c.quiet()
		w.pass(20 * time.Second)
		w.publish(event.SubjectLook, news)
		settle()
	}
	c.quiet()
	w.pass(20 * time.Second)
	c.quiet()
	w.pass(10 * time.Second)
	c.sees(at)
	// Rubbish on the bus.
	w.OK(w.bus.Publish(event.SubjectLook+string(w.WS), []byte("{")))
	w.publish(event.SubjectLook, map[string]any{"conversation": at})
	settle()
	c.quiet()
}

// TestPingsKeepALook: whoever reads a long conversation looks at it all the time.
func TestPingsKeepALook(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	at := w.Receive(w.Inbox, "ext", "m1", "hello").ID
	me := w.agent()
	mine, theirs := n.welcomed(me.ID), n.welcomed(w.agent().ID)
	mine.look(at)
	mine.sees(at, string(me.ID))
	theirs.sees(at, string(me.ID))
	for range 8 {
		w.pass(10 * time.Second)
		mine.quiet()
		theirs.quiet()
		mine.worked()
		w.looksArrived(mine, theirs)
	}
}

// looksArrived waits until all looks that were published before are known to
// the gateways of these clients.
func (w *world) looksArrived(clients ...*client) {
	w.Helper()
	const beside = conversation.ID("cnv_beside")
	for _, at := range []conversation.ID{beside, ""} {
		w.publish(event.SubjectLook, map[string]any{"conn": "beside-1", "member": "mem_beside", "conversation": at})
		for _, c := range clients {
			if at == "" {
				c.sees(beside)
			} else {
				c.sees(beside, "mem_beside")
			}
		}
	}
}

// TestLooksOfOthers: tenants are apart, and so are those who may not read.
func TestLooksOfOthers(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	at := w.Receive(w.Inbox, "ext", "m1", "hello").ID
	other, stranger := w.Workspace("other@example.com")
	w.homes[stranger.ID] = other
	leaver := w.agent()
	here, there, leaves := n.welcomed(w.agent().ID), n.welcomed(stranger.ID), n.welcomed(leaver.ID)

	there.say(map[string]any{"op": "look", "ref": "r", "conversation_id": at})
	equal(t, there.refused("not_found").Ref, "r")
	here.look("cnv_none")
	here.refused("not_found")
	here.look(conversation.ID(w.IDs.New("cnv")))
	here.refused("not_found")
	here.say(`{"op":"look","conversation_id":7}`)
	here.refused("frame.invalid")
	here.say(`{"op":"look","conversation_id":"","extra":1}`)
	here.refused("frame.invalid")

	leaves.look(at)
	leaves.sees(at, string(leaver.ID))
	here.sees(at, string(leaver.ID))
	there.quiet()
	w.setCheck(leaver.ID, func() (identity.Scope, error) { return identity.Scope{}, errs.Absent() })
	w.publish(event.SubjectRights, nil)
	leaves.ends(4403)
	here.sees(at) // with the session the look is over
	there.quiet()
}
