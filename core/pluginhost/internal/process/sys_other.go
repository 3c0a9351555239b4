//go:build !linux

package process

import (
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"github.com/patchbay-im/patchbay/core/extension"
)

// Signals of a gentle and of a telling end.
const (
	terminate = syscall.SIGTERM
	dump      = syscall.SIGQUIT
)

// Isolation says what keeps a plugin in its place on this system.
func Isolation() []extension.Isolation {
	return []extension.Isolation{extension.EmptyEnvironment} // the others need Linux
}

func command(_ *os.File, path string) *exec.Cmd {
	return &exec.Cmd{Path: path, Args: []string{"plugin"}}
}

func restrictThread() error { return nil }

func limit(int) {}

func awaitExit(int) bool { return false }

func killGroup(p *os.Process) { _ = p.Kill() }

func owned(fs.FileInfo) bool { return true }
