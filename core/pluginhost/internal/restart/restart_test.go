package restart_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/restart"
)

// always returns a record whose jitter takes the whole pause.
func always() *restart.Record {
	return restart.New(restart.Defaults(), func() float64 { return 1 })
}

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func TestPausesDoubleUpToTheCap(t *testing.T) {
	rules := restart.Defaults()
	rules.Crashes = 100
	r := restart.New(rules, func() float64 { return 1 })
	for i, ms := range []int{500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000} {
		want := time.Duration(ms) * time.Millisecond
		if v := r.Ended(start, time.Second, restart.Crash); v.Wait != want || v.Quarantine {
			t.Errorf("crash %d: %+v, want a pause of %v", i+1, v, want)
		}
	}
}

func TestJitterTakesAPartOfThePause(t *testing.T) {
	r := restart.New(restart.Defaults(), func() float64 { return 0.25 })
	if v := r.Ended(start, time.Second, restart.Crash); v.Wait != 125*time.Millisecond {
		t.Errorf("wait %v, want a quarter of 500 ms", v.Wait)
	}
}

func TestLongReadinessForgets(t *testing.T) {
	r := always()
	r.Ended(start, time.Second, restart.Crash)
	r.Ended(start, time.Second, restart.Crash)
	if v := r.Ended(start.Add(time.Hour), 10*time.Minute, restart.Crash); v.Wait != 500*time.Millisecond {
		t.Errorf("wait %v after ten minutes ready, want the first pause", v.Wait)
	}
}

func TestFiveCrashesInTheWindowQuarantine(t *testing.T) {
	r := always()
	for i := range 4 {
		if v := r.Ended(start.Add(time.Duration(i)*time.Minute), time.Second, restart.Crash); v.Quarantine {
			t.Fatalf("quarantine after %d crashes", i+1)
		}
	}
	if v := r.Ended(start.Add(4*time.Minute), time.Second, restart.Crash); !v.Quarantine || v.Wait != 15*time.Minute {
		t.Errorf("fifth crash: %+v, want quarantine and a probe in 15 minutes", v)
	}
}

func TestOldCrashesDoNotCount(t *testing.T) {
	r := always()
	for i := range 19 {
		if v := r.Ended(start.Add(time.Duration(i)*3*time.Minute), time.Second, restart.Crash); v.Quarantine {
			t.Fatalf("quarantine at crash %d although at most 4 fall into 10 minutes", i+1)
		}
	}
}

func TestThreeFailedStartsQuarantine(t *testing.T) {
	r := always()
	r.Ended(start, 0, restart.Crash)
	r.Ended(start, time.Second, restart.Crash) // became ready: the row is broken
	r.Ended(start, 0, restart.Crash)
	if v := r.Ended(start, 0, restart.Crash); v.Quarantine {
		t.Fatalf("quarantine although no three in a row: %+v", v)
	}
	if v := r.Ended(start.Add(time.Hour), 0, restart.Crash); !v.Quarantine {
		t.Errorf("no quarantine after three failed starts: %+v", v)
	}
}

func TestProbesGrowAndALongRunLifts(t *testing.T) {
	r := always()
	r.Ended(start, 0, restart.Crash)
	r.Ended(start, 0, restart.Crash)
	for i, want := range []time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour, 6 * time.Hour} {
		ready := time.Duration(i) * time.Second // a probe that lived, but not long enough
		if v := r.Ended(start, ready, restart.Crash); !v.Quarantine || v.Wait != want {
			t.Fatalf("probe %d: %+v, want quarantine and %v", i, v, want)
		}
	}
	if v := r.Ended(start.Add(time.Hour), 10*time.Minute, restart.Crash); v.Quarantine || v.Wait != 500*time.Millisecond {
		t.Errorf("after ten minutes ready: %+v, want an ordinary pause", v)
	}
}

func TestForgive(t *testing.T) {
	r := always()
	for range 3 {
		r.Ended(start, 0, restart.Crash)
	}
	r.Forgive()
	if v := r.Ended(start, 0, restart.Crash); v.Quarantine || v.Wait != 500*time.Millisecond {
		t.Errorf("after forgiveness: %+v", v)
	}
}

func TestTwentyCrashesInADayQuarantine(t *testing.T) {
	r := always()
	var v restart.Verdict
	for i := range 20 {
		if v.Quarantine {
			t.Fatalf("quarantine after %d crashes", i)
		}
		v = r.Ended(start.Add(time.Duration(i)*time.Hour), 20*time.Minute, restart.Crash) // each time it had run for long
	}
	if !v.Quarantine || v.Why != "it crashed 20 times in 24h0m0s" {
		t.Errorf("the twentieth: %+v", v)
	}
	r.Forgive()
	if v := r.Ended(start.Add(20*time.Hour), time.Second, restart.Crash); v.Quarantine {
		t.Errorf("after forgiveness: %+v", v)
	}
}

func TestWantOfMemoryCountsTwice(t *testing.T) {
	r := always()
	r.Ended(start, time.Second, restart.Greedy)
	if v := r.Ended(start, time.Second, restart.Greedy); v.Quarantine {
		t.Fatalf("quarantine after four: %+v", v)
	}
	if v := r.Ended(start, time.Second, restart.Greedy); !v.Quarantine {
		t.Error("no quarantine after six")
	}
}

func TestAPoisonousMessageIsNoFault(t *testing.T) {
	r := always()
	for range 50 {
		if v := r.Ended(start, time.Second, restart.Excused); v.Quarantine || v.Wait != 500*time.Millisecond {
			t.Fatalf("%+v", v)
		}
	}
}
