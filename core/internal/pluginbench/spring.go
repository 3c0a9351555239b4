package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// text is what is sent: 100 characters, as in the other benchmarks.
const text = "A message of the usual length: is the green tea set still in stock, and when could it be with me? Hm"

// conversations is how many have something to send at once.
const conversations = 1000

// spring is a ledger in memory that never runs dry while it is open: each
// conversation has one message that waits, and has the next one as soon as that
// is settled. It costs next to nothing, so that what is measured is the host.
type spring struct {
	flowing atomic.Bool
	settled atomic.Int64

	mu    sync.Mutex
	made  int64
	heads []delivery.Delivery
	of    map[string]int // conversation to its place in heads
	next  []int          // a ring: who is after whom
	prev  []int
	first int // who has waited longest
}

func newSpring(inbox channel.Inbox) *spring {
	s := &spring{of: make(map[string]int), heads: make([]delivery.Delivery, conversations), next: make([]int, conversations), prev: make([]int, conversations)}
	for i := range s.heads {
		name := numbered("cnv_", int64(i))
		s.heads[i] = delivery.Delivery{
			Workspace: inbox.Workspace, Inbox: inbox.ID, Plugin: inbox.Plugin, Conversation: name, Recipient: numbered("wxid", int64(i)),
			Content: channel.Content{Text: text}, State: delivery.Pending, CreatedAt: time.Now(),
		}
		s.of[name], s.next[i], s.prev[i] = i, (i+1)%conversations, (i+conversations-1)%conversations
		s.make(i)
	}
	return s
}

// numbered is an id as long as ours, by one allocation.
func numbered(prefix string, n int64) string {
	var b [30]byte
	copy(b[:], prefix)
	copy(b[4:], "01KB0000000000000000000000")
	for i := len(b) - 1; n > 0; i, n = i-1, n/10 {
		b[i] = byte('0' + n%10)
	}
	return string(b[:])
}

// make gives a conversation its next message.
func (s *spring) make(i int) {
	s.made++
	d := &s.heads[i]
	d.ID = delivery.ID(numbered("dlv_", s.made))
	d.Seq++
}

// Due implements delivery.Store.
func (s *spring) Due(_ context.Context, _ channel.PluginID, _ time.Time, limit int, skip delivery.Skip) ([]delivery.Delivery, error) {
	if !s.flowing.Load() {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]delivery.Delivery, 0, limit)
	for n, i := 0, s.first; n < conversations && len(out) < limit; n, i = n+1, s.next[i] {
		if !skip.Has(&s.heads[i]) {
			out = append(out, s.heads[i])
		}
	}
	return out, nil
}

// NextDue implements delivery.Store.
func (*spring) NextDue(context.Context, channel.PluginID) (time.Time, error) {
	return time.Time{}, nil
}

// Settle implements delivery.Store.
func (s *spring) Settle(_ context.Context, settled []delivery.Settlement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range settled {
		x := &settled[k]
		i := s.of[x.Delivery.Conversation]
		if s.heads[i].ID != x.Delivery.ID || x.State != delivery.Sent {
			continue
		}
		s.settled.Add(1)
		s.make(i)
		s.last(i)
	}
	return nil
}

// last puts a conversation behind all others.
func (s *spring) last(i int) {
	if i == s.first { // the one after it is first, and it is before that one
		s.first = s.next[i]
		return
	}
	s.next[s.prev[i]], s.prev[s.next[i]] = s.next[i], s.prev[i]
	before := s.prev[s.first]
	s.next[before], s.prev[i], s.next[i], s.prev[s.first] = i, before, s.first, i
}

// Interrupted implements delivery.Store.
func (*spring) Interrupted(context.Context, []delivery.Delivery) error { return nil }
