package pluginhost

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/patchbay-im/patchbay/core/delivery"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// maxBatchBytes bounds one message on the stream, well below what gRPC takes.
const maxBatchBytes = 128 << 10

// line is a delivery.Line over the Deliver stream.
type line struct {
	stream   pluginv1.ChannelService_DeliverClient
	cancel   context.CancelFunc
	now      func() time.Time
	version  string // of the plugin, from its manifest
	bounds   bounds
	receipts chan []delivery.Receipt // holds one batch: what came since it was read last
	stopped  atomic.Bool
	sending  sync.Mutex // gRPC wants one sender at a time

	mu       sync.Mutex
	credits  int
	inFlight map[delivery.ID]handed
	answered int       // items
	moved    time.Time // when something was last handed over or answered
}

// handed is an item in flight.
type handed struct {
	suspect bool
	at      time.Time
}

// openLine opens the stream. The plugin opens the window with its first
// response; until then there are no credits.
func openLine(ctx context.Context, client pluginv1.ChannelServiceClient, b bounds, now func() time.Time) (*line, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := client.Deliver(ctx)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open the delivery stream: %w", err)
	}
	l := &line{
		stream: stream, cancel: cancel, now: now, bounds: b, receipts: make(chan []delivery.Receipt, 1),
		inFlight: make(map[delivery.ID]handed), moved: now(),
	}
	go l.read()
	return l, nil
}

// Version implements delivery.Versioned.
func (l *line) Version() string { return l.version }

// close ends the stream and the reader.
func (l *line) close() {
	l.cancel()
	for range l.receipts { // until the reader is gone
	}
}

// stop lets no more items leave and tells the plugin so; receipts still come.
func (l *line) stop() {
	l.stopped.Store(true)
	if l.sending.TryLock() { // otherwise Send calls again when it is done
		defer l.sending.Unlock()
		_ = l.stream.CloseSend() // it only fails on a stream that is dead
	}
}

// stalled reports whether items are in flight and nothing has moved for d.
func (l *line) stalled(d time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.inFlight) > 0 && l.now().Sub(l.moved) >= d
}

// overdue returns how many items have been in flight for d, and how many others are.
func (l *line) overdue(d time.Duration) (late, others int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for _, item := range l.inFlight {
		if now.Sub(item.at) >= d {
			late++
		} else {
			others++
		}
	}
	return late, others
}

// alone returns the one item in flight that had been in flight at a crash
// before, and how many items were answered; "" when there is none such.
func (l *line) alone() (suspect delivery.ID, answered int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.inFlight) == 1 {
		for id, item := range l.inFlight {
			if item.suspect {
				suspect = id
			}
		}
	}
	return suspect, l.answered
}

// Credits returns how many items may be sent now.
func (l *line) Credits() int {
	if l.stopped.Load() {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return min(l.credits, l.bounds.most-len(l.inFlight))
}

// Ready implements delivery.Paced.
func (l *line) Ready(n int) (ready int, wait time.Duration) { return l.bounds.messages.Ready(n) }

// Receipts yields receipts until the line dies.
func (l *line) Receipts() <-chan []delivery.Receipt { return l.receipts }

// Send hands over a batch.
func (l *line) Send(_ context.Context, items []delivery.Delivery) error {
	l.sending.Lock()
	defer func() {
		l.sending.Unlock()
		if l.stopped.Load() {
			l.stop() // it may have come while we sent
		}
	}()
	if err := l.book(items); err != nil {
		return err
	}
	outs := outboundsOf(items)
	for len(outs) > 0 {
		n := fitting(outs)
		if err := l.stream.Send(&pluginv1.DeliverRequest{Items: outs[:n]}); err != nil {
			return fmt.Errorf("hand over deliveries: %w", err)
		}
		outs = outs[n:]
	}
	return nil
}

// fitting returns how many of the items go into one message on the stream: at
// least one.
func fitting(outs []*pluginv1.Outbound) int {
	size := 0
	for i, out := range outs {
		size += proto.Size(out)
		if size > maxBatchBytes && i > 0 {
			return i
		}
	}
	return len(outs)
}

// book takes credits before the items leave: a receipt may be quick.
func (l *line) book(items []delivery.Delivery) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(items) == 0 || len(items) > pluginv1.MaxBatch || len(items) > l.credits {
		return fmt.Errorf("a batch of %d with %d credits", len(items), l.credits)
	}
	if l.stopped.Load() {
		return delivery.ErrLineStopped
	}
	l.credits -= len(items)
	l.bounds.messages.Spend(len(items))
	l.moved = l.now()
	for _, item := range items {
		l.inFlight[item.ID] = handed{suspect: item.Suspect, at: l.moved}
	}
	return nil
}

// read turns responses into batches of receipts, until the stream ends. What
// nobody has read yet grows with what comes: whoever records receipts slowly
// records many at once.
func (l *line) read() {
	defer close(l.receipts)
	for {
		response, err := l.stream.Recv()
		if err != nil {
			return
		}
		batch := l.settle(response)
		select {
		case l.receipts <- batch:
			continue
		default:
		}
		select {
		case earlier := <-l.receipts:
			batch = append(earlier, batch...)
		default: // read just now
		}
		l.receipts <- batch // nobody else writes: there is room
	}
}

// settle takes the receipts of items that are in flight; the others were
// answered before, or never asked, and count for nothing.
func (l *line) settle(response *pluginv1.DeliverResponse) []delivery.Receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch := make([]delivery.Receipt, 0, len(response.GetItems()))
	for _, r := range response.GetItems() {
		id := delivery.ID(r.GetId())
		if _, asked := l.inFlight[id]; !asked {
			continue
		}
		delete(l.inFlight, id)
		l.answered++
		batch = append(batch, delivery.Receipt{
			ID: id, Result: receiptOf(r.GetResult()), ProviderID: cut(r.GetProviderMessageId(), maxExternalID),
		})
	}
	l.credits = min(l.credits+int(response.GetCredits()), pluginv1.MaxCredits-len(l.inFlight))
	l.moved = l.now()
	return batch
}
