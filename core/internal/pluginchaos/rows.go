package main

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// rows is the ledger of deliveries: those that are not settled, by conversation
// and in order. What is settled is counted and forgotten, so that the memory of
// this process is the core's.
type rows struct {
	now   func() time.Time
	bug   string
	inbox channel.Inbox

	mu      sync.Mutex
	queues  [][]delivery.Delivery // by conversation
	next    []uint64              // the number of the next message, by conversation
	made    int
	sent    int
	dead    int
	retries int
	letters map[string]bool // "conversation number" of those given up
	first   int             // where Due looks first, so that no conversation waits for ever
}

func newRows(inbox channel.Inbox, bug string, now func() time.Time) *rows {
	return &rows{
		now: now, bug: bug, inbox: inbox, queues: make([][]delivery.Delivery, conversations), next: make([]uint64, conversations), letters: make(map[string]bool),
	}
}

func (*rows) close(context.Context) {}

// place: numbers have no gaps here.
func (*rows) place(_ string, seq int) int { return seq }

func (r *rows) given() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.letters)
}

func (r *rows) fill(_ context.Context, waiting int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.made-r.sent-r.dead < waiting {
		i := r.made % len(r.queues)
		r.next[i]++
		r.made++
		r.queues[i] = append(r.queues[i], delivery.Delivery{
			Workspace: r.inbox.Workspace, ID: delivery.ID(fmt.Sprintf("dlv_%08d", r.made)), Inbox: r.inbox.ID, Plugin: r.inbox.Plugin,
			Conversation: fmt.Sprintf("cnv_%d", i), Seq: r.next[i], Recipient: "far", Content: channel.Content{Text: "x"},
			State: delivery.Pending, CreatedAt: r.now(),
		})
	}
	return nil
}

func (r *rows) count() (made, sent, dead int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.made, r.sent, r.dead
}

// Due implements delivery.Store.
func (r *rows) Due(_ context.Context, _ channel.PluginID, now time.Time, limit int, skip delivery.Skip) ([]delivery.Delivery, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []delivery.Delivery
	r.first++
	for i := range r.queues {
		q := r.queues[(i+r.first)%len(r.queues)]
		if len(out) == limit {
			break
		}
		if len(q) == 0 {
			continue
		}
		head := q[0]
		if r.bug == bugReorder && head.Attempts > 0 && len(q) > 1 { // what waits for its next attempt is overtaken
			head = q[1]
		}
		if !skip.Has(&head) && !head.NextAt.After(now) {
			out = append(out, head)
		}
	}
	return out, nil
}

// NextDue implements delivery.Store.
func (r *rows) NextDue(context.Context, channel.PluginID) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var next time.Time
	for _, q := range r.queues {
		if len(q) > 0 {
			at := q[0].NextAt
			if at.IsZero() {
				at = q[0].CreatedAt
			}
			if next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return next, nil
}

// Settle implements delivery.Store.
func (r *rows) Settle(_ context.Context, settled []delivery.Settlement) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range settled {
		for c := range r.queues {
			if fmt.Sprintf("cnv_%d", c) == x.Delivery.Conversation {
				r.settle(c, x)
			}
		}
	}
	return nil
}

func (r *rows) settle(c int, x delivery.Settlement) {
	q := r.queues[c]
	for i := range q {
		if q[i].ID != x.Delivery.ID {
			continue
		}
		switch x.State {
		case delivery.Pending:
			q[i].Attempts, q[i].NextAt = x.Attempts, x.NextAt
			r.retries++
			return
		case delivery.Sent:
			r.sent++
		default:
			r.dead++
			r.letters[fmt.Sprintf("%s %d", q[i].Conversation, q[i].Seq)] = true
		}
		r.queues[c] = append(q[:i:i], q[i+1:]...)
		return
	}
}

// Interrupted implements delivery.Store.
func (r *rows) Interrupted(context.Context, []delivery.Delivery) error { return nil }
