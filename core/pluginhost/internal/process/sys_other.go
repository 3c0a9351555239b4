//go:build !linux

package process

import (
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/cgroup"
)

// Signals of a gentle and of a telling end.
const (
	terminate = syscall.SIGTERM
	dump      = syscall.SIGQUIT
)

// basics are the measures that every process on this system gets.
func basics() Reached {
	return Reached{Measures: []extension.Isolation{extension.EmptyEnvironment}} // the others need Linux
}

func startIn(*exec.Cmd, *cgroup.Group) {}

// confine has no fence to put up.
func (r *process) confine(reach *Reached) error {
	reach.note(extension.FilesFenced, "this system has no Landlock, which needs Linux")
	return nil
}

func resident(int) int64 { return 0 }

func command(_ *os.File, path string) *exec.Cmd {
	return &exec.Cmd{Path: path, Args: []string{"plugin"}}
}

func restrictThread() error { return nil }

func limit(int) {}

func awaitExit(int) bool { return false }

func killGroup(p *os.Process) { _ = p.Kill() }

func owned(fs.FileInfo) bool { return true }
