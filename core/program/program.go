// Package program runs programs of this computer that look into files of
// attachments. What a program is shown was written by strangers, so each runs
// with a time limit, a bounded number at once, its own process group, and no
// more of its output is kept than a sentence.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/patchbay-im/patchbay/core/media"
)

// Paths tells where the parts of attachments lie on this computer's disk.
type Paths interface {
	Path(id media.ID, p media.Part) (string, error)
}

// Command is a program with what bounds it.
type Command struct {
	Argv    []string      // the program and its first arguments
	Timeout time.Duration // of one run
	AtOnce  int           // runs at a time
}

const (
	mostOutput = 4 << 10 // bytes of what a program prints that are looked at
	mostLine   = 200     // characters of a line that is kept
	patience   = 2 * time.Second
)

// runner runs a command.
type runner struct {
	Command
	slots chan struct{}
}

func newRunner(c Command) runner {
	return runner{Command: c, slots: make(chan struct{}, max(c.AtOnce, 1))}
}

// run runs the command with more arguments, once there is a slot. status is what
// it ended with, and -1 when it did not end by itself or could not be run.
func (r runner) run(ctx context.Context, more ...string) (output string, status int, err error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return "", -1, ctx.Err()
	}
	defer func() { <-r.slots }()
	limited, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	args := append(append([]string(nil), r.Argv[1:]...), more...)
	cmd := exec.CommandContext(limited, r.Argv[0], args...) //nolint:gosec // the operator names the program
	out := &head{}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, patience
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PATCHBAY_") }) // our secrets are none of its business
	grouped(cmd)
	err = cmd.Run()
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return "", -1, ctx.Err()
	case limited.Err() != nil:
		return out.String(), -1, fmt.Errorf("%s did not end within %v", r.Argv[0], r.Timeout)
	case exited:
		return out.String(), exit.ExitCode(), nil
	case err != nil:
		return out.String(), -1, err
	}
	return out.String(), 0, nil
}

// head keeps the first bytes that a program prints.
type head struct{ bytes.Buffer }

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	_, _ = h.Buffer.Write(p[:min(len(p), max(mostOutput-h.Len(), 0))]) // it never fails
	return len(p), nil
}

// firstLine is the first line of an output that says something, plain and
// bounded, without the path of the file.
func firstLine(output, path string) string {
	for line := range strings.Lines(strings.ReplaceAll(strings.ToValidUTF8(output, ""), path, "")) {
		line = strings.Map(func(r rune) rune {
			if unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) {
				return r
			}
			return ' '
		}, line)
		line = strings.TrimLeft(strings.Join(strings.Fields(line), " "), ":- ")
		if line == "" {
			continue
		}
		if runes := []rune(line); len(runes) > mostLine {
			line = string(runes[:mostLine-1]) + "…"
		}
		return line
	}
	return ""
}
