package mailbox_test

import (
	"testing"
	"time"
)

// Libredesk #355, #611: a mail that was fetched and then marked as deleted in
// another program was fetched again at the next start, since a date was searched
// for and not a place. One that nobody here has read is read, marked or not:
// programs mark what they move, and a mail must not be lost of that.
func TestDeletedElsewhere(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	stop := run(t, account(t, r, d))
	ready(t, d)
	deliver(t, r, "a", "b")
	wait(t, d, "a", "b")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "c")
	if err := r.Flag(t.Context(), shop, "INBOX", `\Deleted`); err != nil {
		t.Fatal(err)
	}
	stop = run(t, account(t, r, d))
	wait(t, d, "a", "b", "c")
	deliver(t, r, "d") // mail is read in order: when this is there, all before it was looked at
	wait(t, d, "a", "b", "c", "d")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	later := account(t, r, d)
	later.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	run(t, later)
	deliver(t, r, "e")
	wait(t, d, "a", "b", "c", "d", "e")
}
