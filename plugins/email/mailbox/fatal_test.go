package mailbox_test

import (
	"context"
	"maps"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
)

// A mail that takes the process with it, each time, is left out in the end; what
// was kept at the moment of the crash is all that is known then.
func TestFatal(t *testing.T) {
	t.Parallel()
	for _, protocol := range []mailbox.Protocol{mailbox.IMAP, mailbox.POP3} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			r, d := rig(t), newDesk()
			c := account(t, r, d)
			if protocol == mailbox.POP3 {
				c.Protocol, c.Server = protocol, r.Server(r.POP3S, endpoint.TLS)
			}
			stop := run(t, c)
			ready(t, d)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			deliver(t, r, "bad", "b")
			crashes := 0
			for ; len(d.all()) == 0 && crashes < 10; crashes++ {
				at := make(chan map[string][]byte, 1)
				dying := c
				dying.Handle = func(ctx context.Context, raw *mailbox.Raw) error {
					if len(d.told(mailbox.Poisoned)) > 0 {
						at <- nil
						return d.handle(ctx, raw)
					}
					d.cursors.mu.Lock()
					at <- maps.Clone(d.kept)
					d.cursors.mu.Unlock()
					<-ctx.Done()
					return ctx.Err()
				}
				stop := run(t, dying)
				left := <-at
				if left == nil {
					wait(t, d, "b")
				}
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				if left != nil {
					d.kept = left
				}
			}
			if told := d.told(mailbox.Poisoned); crashes != 6 || len(told) != 1 {
				t.Errorf("after %d crashes: told %v", crashes, told)
			}
		})
	}
}

// A process that is ended in good order, as often as may be, says nothing about
// the mail that was waiting.
func TestEndsAreNoCrashes(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	c := account(t, r, d)
	stop := run(t, c)
	ready(t, d)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "a")
	for range 7 {
		in := make(chan struct{}, 1)
		waiting := c
		waiting.Handle = func(ctx context.Context, _ *mailbox.Raw) error {
			in <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}
		stop := run(t, waiting)
		<-in
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	run(t, c)
	wait(t, d, "a")
}
