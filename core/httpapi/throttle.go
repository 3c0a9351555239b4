package httpapi

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/patchbay-im/patchbay/core/errs"
)

// budget is how often something may be done by one party.
type budget struct {
	every time.Duration // one token
	burst int
}

// The budgets of public routes. Sign-in has its own throttle in identity.
func visitorSessions() budget { return budget{every: 2 * time.Second, burst: 60} }
func visitorMessages() budget { return budget{every: time.Second / 2, burst: 40} }
func webhooks() budget        { return budget{every: time.Second / 100, burst: 1000} }

// maxTracked bounds how many parties are remembered. Forgetting one gives it a
// fresh budget, so the bound is far above what one node serves at once.
const maxTracked = 50_000

// throttle is token buckets by party, in memory, for this node.
type throttle struct {
	now     func() time.Time
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, buckets: make(map[string]*rate.Limiter)}
}

// allow takes a token of who's bucket, or says when there will be one.
func (t *throttle) allow(what, who string, b budget) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := what + " " + who
	l, ok := t.buckets[key]
	if !ok {
		if len(t.buckets) >= maxTracked {
			t.forgetFull()
		}
		l = rate.NewLimiter(rate.Every(b.every), b.burst)
		t.buckets[key] = l
	}
	r := l.ReserveN(t.now(), 1)
	wait := r.DelayFrom(t.now())
	if wait == 0 {
		return nil
	}
	r.CancelAt(t.now())
	e := errs.New(errs.RateLimited, "request.rate", "Too many requests. Wait a moment and try again.")
	e.RetryAfter = wait
	return e
}

// forgetFull drops parties whose bucket is full again; when none is, all.
func (t *throttle) forgetFull() {
	for k, l := range t.buckets {
		if l.TokensAt(t.now()) >= float64(l.Burst()) {
			delete(t.buckets, k)
		}
	}
	if len(t.buckets) >= maxTracked {
		clear(t.buckets)
	}
}
