package delivery_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// mirror is a line that answers everything at once, and a ledger that always
// has something for it: what is left is the deliverer.
type mirror struct {
	items    []delivery.Delivery
	at, left int
	receipts chan []delivery.Receipt
	stop     context.CancelFunc
}

func (m *mirror) Due(_ context.Context, _ channel.PluginID, _ time.Time, limit int, _ delivery.Skip) ([]delivery.Delivery, error) {
	if m.at+limit > len(m.items) {
		m.at = 0
	}
	out := make([]delivery.Delivery, limit)
	copy(out, m.items[m.at:])
	m.at += limit
	return out, nil
}

func (*mirror) NextDue(context.Context, channel.PluginID) (time.Time, error) { return time.Time{}, nil }

func (m *mirror) Settle(_ context.Context, settled []delivery.Settlement) error {
	if m.left -= len(settled); m.left <= 0 {
		m.stop()
	}
	return nil
}

func (*mirror) Interrupted(context.Context, []delivery.Delivery) error { return nil }

func (m *mirror) Credits() int { return 32 - len(m.receipts)*32 }

func (m *mirror) Receipts() <-chan []delivery.Receipt { return m.receipts }

func (m *mirror) Send(_ context.Context, items []delivery.Delivery) error {
	out := make([]delivery.Receipt, len(items))
	for i := range items {
		out[i] = delivery.Receipt{ID: items[i].ID, Result: channel.Result{Outcome: channel.OutcomeAccepted}}
	}
	m.receipts <- out
	return nil
}

// BenchmarkServe is what the deliverer itself costs for each message.
func BenchmarkServe(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	m := &mirror{left: b.N, receipts: make(chan []delivery.Receipt, 1), stop: cancel}
	for i := range 1024 {
		m.items = append(m.items, delivery.Delivery{
			Workspace: "wsp_01KB0000000000000000000001", ID: delivery.ID("dlv_01KB000000000000000000" + time.Duration(1000+i).String()),
			CreatedAt: time.Now(),
		})
	}
	b.ReportAllocs()
	_ = delivery.NewDeliverer(m, time.Now, slog.New(slog.DiscardHandler)).Serve(ctx, plugin, m)
}
