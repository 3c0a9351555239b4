package pluginhost_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// What a backfill brings is marked and counted as its own, also when the process
// dies over it; what comes beside is not.
func TestBackfill(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	h.mu.Lock()
	h.received = append(h.received, channel.Inbound{Inbox: in.ID, External: "known"})
	h.mu.Unlock()

	var mu sync.Mutex
	var counted []string
	since := time.Now().Add(-time.Hour)
	ask := func(after string) (channel.BackfillAnswer, error) {
		return h.host.Backfill(t.Context(), in, channel.BackfillStep{Run: "bfl_1", Since: since, After: after}, func(items []channel.Inbound, results []channel.Result) {
			mu.Lock()
			defer mu.Unlock()
			for i, r := range results {
				counted = append(counted, fmt.Sprint(items[i].External, " ", items[i].Backfill, " ", r.Outcome, " ", r.Code))
			}
		})
	}
	want := func(lines ...string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(counted, lines) {
			t.Errorf("counted %q, wanted %q", counted, lines)
		}
		counted = nil
	}
	if a, err := ask(""); err != nil || a != (channel.BackfillAnswer{Found: 4, Next: "last"}) {
		t.Fatalf("%+v, %v", a, err)
	}
	want("known bfl_1 3 ", "new bfl_1 1 ", "nobody's bfl_1 2 invalid_sender")
	if _, err := ask("last"); !errs.Is(err, errs.Unavailable) || errs.As(err).Code != extension.CodeDied {
		t.Fatalf("it died over it: %v", err)
	}
	want("last bfl_1 1 ")
	wait(t, "the next process", func() bool { a, err := ask("last"); return err == nil && a == (channel.BackfillAnswer{Found: 1}) })
	want("last bfl_1 3 ")
	if came := h.came(); len(came) != 3 || came[2].External != "last" || came[2].Backfill != "bfl_1" {
		t.Errorf("came in: %+v", came)
	}
	if _, err := h.post(in, "ingest "+string(in.ID)); err != nil {
		t.Fatal(err)
	}
	if came := h.came(); len(came) != 4 || came[3].Backfill != "" {
		t.Errorf("by itself came: %+v", came)
	}
	want()
	for after, c := range map[string]struct {
		kind errs.Kind
		says string
	}{
		"away":    {errs.Unavailable, "the kettle is cold"},
		"refused": {errs.Invalid, "no teapot, no service"},
		"far":     {errs.Invalid, "at most 1,024 bytes"},
	} {
		if _, err := ask(after); !errs.Is(err, c.kind) || !strings.Contains(errs.As(err).Message, c.says) {
			t.Errorf("%s: %v", after, err)
		}
	}
	echoed := h.inbox(echo, `{}`)
	if _, err := h.host.Backfill(t.Context(), echoed, channel.BackfillStep{Run: "bfl_2"}, nil); !errs.Is(err, errs.Unavailable) {
		t.Errorf("of a plugin that is not there: %v", err)
	}
}
