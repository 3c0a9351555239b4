package simulate

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"
)

// dice is a stream of random numbers of one purpose: what one purpose draws
// changes nothing for the others. ChaCha8, because streams of seeds that lie
// side by side must not resemble one another.
func dice(seed uint64, purpose, number int) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(purpose)) //nolint:gosec // small, and never below 0
	binary.LittleEndian.PutUint64(key[16:], uint64(number)) //nolint:gosec // likewise
	return rand.New(rand.NewChaCha8(key))                   //nolint:gosec // repeatable, and no secret
}

// The purposes.
const (
	diceArrivals = iota + 1
	diceNeeds
	diceRings
	diceOutages
)

// next draws when the next customer comes, by thinning a stream at the highest
// rate; false = none before the end.
func (t Traffic) next(r *rand.Rand, after, end time.Duration) (time.Duration, bool) {
	top := t.top() / 3600
	if top <= 0 {
		return 0, false
	}
	at := after.Seconds()
	for {
		if at += r.ExpFloat64() / top; at >= end.Seconds() {
			return 0, false
		}
		if r.Float64()*top <= t.at(at)/3600 {
			return seconds(at), true
		}
	}
}

// at returns the rate at a time, in customers an hour.
func (t Traffic) at(when float64) float64 {
	if len(t.Curve) == 0 {
		return t.PerHour
	}
	last := t.Curve[0]
	if when <= float64(last.At) {
		return last.PerHour
	}
	for _, p := range t.Curve[1:] {
		if when <= float64(p.At) {
			part := (when - float64(last.At)) / float64(p.At-last.At)
			return last.PerHour + part*(p.PerHour-last.PerHour)
		}
		last = p
	}
	return last.PerHour
}

// top returns the highest rate, in customers an hour.
func (t Traffic) top() float64 {
	if len(t.Curve) == 0 {
		return t.PerHour
	}
	top := 0.0
	for _, p := range t.Curve {
		top = max(top, p.PerHour)
	}
	return top
}

// total returns how many customers are expected in the first seconds.
func (t Traffic) total(length float64) float64 {
	if len(t.Curve) == 0 {
		return t.PerHour * length / 3600
	}
	return t.top() * length / 3600 // an upper bound is enough for a limit
}

// draw returns a handling time.
func (h Handling) draw(r *rand.Rand) time.Duration {
	mean := float64(h.Mean)
	switch h.Law {
	case Fixed:
		return seconds(mean)
	case Lognormal:
		variance := math.Log(1 + h.CV*h.CV)
		return seconds(math.Exp(math.Log(mean) - variance/2 + math.Sqrt(variance)*r.NormFloat64()))
	case Exponential:
	}
	return seconds(mean * r.ExpFloat64())
}

// seconds is what the engine tells apart: whole milliseconds.
func seconds(s float64) time.Duration {
	return time.Duration(math.Round(s*1000)) * time.Millisecond
}
