package realtime_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/realtime"
)

// TestRates: 40 frames at once are fine for a visitor and 100 for a member,
// one more is not.
func TestRates(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		v := n.visitor(w.welcome(), "", 0)
		v.expect("ready")
		w.skip(10 * time.Second)
		for range 41 {
			v.say(`{"op":"ping"}`)
		}
		for range 40 {
			v.expect("pong")
		}
		v.refused("rate_limited")
		v.ends(1008)

		m := n.ready(w.agent().ID)
		w.skip(10 * time.Second)
		for range 101 {
			m.say(`{"op":"ping"}`)
		}
		for range 100 {
			m.expect("pong")
		}
		m.refused("rate_limited")
		m.ends(1008)
	})
}

// TestBacklogIsBounded: requests that wait for a storage that does not answer
// are bounded for each connection.
func TestBacklogIsBounded(t *testing.T) {
	for name, text := range map[string]string{"in number": "x", "in bytes": strings.Repeat("x", 60_000)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := w.node(realtime.Tuning{})
			release := make(chan struct{})
			defer close(release)
			m := n.ready(w.agent().ID)
			w.calls.on(func(context.Context, string) error {
				<-release
				return nil
			})
			cnv := w.IDs.New("cnv")
			for i := range 100 {
				m.say(map[string]any{"op": "send", "conversation_id": cnv, "client_msg_id": strconv.Itoa(i), "kind": "text", "text": text})
				if len(text) > 1 && i == 5 {
					break
				}
			}
			m.refused("rate_limited")
			m.ends(1008)
		})
	}
}

// TestSlowReader: a member who does not read is closed with 4409 and bounded
// memory, others see everything, and by coming back nothing is lost.
func TestSlowReader(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		tuning.WriteLimit = 256 << 10
		n := w.node(tuning)
		slow, quick := n.ready(w.agent().ID), n.ready(w.agent().ID)
		slowFrom := w.head()
		v := w.welcome().Visitor
		for range 60 { // 1.7 MB: more than the queue and the kernel's buffers hold
			before := w.head()
			w.write(v, strings.Repeat("很长的消息", 1900))
			w.pump(n)
			quick.events(before, int(w.head()-before))
		}
		last := w.head()
		got := slowFrom
		for f := slow.next(); f != nil; f = slow.next() {
			if f.Op != "event" || f.Feed != got+1 {
				t.Fatalf("got %.100s after feed %d", f.raw, got)
			}
			got++
		}
		equal(t, int(slow.closed.Code), 4409)
		if got >= last {
			t.Fatal("the slow reader got everything")
		}
		back := n.member(w.agent().ID, epoch, got)
		equal(t, back.expect("ready").Resync, false)
		back.expect("presence")
		back.events(got, int(last-got))
	})
}

// TestResumeIsPaced: a client that comes back to far more than its queue may
// hold gets all of it, however slowly it reads.
func TestResumeIsPaced(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		tuning.WriteLimit = 256 << 10
		n := w.node(tuning)
		who := w.welcome()
		long := strings.Repeat("很长的消息", 1900) // 28 KB
		for range 400 {
			w.write(who.Visitor, long)
		}
		m := n.member(w.agent().ID, epoch, 0)
		m.expect("ready")
		m.expect("presence")
		w.write(who.Visitor, "while it reads")
		w.pump(n)
		m.events(0, int(w.head()))
		v := n.visitor(who, "", 0)
		v.expect("ready")
		w.write(who.Visitor, "while it reads")
		w.pump(n)
		v.changes(0, 402)
		v.quiet()
	})
}

// TestBigBatch: a batch far beyond the queue's limit, published at once.
func TestBigBatch(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		tuning.WriteLimit = 256 << 10
		n := w.node(tuning)
		m := n.ready(w.agent().ID)
		head := w.head()
		v := w.welcome().Visitor
		for range 150 {
			w.write(v, strings.Repeat("很长的消息", 1900))
		}
		n.Publish(w.WS, w.items(head, 200))
		m.events(head, int(w.head()-head))
		w.write(v, "live again")
		n.Publish(w.WS, w.items(w.head()-1, 1))
		m.expect("event")
		m.quiet()
	})
}

func TestHelloInTime(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		for _, path := range []string{"/member/" + string(w.agent().ID), "/visitor/" + string(w.Live.ID)} {
			c := n.dial(path)
			c.say(`{"op":"ping"}`)
			c.refused("frame.invalid")
			w.pass(10 * time.Second)
			c.ends(4408)
		}
	})
}

// TestHeartbeat: a session lives while it pings, and 2.5 heartbeats beyond.
func TestHeartbeat(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		m, v := n.ready(w.agent().ID), n.visitor(w.welcome(), "", 0)
		v.expect("ready")
		w.pass(24 * time.Second)
		m.quiet()
		w.pass(24 * time.Second)
		m.quiet()
		v.quiet()
		w.pass(25 * time.Second)
		m.ends(4408)
		v.quiet()
		w.pass(62 * time.Second)
		v.ends(4408)
	})
}
