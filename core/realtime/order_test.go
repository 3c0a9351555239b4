package realtime_test

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// TestOrderUnderLoad: many write at once over two nodes, whose pumps run at
// their own pace, while members and visitors come and go and resume. Everybody
// sees every number once and in order, and in the end all there is.
func TestOrderUnderLoad(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		nodes := []*node{w.node(tuning), w.node(tuning)}
		const customers, messages, watchers = 6, 60, 8
		var writers, pumps, readers sync.WaitGroup
		done := make(chan struct{})
		for _, n := range nodes {
			pumps.Go(func() { w.pumpUntil(n, done) })
		}
		for c := range customers {
			who := w.welcome()
			writers.Go(func() {
				for i := range messages {
					_, err := w.service.VisitorSend(t.Context(), who.Visitor, conversation.VisitorPost{ClientID: uuid.NewString(), Text: fmt.Sprintf("%d/%d", c, i)})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
			readers.Go(func() { w.watchAsVisitor(nodes, who, messages) })
		}
		total := uint64(customers * (messages + 2)) // each also: created, queued
		for i := range watchers {
			m := w.agent()
			readers.Go(func() { w.watchAsMember(nodes, i, m.ID, total) })
		}
		writers.Wait()
		readers.Wait()
		close(done)
		pumps.Wait()
		equal(t, w.head(), total)
	})
}

// pumpUntil publishes what is committed, a different number of events each
// time, and now and then loses some.
func (w *world) pumpUntil(n *node, done <-chan struct{}) {
	after := uint64(0)
	for round := 1; ; round++ {
		select {
		case <-done:
			return
		default:
		}
		items := w.items(after, round%7+1)
		if len(items) == 0 {
			continue
		}
		after = items[len(items)-1].Event.Feed
		if round%11 != 0 || len(w.items(after, 1)) == 0 { // the last is never lost: a pump would find it
			n.Publish(w.WS, items)
		}
	}
}

func (w *world) watchAsMember(nodes []*node, i int, id memberID, total uint64) {
	seen := uint64(0)
	for visit := 0; seen < total; visit++ {
		c := nodes[(i+visit)%len(nodes)].member(id, epoch, seen)
		if f := c.expect("ready"); f.Resync {
			w.Errorf("resync after %d: %s", seen, f.raw)
			return
		}
		c.expect("presence")
		for limit := seen + uint64(20+i*7); seen < min(limit, total); {
			if f := c.await("event"); f.Feed != seen+1 {
				w.Errorf("member %d: got feed %d after %d", i, f.Feed, seen)
				return
			}
			seen++
		}
		_ = c.conn.CloseNow()
	}
}

func (w *world) watchAsVisitor(nodes []*node, who conversation.Welcome, total uint64) {
	seen := uint64(0)
	for visit := 0; seen < total; visit++ {
		c := nodes[visit%len(nodes)].visitor(who, epoch, seen)
		if f := c.expect("ready"); f.Resync {
			w.Errorf("resync after %d: %s", seen, f.raw)
			return
		}
		for limit := seen + 25; seen < min(limit, total); {
			if f := c.await("change"); f.Change.Seq != seen+1 {
				w.Errorf("visitor: got seq %d after %d", f.Change.Seq, seen)
				return
			}
			seen++
		}
		_ = c.conn.CloseNow()
	}
}

// pipe returns the two ends of a connection over loopback.
func pipe(tb testing.TB) (client, server net.Conn) {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test's
	if client, err = new(net.Dialer).DialContext(tb.Context(), "tcp", l.Addr().String()); err != nil {
		tb.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client, server
}
