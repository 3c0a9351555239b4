package figures

import (
	"math"
	"slices"
	"time"
)

// Histogram counts durations in buckets of which each is a tenth wider than the
// one before: whatever is counted, it stays small. The zero Histogram is empty.
type Histogram struct {
	Count   int
	Sum     time.Duration
	Longest time.Duration
	buckets []uint32 // the first is below a second
}

// growth is how much wider each bucket is: a quantile is off by its square root
// less one at most, which is 4.9 %.
const growth = 1.1

// maxBucket bounds what is told apart: about half a year.
const maxBucket = 174

func bucketOf(d time.Duration) int {
	if d < time.Second {
		return 0
	}
	return min(1+int(math.Log(d.Seconds())/math.Log(growth)), maxBucket)
}

// floorOf is where a bucket begins, in seconds.
func floorOf(bucket int) float64 {
	if bucket == 0 {
		return 0
	}
	return math.Pow(growth, float64(bucket-1))
}

// middleOf is the duration that stands for a bucket, in seconds.
func middleOf(bucket int) float64 {
	if bucket == 0 {
		return 0.5
	}
	return floorOf(bucket) * math.Sqrt(growth)
}

// Add counts a duration; a negative one counts as none.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	at := bucketOf(d)
	for len(h.buckets) <= at {
		h.buckets = append(h.buckets, 0)
	}
	h.buckets[at]++
	h.Count++
	h.Sum += d
	h.Longest = max(h.Longest, d)
}

// Merge counts what another one has counted.
func (h *Histogram) Merge(o Histogram) {
	for len(h.buckets) < len(o.buckets) {
		h.buckets = append(h.buckets, 0)
	}
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
	h.Count += o.Count
	h.Sum += o.Sum
	h.Longest = max(h.Longest, o.Longest)
}

// Clone returns a copy that shares nothing.
func (h *Histogram) Clone() Histogram {
	out := *h
	out.buckets = slices.Clone(h.buckets)
	return out
}

// Spread says how what was counted is spread; nil = nothing was.
func (h *Histogram) Spread() *Spread {
	if h.Count == 0 {
		return nil
	}
	return &Spread{
		Mean: tenths(h.Sum.Seconds() / float64(h.Count)), Max: tenths(h.Longest.Seconds()),
		P50: h.quantile(0.5), P90: h.quantile(0.9),
	}
}

// quantile returns the duration that a share of all do not exceed, in seconds.
func (h *Histogram) quantile(share float64) float64 {
	rank := int(math.Ceil(share * float64(h.Count)))
	for i, n := range h.buckets {
		if rank -= int(n); rank <= 0 {
			return tenths(min(middleOf(i), h.Longest.Seconds()))
		}
	}
	return tenths(h.Longest.Seconds())
}

// Within returns the share of what was counted that is not above a limit;
// false = nothing was counted. In the bucket of the limit it is reckoned from
// where in the bucket the limit lies.
func (h *Histogram) Within(limit time.Duration) (float64, bool) {
	if h.Count == 0 {
		return 0, false
	}
	if limit >= h.Longest {
		return 1, true
	}
	at, n := bucketOf(limit), 0.0
	for _, count := range h.buckets[:min(at, len(h.buckets))] {
		n += float64(count)
	}
	if at < len(h.buckets) {
		from, to := floorOf(at), floorOf(at+1)
		n += float64(h.buckets[at]) * (limit.Seconds() - from) / (to - from)
	}
	return n / float64(h.Count), true
}

func tenths(seconds float64) float64 { return math.Round(seconds*10) / 10 }
