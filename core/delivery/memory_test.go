package delivery_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// A server that dies leaves nothing but the ledger: what waits there may have been
// in flight, and says so, and is handed over with the rest all the same.
func TestWhatWaitedMayHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		l.add("dlv_1", "cnv_1", time.Now())
		l.add("dlv_2", "cnv_2", time.Now())
		serve := func(d *delivery.Deliverer, line *line, span time.Duration) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), span)
			defer cancel()
			if err := d.Serve(ctx, plugin, line); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		deaf := newLine(func(delivery.Delivery) *channel.Result { return nil })
		serve(newDeliverer(l), deaf, time.Second) // and no more is known of it
		second, after := newLine(accept), newDeliverer(l)
		time.Sleep(time.Second)
		done := make(chan struct{})
		go func() {
			defer close(done)
			serve(after, second, time.Minute)
		}()
		time.Sleep(time.Second)
		l.add("dlv_3", "cnv_3", time.Now())
		after.Wake()
		<-done
		if got := second.suspects(); !slices.Equal(got, []bool{true, true, false}) {
			t.Errorf("marked %v, want what waited before this server marked, and nothing else", got)
		}
		if len(second.batches) == 0 || second.batches[0] != 2 {
			t.Errorf("batches of %v, want those that may have left together", second.batches)
		}
		l.add("dlv_4", "cnv_4", time.Now())
		time.Sleep(time.Second)
		third := newLine(accept)
		serve(after, third, time.Minute) // at once: nobody else was there
		if got := third.suspects(); !slices.Equal(got, []bool{false}) {
			t.Errorf("marked %v: this server knows that it was not handed over", got)
		}
		l.add("dlv_5", "cnv_5", time.Now())
		time.Sleep(time.Minute)
		fourth := newLine(accept)
		serve(after, fourth, time.Minute) // another server may have been
		if got := fourth.suspects(); !slices.Equal(got, []bool{true}) {
			t.Errorf("marked %v: another server may have handed it over", got)
		}
	})
}

func newDeliverer(l *ledger) *delivery.Deliverer {
	return delivery.NewDeliverer(l, time.Now, slog.New(slog.DiscardHandler))
}

// suspects says of each item the line got whether it was marked.
func (l *line) suspects() []bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]bool, len(l.got))
	for i, item := range l.got {
		out[i] = item.Suspect
	}
	return out
}
