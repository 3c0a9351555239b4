package mailbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
)

// POP3: what is there at the first time is left alone, what comes is read once,
// and stays at the server.
func TestPOP3(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	deliver(t, r, "old")
	c := account(t, r, d)
	c.Protocol, c.Server, c.Poll = mailbox.POP3, r.Server(r.POP3S, endpoint.TLS), 10*time.Second
	stop := run(t, c)
	ready(t, d)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.Deliver(t.Context(), "ann@world.test", shop, mailrig.Message("a", "dots", ".\n..two\nend")); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "b")
	stop = run(t, c)
	wait(t, d, "a", "b")
	if g := d.all()[0]; !strings.HasPrefix(g.body, ".\r\n..two\r\nend\r\n") {
		t.Errorf("got %q", g.body)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "c")
	run(t, c)
	wait(t, d, "a", "b", "c")
	if s, err := r.Status(t.Context(), shop, "INBOX"); err != nil || s.Messages != 4 {
		t.Errorf("left at the server: %+v, %v", s, err)
	}
}

// At the first time POP3 reads from a moment on, by the server's own header.
func TestPOP3Since(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	deliver(t, r, "old")
	nextSecond(t)
	c := account(t, r, d)
	c.Protocol, c.Server, c.Poll = mailbox.POP3, r.Server(r.POP3S, endpoint.TLS), 10*time.Second
	c.Since = time.Now().Truncate(time.Second)
	deliver(t, r, "a")
	run(t, c)
	wait(t, d, "a")
	if err := d.absent("<old@world.test>"); err != nil {
		t.Error(err)
	}
}

func (d *desk) absent(id string) error {
	for _, g := range d.all() {
		if g.id == id {
			return fmt.Errorf("%s was read", id)
		}
	}
	return nil
}
