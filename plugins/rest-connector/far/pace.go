package far

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// pace is a bucket of tokens that fills with time, and a pause that the far
// side asked for.
type pace struct {
	perSecond float64
	burst     float64
	now       func() time.Time

	mu     sync.Mutex
	tokens float64
	filled time.Time
	paused time.Time
}

// pause lets nothing through for a while.
func (p *pace) pause(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.now().Add(d); until.After(p.paused) {
		p.paused = until
	}
}

// longest is how long a request waits for its turn: somebody waits for it.
const longest = time.Second

// wait waits for a token. It fails at once when that would take longer than
// longest, or than ctx has.
func (p *pace) wait(ctx context.Context) error {
	d := p.reserve()
	if d <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); d > longest || ok && p.now().Add(d).After(deadline) {
		return errs.RateLimited(d, "The system's rate limit is reached.")
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errs.Unavailable(ctx.Err(), "The system's rate limit left no time for this.")
	}
}

// reserve takes a token and says how long until it is there.
func (p *pace) reserve() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Before(p.paused) {
		return p.paused.Sub(now)
	}
	if p.filled.IsZero() {
		p.tokens = p.burst
	} else {
		p.tokens = min(p.burst, p.tokens+now.Sub(p.filled).Seconds()*p.perSecond)
	}
	p.filled = now
	var d time.Duration
	if p.tokens < 1 {
		d = time.Duration((1 - p.tokens) / p.perSecond * float64(time.Second))
	}
	if d <= longest { // who does not wait takes nothing
		p.tokens--
	}
	return d
}
