package realtime_test

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// TestTenantsApart: nothing of one workspace reaches another, though both are
// on one gateway and a customer of one bears the name of a visitor of the other.
func TestTenantsApart(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		other, stranger := w.Workspace("other@example.com")
		w.homes[stranger.ID] = other
		there := n.ready(stranger.ID)
		leaver := w.agent()
		here, leaves := n.ready(w.agent().ID), n.ready(leaver.ID)
		who := w.welcome()
		v := n.visitor(who, "", 0)
		v.expect("ready")

		// The same external id, in another inbox of the same and of the other workspace.
		alias := w.Receive(w.Inbox, string(who.Visitor.ID), "a", "I am somebody else")
		_, err := w.TryReceive(w.NewInbox(other, true), string(who.Visitor.ID), "a", "me too", w.Tick())
		w.OK(err)
		w.post(w.Owner.ID, alias.ID, conversation.Text, "secret answer")
		w.pump(n)
		here.events(0, int(w.head()))
		events, err := w.fake.Feed.Since(t.Context(), string(other), 0, 100)
		w.OK(err)
		items := make([]realtime.Item, len(events))
		for i, e := range events {
			items[i].Event = e
		}
		n.Publish(other, items)
		there.events(0, len(events))
		here.quiet()
		v.quiet()

		// Typing, presence and rights of here.
		here.say(map[string]any{"op": "typing", "conversation_id": alias.ID, "on": true})
		w.publish(event.SubjectPresence, realtime.PresenceNews{Members: []realtime.MemberPresence{{MemberID: "mem_here"}}})
		here.expect("presence")
		w.setCheck(stranger.ID, func() (identity.Scope, error) { return identity.Scope{}, errs.Absent() })
		w.setCheck(leaver.ID, func() (identity.Scope, error) { return identity.Scope{}, errs.Absent() })
		w.publish(event.SubjectRights, nil)
		leaves.ends(4403)
		here.quiet()
		there.quiet()
		v.quiet()

		// A conversation of here does not exist there, even after everybody talked of it.
		there.say(map[string]any{"op": "typing", "conversation_id": alias.ID, "on": true})
		there.refused("not_found")
		there.say(map[string]any{"op": "send", "conversation_id": alias.ID, "client_msg_id": "x", "kind": "note", "text": "x"})
		there.refused("not_found")
	})
}

// TestNothingIsKept of sessions that have ended, in whatever order.
func TestNothingIsKept(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		one, two := w.welcome(), w.welcome()
		cnv := w.write(one.Visitor, "hi").Change.Conversation
		var all []*client
		for i := range 4 {
			m := n.ready(w.agent().ID)
			m.say(map[string]any{"op": "typing", "conversation_id": cnv, "on": i%2 == 0})
			for _, who := range []conversation.Welcome{one, one, two} {
				v := n.visitor(who, epoch, 1)
				v.await("ready")
				all = append(all, v)
			}
			m.settled()
			all = append(all, m)
		}
		equal(t, n.Held(), 4+2+2) // members, visitors by name, who types
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, c := range all {
			_ = c.conn.CloseNow()
		}
		for deadline := time.Now().Add(patience); n.Held() > 0; runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("%d are held", n.Held())
			}
		}
	})
}

// hijacked is what an HTTP server hands out: it has read ahead, and left
// deadlines behind.
type hijacked struct {
	net.Conn
	r *bufio.Reader
}

func (h hijacked) UnsafeConn() net.Conn { return h.Conn }

func (h hijacked) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return n, err
}

// TestHandover: bytes that the HTTP server read ahead are not lost, those that
// come later follow them, and its deadlines do not apply any more.
func TestHandover(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		for name, ahead := range map[string]int{"nothing": 0, "a part": 9, "a frame": -1} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				n := w.node(tuning)
				client, server := pipe(t)
				frame := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(`{"op":"hello","token":"` + w.welcome().Token + `"}`))))
				if ahead < 0 {
					ahead = len(frame)
				}
				write := func(b []byte) {
					if _, err := client.Write(b); err != nil {
						t.Fatal(err)
					}
				}
				h := hijacked{server, bufio.NewReader(server)}
				if ahead > 0 {
					write(frame[:ahead])
					if _, err := h.r.Peek(ahead); err != nil {
						t.Fatal(err)
					}
				}
				w.OK(server.SetDeadline(time.Now().Add(-time.Hour)))
				n.Visitor(h, w.Live.ID, "")
				if ahead < len(frame) {
					write(frame[ahead:])
				}
				w.OK(client.SetReadDeadline(time.Now().Add(patience)))
				header, err := ws.ReadHeader(client)
				w.OK(err)
				got := make([]byte, header.Length)
				_, err = io.ReadFull(client, got)
				w.OK(err)
				if !strings.HasPrefix(string(got), `{"op":"ready"`) {
					t.Errorf("got %s", got)
				}
			})
		}
	})
}
