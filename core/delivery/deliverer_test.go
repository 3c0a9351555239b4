package delivery_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

const plugin channel.PluginID = "patchbay/echo"

// ledger is a delivery.Store in memory: rows in order, one conversation's
// later rows held back by its earlier ones.
type ledger struct {
	mu   sync.Mutex
	rows []delivery.Delivery
	down bool

	paused  bool
	resumed time.Time
}

func (l *ledger) add(id, conversation string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, delivery.Delivery{
		ID: delivery.ID(id), Plugin: plugin, Conversation: conversation, State: delivery.Pending, CreatedAt: at, NextAt: at,
	})
}

var errDown = errors.New("the ledger is down")

func (l *ledger) Due(_ context.Context, _ channel.PluginID, now time.Time, limit int, skip delivery.Skip) ([]delivery.Delivery, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errDown
	}
	if l.paused {
		return nil, nil
	}
	held := map[string]bool{}
	var out []delivery.Delivery
	for _, r := range l.rows {
		if r.State != delivery.Pending || held[r.Conversation] {
			continue
		}
		held[r.Conversation] = true
		r.ResumedAt = l.resumed
		if !skip.Has(&r) && !r.NextAt.After(now) && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (l *ledger) NextDue(context.Context, channel.PluginID) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var next time.Time
	if l.paused {
		return next, nil
	}
	for _, r := range l.rows {
		if r.State == delivery.Pending && (next.IsZero() || r.NextAt.Before(next)) {
			next = r.NextAt
		}
	}
	return next, nil
}

func (l *ledger) Interrupted(context.Context, []delivery.Delivery) error { return nil }

func (l *ledger) Settle(_ context.Context, settled []delivery.Settlement) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return errDown
	}
	for _, s := range settled {
		for i := range l.rows {
			if l.rows[i].ID == s.Delivery.ID {
				l.rows[i].State, l.rows[i].Attempts, l.rows[i].NextAt, l.rows[i].LastCode = s.State, s.Attempts, s.NextAt, s.Result.Code
			}
		}
	}
	return nil
}

func (l *ledger) row(id string) delivery.Delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.rows, func(r delivery.Delivery) bool { return r.ID == delivery.ID(id) })
	return l.rows[i]
}

// line is a plugin that records what it gets and answers as told.
type line struct {
	mu       sync.Mutex
	credits  int
	got      []delivery.Delivery
	batches  []int
	receipts chan []delivery.Receipt
	answer   func(delivery.Delivery) *channel.Result // nil result = no answer
	refuse   error                                   // of the next Send
	counts   bool                                    // an item takes a credit until it is answered
}

func newLine(answer func(delivery.Delivery) *channel.Result) *line {
	return &line{credits: 64, receipts: make(chan []delivery.Receipt, 64), answer: answer}
}

func accept(delivery.Delivery) *channel.Result {
	return &channel.Result{Outcome: channel.OutcomeAccepted}
}

func (l *line) Credits() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.credits
}

func (l *line) Send(_ context.Context, items []delivery.Delivery) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return l.refuse
	}
	l.batches = append(l.batches, len(items))
	var out []delivery.Receipt
	for _, item := range items {
		l.got = append(l.got, item)
		if r := l.answer(item); r != nil {
			out = append(out, delivery.Receipt{ID: item.ID, Result: *r})
		} else if l.counts {
			l.credits--
		}
	}
	if len(out) > 0 {
		l.receipts <- out
	}
	return nil
}

func (l *line) Receipts() <-chan []delivery.Receipt { return l.receipts }

func (l *line) ids() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]string, len(l.got))
	for i, g := range l.got {
		out[i] = string(g.ID)
	}
	return out
}

// serve runs one Serve inside the bubble until the test stops it.
func serve(t *testing.T, d *delivery.Deliverer, l *line) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx, plugin, l) }()
	synctest.Wait()
	return func() error { cancel(); return <-done }
}

func deliverer(l *ledger) *delivery.Deliverer {
	return delivery.NewDeliverer(l, time.Now, slog.New(slog.DiscardHandler))
}

func TestDeliversInOrderWithinAConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		for _, id := range []string{"a1", "b1", "a2", "a3", "b2"} {
			rows.add(id, id[:1], time.Now())
		}
		l := newLine(accept)
		stop := serve(t, deliverer(rows), l)
		if got := l.ids(); !slices.Equal(got, []string{"a1", "b1", "a2", "b2", "a3"}) {
			t.Errorf("delivered %v", got)
		}
		for _, id := range []string{"a1", "a2", "a3", "b1", "b2"} {
			if r := rows.row(id); r.State != delivery.Sent || r.Attempts != 1 {
				t.Errorf("%s: %+v", id, r)
			}
		}
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("Serve returned %v", err)
		}
	})
}

func TestWakesForNewRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows, l := &ledger{}, newLine(accept)
		d := deliverer(rows)
		stop := serve(t, d, l)
		rows.add("a1", "a", time.Now())
		d.Wake()
		synctest.Wait()
		if len(l.ids()) != 1 {
			t.Error("a wake-up did not deliver")
		}
		rows.add("a2", "a", time.Now()) // its wake-up is lost
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if len(l.ids()) != 2 {
			t.Error("a lost wake-up cost a delivery")
		}
		_ = stop()
	})
}

func TestRetriesLaterAndHoldsBackWhatFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		rows.add("a1", "a", time.Now())
		rows.add("a2", "a", time.Now())
		tries := 0
		l := newLine(func(d delivery.Delivery) *channel.Result {
			if d.ID == "a1" {
				if tries++; tries < 3 {
					return &channel.Result{Outcome: channel.OutcomeRetry, Code: "busy"}
				}
			}
			return accept(d)
		})
		stop := serve(t, deliverer(rows), l)
		if r := rows.row("a1"); r.State != delivery.Pending || r.Attempts != 1 || !r.NextAt.After(time.Now()) {
			t.Errorf("after the first try: %+v", r)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := l.ids(); !slices.Equal(got, []string{"a1", "a1", "a1", "a2"}) {
			t.Errorf("delivered %v", got)
		}
		_ = stop()
	})
}

func TestRefusedForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		rows.add("a1", "a", time.Now())
		rows.add("a2", "a", time.Now())
		l := newLine(func(d delivery.Delivery) *channel.Result {
			if d.ID == "a1" {
				return &channel.Result{Outcome: channel.OutcomeRejected, Code: "invalid_recipient"}
			}
			return accept(d)
		})
		stop := serve(t, deliverer(rows), l)
		if r := rows.row("a1"); r.State != delivery.Dead || r.LastCode != "invalid_recipient" {
			t.Errorf("%+v", r)
		}
		if rows.row("a2").State != delivery.Sent {
			t.Error("a dead delivery holds back the next")
		}
		_ = stop()
	})
}

// A window that closes ends what waits for it, sooner or later than a day.
func TestAWindowEndsADelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		rows.add("soon", "a", time.Now())
		rows.add("late", "b", time.Now())
		rows.rows[0].ExpiresAt, rows.rows[1].ExpiresAt = time.Now().Add(time.Hour), time.Now().Add(48*time.Hour)
		l := newLine(func(delivery.Delivery) *channel.Result {
			return &channel.Result{Outcome: channel.OutcomeRetry, Code: "busy"}
		})
		stop := serve(t, deliverer(rows), l)
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if r := rows.row("soon"); r.State != delivery.Pending {
			t.Errorf("before its window closes: %+v", r)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if r := rows.row("soon"); r.State != delivery.Dead || r.LastCode != delivery.CodeWindowClosed {
			t.Errorf("after its window closed: %+v", r)
		}
		time.Sleep(30 * time.Hour)
		synctest.Wait()
		if r := rows.row("late"); r.State != delivery.Pending {
			t.Errorf("after a day, its window open: %+v", r)
		}
		time.Sleep(20 * time.Hour)
		synctest.Wait()
		if r := rows.row("late"); r.State != delivery.Dead {
			t.Errorf("in the end: %+v", r)
		}
		_ = stop()
	})
}

// What may have left is not tried again by itself.
func TestNobodyKnowsWhetherItLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		rows.add("a1", "a", time.Now())
		rows.add("a2", "a", time.Now())
		l := newLine(func(d delivery.Delivery) *channel.Result {
			if d.ID == "a1" {
				return &channel.Result{Outcome: channel.OutcomeUnknown, Code: "timeout"}
			}
			return accept(d)
		})
		stop := serve(t, deliverer(rows), l)
		time.Sleep(time.Hour)
		synctest.Wait()
		if r := rows.row("a1"); r.State != delivery.Unknown || r.Attempts != 1 || r.LastCode != "timeout" {
			t.Errorf("%+v", r)
		}
		if got := l.ids(); !slices.Equal(got, []string{"a1", "a2"}) {
			t.Errorf("handed over %v", got)
		}
		_ = stop()
	})
}

func TestCrashResendsAloneAndSuspectThenGivesUpOnPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		rows.add("a1", "a", time.Now())
		rows.add("b1", "b", time.Now())
		d := deliverer(rows)
		silent := func(delivery.Delivery) *channel.Result { return nil }
		for crash := range 3 {
			l := newLine(func(x delivery.Delivery) *channel.Result {
				if x.ID == "b1" && crash > 0 {
					return accept(x)
				}
				return silent(x)
			})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- d.Serve(ctx, plugin, l) }()
			synctest.Wait()
			close(l.receipts)
			if err := <-done; !errors.Is(err, delivery.ErrLineDied) {
				t.Errorf("Serve returned %v", err)
			}
			cancel()
			if crash > 0 && (!l.got[0].Suspect || l.batches[0] != 1) {
				t.Errorf("after crash %d: suspect %v, batches %v", crash, l.got[0].Suspect, l.batches)
			}
		}
		l := newLine(accept)
		stop := serve(t, d, l)
		if r := rows.row("a1"); r.State != delivery.Dead || r.LastCode != delivery.CodePoison {
			t.Errorf("after three crashes: %+v", r)
		}
		if rows.row("b1").State != delivery.Sent {
			t.Error("the innocent message did not leave")
		}
		_ = stop()
	})
}

// What was in flight at a crash may be at the far side, also after the plugin
// has asked to try it again later.
func TestRetriedAfterACrashItIsStillSuspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		rows.add("a1", "a", time.Now())
		d := deliverer(rows)
		silent := newLine(func(delivery.Delivery) *channel.Result { return nil })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Serve(ctx, plugin, silent) }()
		synctest.Wait()
		close(silent.receipts)
		if err := <-done; !errors.Is(err, delivery.ErrLineDied) {
			t.Errorf("Serve returned %v", err)
		}
		cancel()
		later := true
		l := newLine(func(x delivery.Delivery) *channel.Result {
			if later {
				later = false
				return &channel.Result{Outcome: channel.OutcomeRetry}
			}
			return accept(x)
		})
		stop := serve(t, d, l)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(l.got) != 2 || !l.got[0].Suspect || !l.got[1].Suspect || rows.row("a1").State != delivery.Sent {
			t.Errorf("handed over: %+v, then %+v", l.got, rows.row("a1"))
		}
		_ = stop()
	})
}

func TestExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		rows.add("a1", "a", time.Now())
		time.Sleep(25 * time.Hour)
		l := newLine(accept)
		stop := serve(t, deliverer(rows), l)
		if r := rows.row("a1"); r.State != delivery.Dead || r.LastCode != delivery.CodeExpired || len(l.ids()) != 0 {
			t.Errorf("%+v, sent %v", r, l.ids())
		}
		_ = stop()
	})
}

// What waited while its account was paused leaves in order when it is resumed,
// however long that took, with no attempt counted; from then on it expires.
func TestAPauseIsNotWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{paused: true}
		for _, id := range []string{"a1", "a2", "a3"} {
			rows.add(id, "a", time.Now())
		}
		pause := func(on bool) {
			rows.mu.Lock()
			defer rows.mu.Unlock()
			if rows.paused = on; !on {
				rows.resumed = time.Now()
			}
		}
		l := newLine(accept)
		d := deliverer(rows)
		stop := serve(t, d, l)
		time.Sleep(50 * time.Hour)
		synctest.Wait()
		if r := rows.row("a1"); len(l.ids()) != 0 || r.State != delivery.Pending || r.Attempts != 0 {
			t.Errorf("while it is paused: %+v, sent %v", r, l.ids())
		}
		pause(false)
		d.Wake()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := l.ids(); !slices.Equal(got, []string{"a1", "a2", "a3"}) || rows.row("a3").Attempts != 1 {
			t.Errorf("resumed: %v, %+v", got, rows.row("a3"))
		}
		_ = stop()
		pause(true)
		rows.add("b1", "b", time.Now())
		time.Sleep(48 * time.Hour)
		pause(false)
		time.Sleep(25 * time.Hour) // and nobody delivered
		stop = serve(t, d, newLine(accept))
		if r := rows.row("b1"); r.LastCode != delivery.CodeExpired {
			t.Errorf("a day after it was resumed: %+v", r)
		}
		_ = stop()
	})
}

func TestLedgerFailureDelaysAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{down: true}
		rows.add("a1", "a", time.Now())
		l := newLine(accept)
		stop := serve(t, deliverer(rows), l)
		rows.mu.Lock()
		rows.down = false
		rows.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if rows.row("a1").State != delivery.Sent {
			t.Error("not delivered after the ledger came back")
		}
		_ = stop()
	})
}

func TestCreditsAreObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		for _, c := range []string{"a", "b", "c"} {
			rows.add(c+"1", c, time.Now())
		}
		l := newLine(func(delivery.Delivery) *channel.Result { return nil })
		l.credits = 0
		stop := serve(t, deliverer(rows), l)
		if len(l.ids()) != 0 {
			t.Errorf("sent %v without a credit", l.ids())
		}
		l.mu.Lock()
		l.credits = 2
		l.mu.Unlock()
		l.receipts <- nil // credits come with receipts, which may be empty
		synctest.Wait()
		if l.batches[0] != 2 {
			t.Errorf("batches %v", l.batches)
		}
		_ = stop()
	})
}

// TestDrain: the plugin takes no more, and answers what it has before it goes.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		rows.add("a1", "a", time.Now())
		l := newLine(func(delivery.Delivery) *channel.Result { return nil })
		d := deliverer(rows)
		done := make(chan error, 1)
		go func() { done <- d.Serve(t.Context(), plugin, l) }()
		synctest.Wait()
		l.mu.Lock()
		l.refuse = delivery.ErrLineStopped
		l.mu.Unlock()
		rows.add("b1", "b", time.Now())
		d.Wake()
		synctest.Wait()
		l.receipts <- []delivery.Receipt{{ID: "a1", Result: channel.Result{Outcome: channel.OutcomeAccepted}}}
		close(l.receipts)
		if err := <-done; !errors.Is(err, delivery.ErrLineDied) {
			t.Errorf("Serve returned %v", err)
		}
		if rows.row("a1").State != delivery.Sent {
			t.Error("a receipt that came while draining was not recorded")
		}
		next := newLine(accept)
		stop := serve(t, d, next)
		if got := next.ids(); !slices.Equal(got, []string{"b1"}) || next.got[0].Suspect {
			t.Errorf("after the restart: %v, suspect %v", got, next.got)
		}
		_ = stop()
	})
}
