// Package pace is how often something may happen: a bucket that fills with time.
package pace

import (
	"math"
	"sync"
	"time"
)

// Pace bounds a rate. A nil Pace bounds nothing. It is safe for concurrent use.
type Pace struct {
	rate  float64 // a second
	burst float64 // at most at once
	now   func() time.Time

	mu   sync.Mutex
	left float64
	at   time.Time // when left was that
}

// New returns a Pace of so many a second; nil when rate is 0. A burst of 0 is
// what a second brings, at least one.
func New(rate float64, burst int, now func() time.Time) *Pace {
	if rate <= 0 {
		return nil
	}
	most := float64(burst)
	if burst <= 0 {
		most = max(math.Ceil(rate), 1)
	}
	return &Pace{rate: rate, burst: most, now: now, left: most, at: now()}
}

// Ready returns how many of n may happen now and, when none may, how long it
// takes until one may.
func (p *Pace) Ready(n int) (ready int, wait time.Duration) {
	if p == nil || n <= 0 {
		return n, 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill()
	if ready = min(n, int(p.left)); ready > 0 {
		return ready, 0
	}
	return 0, time.Duration(math.Ceil((1 - p.left) / p.rate * float64(time.Second)))
}

// Spend says that n happened.
func (p *Pace) Spend(n int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill()
	p.left -= float64(n)
}

// Take spends one, if it may happen now; else it returns how long it takes until
// it may.
func (p *Pace) Take() (wait time.Duration) {
	if p == nil {
		return 0
	}
	ready, wait := p.Ready(1)
	if ready > 0 {
		p.Spend(1)
	}
	return wait
}

func (p *Pace) fill() {
	now := p.now()
	p.left = min(p.burst, p.left+now.Sub(p.at).Seconds()*p.rate)
	p.at = now
}
