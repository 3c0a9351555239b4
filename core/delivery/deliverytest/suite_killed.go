package deliverytest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// farSide is a line to a far side that keeps what it got, and answers unless
// its server is to be killed.
type farSide struct {
	mute     bool
	credits  atomic.Int64
	asked    chan struct{} // somebody looked for credits
	settled  chan struct{} // what it answered is recorded
	got      chan delivery.Delivery
	receipts chan []delivery.Receipt
	once     sync.Once
	answered atomic.Bool
}

func newFarSide(mute bool, credits int64) *farSide {
	f := &farSide{
		mute: mute, asked: make(chan struct{}, 1), settled: make(chan struct{}),
		got: make(chan delivery.Delivery, 8), receipts: make(chan []delivery.Receipt, 8),
	}
	f.credits.Store(credits)
	return f
}

// Credits implements delivery.Line. It is asked after what was answered is recorded.
func (f *farSide) Credits() int {
	select {
	case f.asked <- struct{}{}:
	default:
	}
	if f.answered.Load() && len(f.receipts) == 0 {
		f.once.Do(func() { close(f.settled) })
	}
	return int(f.credits.Load())
}

// Send implements delivery.Line.
func (f *farSide) Send(_ context.Context, items []delivery.Delivery) error {
	for _, d := range items {
		f.got <- d
		if !f.mute {
			f.receipts <- []delivery.Receipt{{ID: d.ID, Result: channel.Result{Outcome: channel.OutcomeAccepted}, ProviderID: "far-" + string(d.ID)}}
			f.answered.Store(true)
		}
	}
	return nil
}

// Receipts implements delivery.Line.
func (f *farSide) Receipts() <-chan []delivery.Receipt { return f.receipts }

// server is a process that delivers to a far side; the result kills it.
func (w *world) server(f *farSide, clock func() time.Time) (d *delivery.Deliverer, kill func()) {
	d = delivery.NewDeliverer(w.store, clock, slog.New(slog.DiscardHandler))
	d.Channels = func(channel.PluginID) channel.Capabilities {
		return channel.Capabilities{Content: []string{channel.ContentText}, TextLimit: 100, Windows: few()}
	}
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(ctx, w.Inbox.Plugin, f) }()
	return d, func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			w.Errorf("it ended with %v", err)
		}
	}
}

// What leaves as one does so once at a far side that knows keys, whenever its
// server is killed: the next one hands over the same under the same key.
func testMergeKilled(w *world) {
	var at atomic.Int64
	clock := func() time.Time { return time.UnixMicro(at.Load()).UTC() }
	tick := func() { at.Store(w.Tick().UnixMicro()) }
	tick()
	busy := newFarSide(true, 0)
	d, kill := w.server(busy, clock)
	<-busy.asked
	id := w.waits(w.owner(), "one", "two", "three")
	tick()
	busy.credits.Store(8)
	d.Wake()
	first := <-busy.got
	kill()
	conversationtest.Same(w.World, first.Content.Text, "one\ntwo\nthree")
	conversationtest.Same(w.World, w.states(id), "pending/pending/pending")

	tick()
	again := newFarSide(false, 8)
	_, kill = w.server(again, clock)
	second := <-again.got
	<-again.settled
	kill()
	conversationtest.Same(w.World, second.ID, first.ID)
	conversationtest.Same(w.World, second.Content, first.Content)
	if !second.Suspect {
		w.Fatal("it does not say that it may have left")
	}
	conversationtest.Same(w.World, w.states(id), "sent/sent/sent")
	conversationtest.Same(w.World, w.used(id), 1)
	if len(again.got) != 0 || len(w.due(w.Tick(), 10)) != 0 {
		w.Fatal("something of it leaves again")
	}
}
