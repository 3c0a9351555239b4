package realtime_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// known opens a session for somebody whom the site vouches for; before is the
// token of the session that the browser had.
func (w *world) known(subject, jti, before string) conversation.Welcome {
	w.Helper()
	out, err := w.service.OpenSession(w.Context(), w.Live.ID, conversation.Knock{
		Token: before, Identity: channeltest.Token(channeltest.Secret, w.Live.ID, w.Now(), subject, jti, nil),
	})
	w.OK(err)
	return out
}

// TestOnePersonInTwoBrowsers: both are shown the same conversation, live.
func TestOnePersonInTwoBrowsers(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		phone, desk, other := w.known("王芳", "j1", ""), w.known("王芳", "j2", ""), w.known("李", "j3", "")
		one, two, three := n.visitor(phone, "", 0), n.visitor(desk, "", 0), n.visitor(other, "", 0)
		for _, c := range []*client{one, two, three} {
			c.expect("ready")
		}
		one.say(map[string]any{"op": "send", "ref": "r", "client_msg_id": "m1", "text": "from my phone"})
		one.expect("ack")
		w.pump(n)
		equal(t, two.expect("change").Change.Message.Text, "from my phone")
		two.say(map[string]any{"op": "send", "ref": "r", "client_msg_id": "m1", "text": "from my phone"})
		equal(t, two.await("ack").Replayed, true)
		three.quiet()
	})
}

// TestEndedSessionsHangUp: sockets close on every node when the visitor logs
// out, and when somebody else signs in the same browser.
func TestEndedSessionsHangUp(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n, far := w.node(tuning), w.node(tuning)
		for name, end := range map[string]func(who conversation.Welcome){
			"logged out": func(who conversation.Welcome) { w.OK(w.service.LogOut(w.Context(), who.Visitor)) },
			"another subject": func(who conversation.Welcome) {
				if next := w.known("2", "swap", who.Token); next.Resumed || next.Visitor.ID == who.Visitor.ID {
					t.Errorf("resumed %+v", next.Visitor)
				}
			},
		} {
			who := w.known("1", name, "")
			same := w.known("1", name+" elsewhere", "")
			here, there, browser := n.visitor(who, "", 0), far.visitor(who, "", 0), n.visitor(same, "", 0)
			for _, c := range []*client{here, there, browser} {
				c.expect("ready")
			}
			end(who)
			for _, c := range []*client{here, there} {
				c.expect("error")
				c.ends(4401)
			}
			browser.quiet() // the person's other browser stays
			again := n.visitor(who, "", 0)
			again.refused("visitor.token_invalid")
			again.ends(4401)
		}
	})
}

// TestALostHangUp: a session that did not hear of its end asks by itself.
func TestALostHangUp(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		who := w.known("1", "j", "")
		v := n.visitor(who, "", 0)
		v.expect("ready")
		gone := who.Visitor
		gone.ExpiresAt = w.Now()
		w.OK(w.fake.SaveVisitor(t.Context(), gone))
		v.say(map[string]any{"op": "ping"})
		v.expect("pong")
		w.pass(time.Minute)
		v.say(map[string]any{"op": "ping"})
		equal(t, v.await("error").Code, "visitor.token_invalid")
		v.ends(4401)
	})
}
