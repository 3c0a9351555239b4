package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/app"
	"github.com/patchbay-im/patchbay/core/errs"
)

func TestWhatIsSaidAtATerminal(t *testing.T) {
	away := errs.Wrap(errors.New("stat /srv: no such file"), errs.Unavailable, "storage.open", "The folder /srv does not exist. Create it.")
	wrong := errs.New(errs.Invalid, "settings.invalid", "Two settings are wrong.").
		WithFields(errs.Field{Pointer: "/name", Detail: "is empty."}, errs.Field{Pointer: "/size", Detail: "is below 1."})
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.New("unknown command"), "unknown command"},
		{fmt.Errorf("open the database: %w", away), "open the database: The folder /srv does not exist. Create it. (storage.open)\n  cause: stat /srv: no such file"},
		{wrong, "Two settings are wrong. (settings.invalid)\n  /name: is empty.\n  /size: is below 1."},
		{errors.Join(wrong, errors.New("and the file is closed")), "Two settings are wrong. (settings.invalid)\n  /name: is empty.\n  /size: is below 1.\nand the file is closed"},
		{errors.Join(errors.New("no room"), fmt.Errorf("stop: %w", context.Canceled)), "no room"},
		{context.Canceled, "context canceled"},
	} {
		if got := app.Said(tt.err); got != tt.want {
			t.Errorf("%v is said\n%s\nnot\n%s", tt.err, got, tt.want)
		}
	}
}
