package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store"
)

// ResetLink makes a link to set a new password for the account with an e-mail
// address, in the database of a configuration, and writes it. The server may
// run meanwhile: what is written is one short transaction, for which SQLite's
// lock is waited for, and nothing that a server keeps in memory. It never
// migrates: a database of another version is refused.
func ResetLink(ctx context.Context, c Config, email string, out io.Writer) (err error) {
	d := database(c, time.Now, slog.New(slog.DiscardHandler))
	_, end, err := store.OpenAudit(ctx, d) // refuses another schema
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	if err := end(ctx); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	s, err := store.Open(ctx, d)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	services := identity.New(identity.Deps{
		Stores: s.Identities(), Throttle: identity.NewThrottle(time.Now, identity.ThrottleOptions{}),
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	issued, err := services.Resets.CreateFor(ctx, email)
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no account with the e-mail address %q", email)
	}
	if err != nil {
		return err //nolint:wrapcheck // the use case's own error
	}
	say(out, "%s sets a new password once, until %s:\n    %s/reset-password?token=%s\n",
		issued.Email, issued.ExpiresAt.Local().Format("2006-01-02 15:04 MST"), c.BaseURL(), issued.Token) //nolint:gosmopolitan // for who reads it at this machine
	return nil
}
