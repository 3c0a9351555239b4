package mailbox_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
)

// What was read comes again on request, under the keys it had; what is new is
// left to Run, and no place moves.
func TestBackfill(t *testing.T) {
	t.Parallel()
	for _, protocol := range []mailbox.Protocol{mailbox.IMAP, mailbox.POP3} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			r, d := rig(t), newDesk()
			c := account(t, r, d)
			if protocol == mailbox.POP3 {
				c.Protocol, c.Server = protocol, r.Server(r.POP3S, endpoint.TLS)
			}
			reader, err := mailbox.New(c)
			if err != nil {
				t.Fatal(err)
			}
			bring := func(since time.Time) int {
				t.Helper()
				step, err := reader.Backfill(t.Context(), mailbox.Span{Since: since})
				if err != nil || step.Next != "" {
					t.Fatalf("%+v, %v", step, err)
				}
				return step.Handed
			}
			if n := bring(time.Time{}.Add(time.Hour)); n != 0 {
				t.Fatalf("nothing was read ever: %d", n)
			}
			deliver(t, r, "old")
			nextSecond(t)
			c.Since = time.Now().Add(-time.Hour)
			since := time.Now().Truncate(time.Second)
			deliver(t, r, "a", "b")
			stop := run(t, c)
			wait(t, d, "old", "a", "b")
			eventually(t, "the place has moved", func() bool {
				d.cursors.mu.Lock()
				defer d.cursors.mu.Unlock()
				return len(d.kept["pop3/seen/0"]) == 24 || d.kept["imap/inbox"] != nil
			})
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			deliver(t, r, "new")
			before, read := maps.Clone(d.kept), d.all()
			if n := bring(since); n != 2 {
				t.Fatal(n)
			}
			wait(t, d, "old", "a", "b", "a", "b")
			for i, g := range d.all()[3:] {
				if g.key != read[i+1].key || g.again {
					t.Errorf("got %+v, before %+v", g, read[i+1])
				}
			}
			if !maps.EqualFunc(before, d.kept, func(a, b []byte) bool { return string(a) == string(b) }) {
				t.Error("a place moved")
			}
			stop = run(t, c)
			wait(t, d, "old", "a", "b", "a", "b", "new")
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if n := bring(time.Time{}); n != 4 {
				t.Errorf("everything: %d", n)
			}
		})
	}
}

// What takes long is done in steps, each mail in one of them, also when one is
// done again and while the reader goes on.
func TestBackfillInSteps(t *testing.T) {
	t.Parallel()
	for _, protocol := range []mailbox.Protocol{mailbox.IMAP, mailbox.POP3} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			r, d := rig(t), newDesk()
			c := account(t, r, d)
			if protocol == mailbox.POP3 {
				c.Protocol, c.Server = protocol, r.Server(r.POP3S, endpoint.TLS)
			}
			var names []string
			for i := range 205 {
				names = append(names, fmt.Sprintf("m%03d", i))
			}
			deliver(t, r, names...)
			c.Since = time.Now().Add(-time.Hour)
			stop := run(t, c)
			wait(t, d, names...)
			eventually(t, "the place has moved", func() bool {
				d.cursors.mu.Lock()
				defer d.cursors.mu.Unlock()
				return len(d.kept["pop3/seen/0"]) == 8*205 || d.kept["imap/inbox"] != nil
			})
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			reader, err := mailbox.New(c)
			if err != nil {
				t.Fatal(err)
			}
			var handed []int
			span := mailbox.Span{Since: c.Since}
			for {
				step, err := reader.Backfill(t.Context(), span)
				if err != nil || len(handed) > 3 || len(step.Next) > 200 {
					t.Fatalf("%+v, %v", step, err)
				}
				handed = append(handed, step.Handed)
				if span.After = step.Next; span.After == "" {
					break
				}
			}
			if !slices.Equal(handed, []int{100, 100, 5}) {
				t.Errorf("the steps had %v", handed)
			}
			count := make(map[string]int)
			for _, g := range d.all() {
				count[g.key]++
			}
			for key, n := range count {
				if n != 2 {
					t.Errorf("%s came %d times", key, n)
				}
			}
			if len(count) != 205 {
				t.Errorf("%d mails", len(count))
			}
		})
	}
}
