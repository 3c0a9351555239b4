package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/telemetry"
)

func TestRing(t *testing.T) {
	r := telemetry.NewRing()
	log := r.Kept(slog.New(slog.DiscardHandler))
	log.Info("nobody listens")
	if len(r.Lines()) != 0 {
		t.Error("a handler that is off was asked")
	}
	var out strings.Builder
	log = r.Kept(telemetry.Logger(&out, "debug", "text"))
	err := fmt.Errorf("tell anna@x.example: %w", errs.Wrap(&fsError{syscall.ENOSPC}, errs.Unavailable, "storage.full", "Anna's disk is full"))
	log.With("plugin", "patchbay/echo").WithGroup("g").ErrorContext(context.WithoutCancel(t.Context()), "it failed", "error", err, "count", 7, "phone", 13800138000, "name", "Anna", "state", "ready", "code", "Anna Smith")
	log.Debug("too small")
	log.Info("it said Anna 5")
	lines := r.Lines()
	if len(lines) != 2 {
		t.Fatalf("%q", lines)
	}
	for _, want := range []string{"ERROR it failed plugin=patchbay/echo", "storage.full", `"no space left on device"`, "g.count=7", "g.phone=[11 digits]", "g.name=[4 bytes]", "g.state=ready", "g.code=[10 bytes]"} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("%q is not in %s", want, lines[0])
		}
	}
	if all := strings.Join(lines, "\n"); strings.Contains(all, "Anna") || strings.Contains(all, "anna@") || !strings.Contains(out.String(), "Anna's disk") {
		t.Errorf("%s\n%s", all, out.String())
	}
	for i := range 5000 {
		log.Info(strings.Repeat("a", 150), "n", i) //nolint:sloglint // what a library may do
	}
	if lines = r.Lines(); len(lines) != 2000 || !strings.HasSuffix(lines[1999], "n=4999") || !strings.HasSuffix(lines[0], "n=3000") {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

type fsError struct{ no syscall.Errno }

func (e *fsError) Error() string { return "Anna: " + e.no.Error() }
func (e *fsError) Unwrap() error { return errors.Join(e.no) }
