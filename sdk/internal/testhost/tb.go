package testhost

import (
	"context"
	"io"
	"path/filepath"

	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
)

// TB is a test: *testing.T and *testing.B are ones.
type TB interface {
	Helper()
	TempDir() string
	Context() context.Context
	Cleanup(fn func())
	Error(args ...any)
	Fatal(args ...any)
}

// InProcess serves a plugin in this process, under a host of its own that lets it
// do everything, until the test ends.
func InProcess(tb TB, who stamp.Stamp, newValues func(context.Context, bridge.Start) (bridge.Abilities, error)) *Plugin {
	tb.Helper()
	p, err := Join(New(Options{}), Local{Stamp: who, Dir: tb.TempDir(), New: newValues})
	return Until(tb, p, err)
}

// Process runs a program as a plugin, under such a host, until the test ends.
func Process(tb TB, program string) *Plugin {
	tb.Helper()
	p, err := Start(tb.Context(), New(Options{}), Program{Path: program, Dir: tb.TempDir(), Stderr: io.Discard})
	return Until(tb, p, err)
}

// Until closes a plugin when the test ends; a plugin that did not start ends it.
func Until(tb TB, p *Plugin, err error) *Plugin {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
		return nil
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// BuildIn compiles the Go program in dir for a test and returns its path.
func BuildIn(tb TB, dir string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "plugin")
	if err := Build(tb.Context(), dir, out); err != nil {
		tb.Fatal(err)
	}
	return out
}
