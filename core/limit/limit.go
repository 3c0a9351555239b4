// Package limit says how often a party may do something: token buckets in
// memory, for one node. A restart forgives.
//
// Concurrency: Buckets is safe for concurrent use.
package limit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/lru"
)

// Rate is how often something may be done by one party. The zero value sets no
// limit.
type Rate struct {
	Every time.Duration // one more
	Burst int           // at once
}

// PerMinute returns the rate of n a minute; 0 sets no limit.
func PerMinute(n, burst int) Rate {
	if n <= 0 {
		return Rate{}
	}
	return Rate{Every: time.Minute / time.Duration(n), Burst: max(burst, 1)}
}

// Limits reports whether the rate sets a limit.
func (r Rate) Limits() bool { return r.Every > 0 }

// Minute is how many the rate allows in a minute, in the long run.
func (r Rate) Minute() int { return int(time.Minute / max(r.Every, 1)) }

// Left is what a party has left after it took one.
type Left struct {
	Remaining int           // may be done at once
	Reset     time.Duration // until the bucket is full again
}

// Entries is how many parties are remembered for each thing. Who was quiet for
// longest is forgotten first and starts with a full bucket, so the bound is far
// above what one node serves at once; many strangers at one thing cannot push
// out those of another.
const Entries = 20_000

// Buckets holds the buckets.
type Buckets struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]*lru.Map[string, *rate.Limiter] // by thing: a handful of names in the code
}

// New returns Buckets on a clock.
func New(now func() time.Time) *Buckets {
	return &Buckets{now: now, of: make(map[string]*lru.Map[string, *rate.Limiter])}
}

// Take takes one of a party's bucket for a thing. When it is empty: errs.RateLimited
// with the wait until there is one.
func (b *Buckets) Take(thing, who string, r Rate) (Left, error) {
	if !r.Limits() {
		return Left{}, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now, l := b.now(), b.bucket(thing, who, r)
	taken := l.ReserveN(now, 1)
	wait := taken.DelayFrom(now)
	if wait > 0 {
		taken.CancelAt(now)
	}
	tokens := l.TokensAt(now)
	left := Left{Remaining: int(max(tokens, 0)), Reset: time.Duration(math.Ceil((float64(r.Burst) - tokens) * float64(r.Every)))}
	if wait > 0 {
		return Left{Reset: left.Reset}, refused(wait)
	}
	return left, nil
}

// Allow is Take for who does not ask what is left.
func (b *Buckets) Allow(thing, who string, r Rate) error {
	_, err := b.Take(thing, who, r)
	return err
}

func (b *Buckets) bucket(thing, who string, r Rate) *rate.Limiter {
	all, ok := b.of[thing]
	if !ok {
		all = lru.New[string, *rate.Limiter](Entries)
		b.of[thing] = all
	}
	l, ok := all.Get(who)
	if !ok {
		l = rate.NewLimiter(rate.Every(r.Every), r.Burst)
		all.Put(who, l)
	}
	return l
}

func refused(wait time.Duration) *errs.Error {
	e := errs.New(errs.RateLimited, "request.rate", "Too many requests. Wait a moment and try again.")
	e.RetryAfter = wait
	return e
}
