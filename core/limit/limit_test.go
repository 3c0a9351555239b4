package limit_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/limit"
)

func TestTake(t *testing.T) {
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	b := limit.New(func() time.Time { return now })
	r := limit.PerMinute(60, 3)
	for i, want := range []limit.Left{{2, time.Second}, {1, 2 * time.Second}, {0, 3 * time.Second}} {
		if left, err := b.Take("x", "a", r); err != nil || left != want {
			t.Errorf("%d: %+v %v, want %+v", i, left, err, want)
		}
	}
	for range 100 { // asking on costs nothing
		left, err := b.Take("x", "a", r)
		if e := errs.As(err); e == nil || e.Code != "request.rate" || e.RetryAfter != time.Second || left.Remaining != 0 {
			t.Fatalf("%+v %v", left, err)
		}
	}
	if _, err := b.Take("x", "b", r); err != nil {
		t.Errorf("another party: %v", err)
	}
	if _, err := b.Take("y", "a", r); err != nil {
		t.Errorf("another thing: %v", err)
	}
	now = now.Add(time.Second)
	if err := b.Allow("x", "a", r); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if err := b.Allow("x", "a", r); err == nil {
		t.Error("two in that second")
	}
	for range 1000 {
		if left, err := b.Take("x", "a", limit.PerMinute(0, 0)); err != nil || left != (limit.Left{}) {
			t.Fatal("no limit refuses")
		}
	}
}

// TestManyStrangers: a flood from ever new addresses takes bounded memory, and
// does not forgive who is limited for another thing.
func TestManyStrangers(t *testing.T) {
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	b := limit.New(func() time.Time { return now })
	r := limit.PerMinute(1, 1)
	if err := b.Allow("member", "mem_1", r); err != nil {
		t.Fatal(err)
	}
	flood := func(from int) uint64 {
		for i := range 5 * limit.Entries {
			if err := b.Allow("address", strconv.Itoa(from+i), r); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := flood(0)
	after := flood(1e6)
	if after > before+(2<<20) {
		t.Errorf("memory grew from %d to %d bytes", before, after)
	}
	if err := b.Allow("member", "mem_1", r); err == nil {
		t.Error("the member's bucket was forgotten")
	}
}
