package mailbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// Libredesk #416: a shared mailbox is read by somebody who may open it, by a
// login of their own for it and their password.
func TestSharedMailbox(t *testing.T) {
	t.Parallel()
	r := rig(t)
	const login = "anna.care@shop.test"
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := r.Shared(ctx, login, "annas", shop); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*mailbox.Config){
		"imap": func(*mailbox.Config) {},
		"pop3": func(c *mailbox.Config) {
			c.Protocol, c.Server, c.Poll = mailbox.POP3, r.Server(r.POP3S, endpoint.TLS), 10*time.Second
		},
	} {
		c := account(t, r, newDesk())
		c.Credentials = endpoint.Credentials{Username: login, Password: "annas"}
		change(&c)
		if err := checked(t, c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		c.Credentials.Password = "secret"
		if e := errs.As(checked(t, c)); e == nil || e.Code != errs.CodeAuthExpired {
			t.Errorf("%s: the mailbox's own password with her login: %v", name, e)
		}
	}
	d := newDesk()
	c := account(t, r, d)
	c.Credentials = endpoint.Credentials{Username: login, Password: "annas"}
	run(t, c)
	ready(t, d)
	deliver(t, r, "a")
	wait(t, d, "a")
}
