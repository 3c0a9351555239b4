package delivery_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// put adds a delivery of an inbox to a recipient.
func (l *ledger) put(id string, inbox channel.InboxID, recipient string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, delivery.Delivery{
		ID: delivery.ID(id), Plugin: plugin, Inbox: inbox, Conversation: id, Recipient: recipient,
		State: delivery.Pending, CreatedAt: time.Now(), NextAt: time.Now(),
	})
}

func paced(l *ledger, rates ...channel.Rate) *delivery.Deliverer {
	d := deliverer(l)
	d.Channels = func(channel.PluginID) channel.Capabilities { return channel.Capabilities{Rates: rates} }
	return d
}

// count returns how many of an inbox were handed over.
func (l *line) count(inbox channel.InboxID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, d := range l.got {
		if d.Inbox == inbox {
			n++
		}
	}
	return n
}

func TestAnAccountKeepsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		for n := range 100 {
			rows.put(fmt.Sprint("a", n), "inb_a", fmt.Sprint("p", n))
		}
		l := newLine(accept)
		d := paced(rows, channel.Rate{Per: channel.PerAccount, Count: 10, Every: time.Second, Burst: 5})
		stop := serve(t, d, l)
		if n := len(l.ids()); n != 5 {
			t.Errorf("%d left at once", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := len(l.ids()); n < 23 || n > 25 {
			t.Errorf("%d left after two seconds", n)
		}
		if err := stop(); err == nil {
			t.Error("no error")
		}
		next := newLine(accept) // another version takes over: it begins where the one before stood
		stop = serve(t, d, next)
		if n := len(next.ids()); n > 1 {
			t.Errorf("%d left at once after a swap", n)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(l.ids()) + len(next.ids()); n != 100 {
			t.Errorf("%d left in the end", n)
		}
		_ = stop()
	})
}

func TestARecipientKeepsTheirRateAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		for n := range 5 {
			rows.put(fmt.Sprint("a", n), "inb_a", "somebody")
		}
		rows.put("b", "inb_a", "else")
		rows.put("c", "inb_b", "somebody") // of another account
		l := newLine(accept)
		stop := serve(t, paced(rows, channel.Rate{Per: channel.PerRecipient, Count: 1, Every: time.Second}), l)
		if got := l.ids(); !slices.Equal(got, []string{"a0", "b", "c"}) {
			t.Errorf("left at once: %v", got)
		}
		time.Sleep(4100 * time.Millisecond)
		synctest.Wait()
		if got := l.ids(); len(got) != 7 {
			t.Errorf("left in the end: %v", got)
		}
		_ = stop()
	})
}

func TestRateLimitedHalvesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		for n := range 2000 {
			rows.put(fmt.Sprint("a", n), "inb_a", fmt.Sprint("p", n))
		}
		limited := false
		l := newLine(func(d delivery.Delivery) *channel.Result {
			if !limited {
				limited = true
				return &channel.Result{Outcome: channel.OutcomeRetry, Code: delivery.CodeRateLimited, RetryAfter: 3 * time.Second}
			}
			return accept(d)
		})
		d := paced(rows, channel.Rate{Per: channel.PerAccount, Count: 10, Every: time.Second, Burst: 1})
		stop := serve(t, d, l)
		time.Sleep(2900 * time.Millisecond)
		synctest.Wait()
		if a, ok := d.Account("inb_a"); len(l.ids()) != 1 || !ok || a.Pace != 0.5 || a.Until.IsZero() || a.Broken {
			t.Errorf("%d left, %+v", len(l.ids()), a)
		}
		during := func(from, d time.Duration) int {
			time.Sleep(from)
			synctest.Wait()
			before := len(l.ids())
			time.Sleep(d)
			synctest.Wait()
			return len(l.ids()) - before
		}
		if n := during(time.Second, 10*time.Second); n < 45 || n > 52 {
			t.Errorf("%d left in ten seconds at half the rate", n)
		}
		if n := during(30*time.Second, 10*time.Second); n < 90 || n > 101 {
			t.Errorf("%d left in ten seconds after it recovered", n)
		}
		if a, _ := d.Account("inb_a"); a.Pace != 1 {
			t.Errorf("its pace is %v", a.Pace)
		}
		_ = stop()
	})
}

func TestABreakerProbesWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &ledger{}
		for n := range 40 {
			rows.put(fmt.Sprint("a", n), "inb_a", fmt.Sprint("p", n))
		}
		down := true
		var tried []time.Duration
		began := time.Now()
		l := newLine(func(d delivery.Delivery) *channel.Result {
			tried = append(tried, time.Since(began).Round(time.Second))
			if down {
				return &channel.Result{Outcome: channel.OutcomeRetry, Code: "provider_unreachable", Detail: "no route"}
			}
			return accept(d)
		})
		l.credits = 4
		d := deliverer(rows)
		stop := serve(t, d, l)
		a, _ := d.Account("inb_a")
		if !a.Broken || a.Code != "provider_unreachable" || a.Detail != "no route" || a.Failures < 5 || !a.Until.After(time.Now()) {
			t.Errorf("after failures: %+v", a)
		}
		if h, ok := a.Health(); !ok || h.Code != delivery.CodeSendingPaused || h.Detail != "provider_unreachable: no route" || !slices.Equal(d.Broken(), []channel.InboxID{"inb_a"}) {
			t.Errorf("its health: %+v; broken: %v", h, d.Broken())
		}
		n := len(tried)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got, want := tried[n:], []time.Duration{5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second}; !slices.Equal(got, want) {
			t.Errorf("probed at %v, want %v", got, want)
		}
		down = false
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if a, _ := d.Account("inb_a"); a.Broken || a.Failures != 0 || len(d.Broken()) > 0 {
			t.Errorf("after it came back: %+v", a)
		}
		time.Sleep(5 * time.Minute) // the longest wait of an item that was tried
		synctest.Wait()
		for _, r := range rows.rows {
			if r.State != delivery.Sent {
				t.Errorf("%s is %s", r.ID, r.State)
			}
		}
		_ = stop()
	})
}

// Whatever an account does, the messages of another leave as if it were alone.
func TestABadAccountHoldsUpNoOther(t *testing.T) {
	answers := map[string]func(delivery.Delivery) *channel.Result{
		"hangs": func(delivery.Delivery) *channel.Result { return nil },
		"wants less": func(delivery.Delivery) *channel.Result {
			return &channel.Result{Outcome: channel.OutcomeRetry, Code: delivery.CodeRateLimited, RetryAfter: time.Minute}
		},
		"fails": func(delivery.Delivery) *channel.Result {
			return &channel.Result{Outcome: channel.OutcomeRetry, Code: "provider_unreachable"}
		},
		"fails at all": func(delivery.Delivery) *channel.Result { return &channel.Result{} },
	}
	for name, bad := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rows := &ledger{}
				for n := range 1000 {
					rows.put(fmt.Sprint("bad", n), "inb_bad", fmt.Sprint("p", n))
				}
				l := newLine(func(d delivery.Delivery) *channel.Result {
					if d.Inbox == "inb_bad" {
						return bad(d)
					}
					return accept(d)
				})
				l.counts = true
				d := deliverer(rows)
				stop := serve(t, d, l)
				for n := range 100 {
					rows.put(fmt.Sprint("good", n), "inb_good", fmt.Sprint("p", n))
					d.Wake()
					synctest.Wait()
					if got := l.count("inb_good"); got != n+1 { // no time has passed
						t.Fatalf("%d of %d left at once", got, n+1)
					}
					time.Sleep(100 * time.Millisecond)
				}
				if got := l.count("inb_bad"); name == "hangs" && got != 56 {
					t.Errorf("an account that hangs holds %d of 64 credits", got)
				}
				_ = stop()
			})
		})
	}
}
