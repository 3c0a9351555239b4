package main

import (
	"context"
	"sync"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// The seeded bugs, each at the seam where the real one would be. The verdict
// must name what breaks.
const (
	bugLostAck    = "lost-ack"    // some receipts are dropped on their way to the ledger
	bugReorder    = "reorder"     // a message that waits for its next attempt is overtaken
	bugCreditLeak = "credit-leak" // credits of answered items do not come back
	bugDoubleSwap = "double-swap" // a new version begins before the old one's receipts are recorded
	bugUnmarked   = "unmarked"    // what was in flight at a crash is sent again as if it had not been
)

// bugs returns what each bug breaks.
func bugs() map[string]string {
	return map[string]string{
		bugLostAck: progress, bugReorder: order, bugCreditLeak: progress, bugDoubleSwap: duplicates, bugUnmarked: duplicates,
	}
}

// deliverer is the core's, with a bug between it and the host.
type deliverer struct {
	*delivery.Deliverer
	bug string
}

// Serve implements pluginhost.Deliverer.
func (d *deliverer) Serve(ctx context.Context, plugin channel.PluginID, line delivery.Line) error {
	if d.bug == "" || d.bug == bugReorder {
		return d.Deliverer.Serve(ctx, plugin, line)
	}
	l := &buggy{Line: line, bug: d.bug, receipts: make(chan []delivery.Receipt), gone: make(chan struct{})}
	defer close(l.gone)
	go l.pass()
	return d.Deliverer.Serve(ctx, plugin, l)
}

// buggy is a line with a bug.
type buggy struct {
	delivery.Line
	bug      string
	receipts chan []delivery.Receipt
	gone     chan struct{}

	mu     sync.Mutex
	seen   int
	leaked int
}

// Receipts passes receipts on, or does not.
func (l *buggy) Receipts() <-chan []delivery.Receipt { return l.receipts }

func (l *buggy) pass() {
	defer close(l.receipts)
	for batch := range l.Line.Receipts() {
		l.mu.Lock()
		l.seen += len(batch)
		drop := len(batch) > 0 && l.bug == bugLostAck && l.seen%7 == 0 || l.bug == bugDoubleSwap && l.Line.Credits() == 0 && len(batch) > 0
		if l.bug == bugCreditLeak && len(batch) > 0 {
			l.leaked++
		}
		l.mu.Unlock()
		if drop {
			batch = batch[1:]
		}
		select {
		case l.receipts <- batch:
		case <-l.gone:
			for range l.Line.Receipts() { // until the host closes it
			}
			return
		}
	}
}

// Credits forgets those that leaked.
func (l *buggy) Credits() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.Line.Credits()-l.leaked, 0)
}

// Send forgets what was in flight at a crash.
func (l *buggy) Send(ctx context.Context, items []delivery.Delivery) error {
	if l.bug == bugUnmarked {
		for i := range items {
			items[i].Suspect = false
		}
	}
	return l.Line.Send(ctx, items)
}
