package pace_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/pace"
)

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(2, 3, time.Now)
		ready := func(n, want int, wait time.Duration) {
			t.Helper()
			if got, after := p.Ready(n); got != want || after != wait {
				t.Errorf("%d of %d after %v, want %d after %v", got, n, after, want, wait)
			}
		}
		ready(10, 3, 0)
		ready(2, 2, 0) // asking costs nothing
		p.Spend(3)
		ready(1, 0, 500*time.Millisecond)
		time.Sleep(500 * time.Millisecond)
		ready(9, 1, 0)
		if wait := p.Take(); wait != 0 {
			t.Errorf("wait %v for what is there", wait)
		}
		if wait := p.Take(); wait != 500*time.Millisecond {
			t.Errorf("wait %v, want half a second", wait)
		}
		time.Sleep(time.Hour)
		ready(10, 3, 0) // no more than the burst is saved up
	})
}

func TestNoPace(t *testing.T) {
	p := pace.New(0, 5, time.Now)
	if ready, wait := p.Ready(1000); ready != 1000 || wait != 0 || p.Take() != 0 {
		t.Error("no rate bounds something")
	}
	p.Spend(1)
	slow := pace.New(0.1, 0, time.Now)
	if ready, _ := slow.Ready(5); ready != 1 {
		t.Errorf("%d at once, want the one that there always is", ready)
	}
}
