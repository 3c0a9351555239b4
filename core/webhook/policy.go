package webhook

import (
	"math/rand/v2"
	"time"
)

// Policy says how stubborn the sender is.
type Policy struct {
	// Retry is how long to wait after the first, second, ... failed attempt.
	// After one more the delivery is dead. Each wait is spread by a fifth
	// either way.
	Retry []time.Duration
	// DisableAfter is how long an endpoint may fail without a success.
	DisableAfter time.Duration
}

// DefaultPolicy tries 13 times over about 22 hours.
func DefaultPolicy() Policy {
	return Policy{
		Retry: []time.Duration{
			10 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
			time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 5 * time.Hour, 6 * time.Hour,
		},
		DisableAfter: 3 * 24 * time.Hour,
	}
}

// Rules that nobody configures.
const (
	perEndpoint   = 8                // requests under way to one endpoint
	attemptTime   = 15 * time.Second // for one request with its answer
	claimTime     = 25 * time.Second // how long a claim holds: an attempt and its record
	probeAfter    = 5                // failed attempts in a row: one request at a time
	longestProbe  = 5 * time.Minute  // between requests to an endpoint that fails
	longestAsked  = time.Hour        // of what Retry-After asks
	successStamp  = 10 * time.Second // LastSuccess is this coarse
	idle          = 30 * time.Second // look at the ledger at least this often
	storeRetry    = time.Second      // after the ledger failed
	keepDelivered = 7 * 24 * time.Hour
	keepDead      = 30 * 24 * time.Hour
	sweepEvery    = 10 * time.Minute
	sweepBatch    = 1000
)

// life is how long after it became pending a delivery is dead at its next
// failure, however few its attempts: those that waited their turn behind a
// dead one do not begin the whole schedule again.
func (p Policy) life() time.Duration {
	var sum time.Duration
	for _, d := range p.Retry {
		sum += d
	}
	return sum + sum/4
}

// after returns when to try again after a number of failed attempts; ok is
// false when the delivery is dead.
func (p Policy) after(attempts int, age time.Duration) (wait time.Duration, ok bool) {
	if attempts > len(p.Retry) || age > p.life() {
		return 0, false
	}
	return spread(p.Retry[attempts-1]), true
}

// pause is how long an endpoint rests between probes after failures in a row.
func (p Policy) pause(failures int) time.Duration {
	if len(p.Retry) == 0 {
		return longestProbe
	}
	return spread(min(p.Retry[min(failures-probeAfter, len(p.Retry)-1)], longestProbe))
}

// spread is a wait with jitter: endpoints that failed together do not come
// back together.
func spread(d time.Duration) time.Duration {
	return d - d/5 + rand.N(2*d/5+1) //nolint:gosec // jitter, not a secret
}
