package mailbox_test

import (
	"maps"
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
			if n, err := reader.Backfill(t.Context(), time.Time{}.Add(time.Hour)); err != nil || n != 0 {
				t.Fatalf("nothing was read ever: %d, %v", n, err)
			}
			deliver(t, r, "old")
			time.Sleep(1100 * time.Millisecond) // servers have whole seconds
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
			if n, err := reader.Backfill(t.Context(), since); err != nil || n != 2 {
				t.Fatalf("%d, %v", n, err)
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
			if n, err := reader.Backfill(t.Context(), time.Time{}); err != nil || n != 4 {
				t.Errorf("everything: %d, %v", n, err)
			}
		})
	}
}
