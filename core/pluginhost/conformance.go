package pluginhost

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	"github.com/patchbay-im/patchbay/sdk/conformance"
)

// Confined starts a program for the conformance kit as a server starts it: with
// an empty environment, its limits, and a fence around its files where the
// system can. There are no control groups, which belong to a server.
func Confined(ctx context.Context, l conformance.Launch) (*conformance.Process, error) {
	sockets, err := os.MkdirTemp("", "pb") // short: the name of a socket has some 100 bytes
	if err != nil {
		return nil, fmt.Errorf("make a folder for sockets: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, DefaultTiming().Start)
	defer cancel()
	r := l.Manifest.Resources
	p, err := process.Start(ctx, process.Spec{
		Program: l.Program, DataDir: l.DataDir, SocketDir: sockets, Bundle: l.Bundle, Dial: l.Dial, Confine: true,
		Limits: process.Limits{Memory: memoryOf(r), CPU: cpuOf(r), PIDs: pidsOf(r)},
		Output: func(string) io.WriteCloser { return unclosed{l.Output} },
	})
	if err != nil {
		_ = os.RemoveAll(sockets) // nothing is in it
		return nil, err
	}
	return &conformance.Process{
		Conn: p.Conn(), Broker: p.Broker(), PID: p.PID(), Exited: p.Exited(), Isolation: inPlace(p.Reached()),
		Noise: func() string { return "" }, // a start with noise fails, and says so
		Ending: func() string {
			<-p.Exited()
			return p.Ending()
		},
		Close: func() {
			p.Close()
			_ = os.RemoveAll(sockets) // swept by the system otherwise
		},
	}, nil
}

// inPlace says in words what keeps a process in its place.
func inPlace(r process.Reached) string {
	tier, measures, lacking := isolation(r)
	names := make([]string, len(measures))
	for i, m := range measures {
		names[i] = string(m)
	}
	parts := []string{fmt.Sprintf("It ran %s (%s)", tier, strings.Join(names, ", "))}
	for _, l := range lacking {
		if l.Measure == extension.FilesFenced || l.Measure == extension.SignalsFenced {
			parts = append(parts, fmt.Sprintf("without %s, because %s", l.Measure, l.Why))
		}
	}
	return strings.Join(parts, "; ") + "."
}

// unclosed is a writer that stays open.
type unclosed struct{ io.Writer }

// Close does nothing.
func (unclosed) Close() error { return nil }
