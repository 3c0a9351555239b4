package figures_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/figures"
)

// TestQuantilesAreWithinTheirError: mean and maximum are exact, quantiles within
// 5 %, and within half a second below one.
func TestQuantilesAreWithinTheirError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(0, 30*24*3600*1000), 1, 200).Draw(t, "milliseconds")
		var h figures.Histogram
		sum := 0.0
		for _, ms := range all {
			h.Add(time.Duration(ms) * time.Millisecond)
			sum += float64(ms) / 1000
		}
		slices.Sort(all)
		exact := func(share float64) float64 { return float64(all[int(math.Ceil(share*float64(len(all))))-1]) / 1000 }
		got := h.Spread()
		near := func(what string, got, want, off float64) {
			if math.Abs(got-want) > off+0.051 { // and rounded to tenths
				t.Errorf("%s is %v, want %v", what, got, want)
			}
		}
		near("the mean", got.Mean, sum/float64(len(all)), 0)
		near("the maximum", got.Max, exact(1), 0)
		near("p50", got.P50, exact(0.5), max(0.05*exact(0.5), 0.5))
		near("p90", got.P90, exact(0.9), max(0.05*exact(0.9), 0.5))
	})
}

// TestMergedIsCountedTogether: two histograms merged are one of both.
func TestMergedIsCountedTogether(t *testing.T) {
	var a, b, both figures.Histogram
	for i := range 100 {
		d := time.Duration(i*i) * time.Second
		both.Add(d)
		if i%3 == 0 {
			a.Add(d)
		} else {
			b.Add(d)
		}
	}
	a.Merge(b)
	if *a.Spread() != *both.Spread() {
		t.Errorf("got %+v, want %+v", a.Spread(), both.Spread())
	}
}

// TestWithin is the share within a limit.
func TestWithin(t *testing.T) {
	var h figures.Histogram
	if _, ok := h.Within(time.Minute); ok {
		t.Error("a share of nothing is told")
	}
	for _, s := range []int{10, 20, 30, 300} {
		h.Add(time.Duration(s) * time.Second)
	}
	for limit, want := range map[time.Duration]float64{time.Second: 0, 60 * time.Second: 0.75, 300 * time.Second: 1, time.Hour: 1} {
		if got, _ := h.Within(limit); got != want {
			t.Errorf("within %v: %v, want %v", limit, got, want)
		}
	}
}
