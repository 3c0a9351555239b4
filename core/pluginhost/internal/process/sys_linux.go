package process

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/cgroup"
)

// Signals of a gentle and of a telling end.
const (
	terminate = syscall.SIGTERM
	dump      = syscall.SIGQUIT
)

// Limits of a plugin process.
const (
	maxFiles    = 256
	maxFileSize = 1 << 30 // bytes of one file that it writes
	oomScore    = "500"   // the kernel prefers to end a plugin before the core
)

// command executes the open file itself: what was hashed is what runs.
func command(file *os.File, _ string) *exec.Cmd {
	cmd := &exec.Cmd{Path: "/proc/self/fd/3", Args: []string{"plugin"}, ExtraFiles: []*os.File{file}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// restrictThread gives up, on this thread and for every child it starts, the
// gain of privileges by set-user-ID programs. The thread is ours alone and
// ends with the child.
func restrictThread() error {
	// What we got from our own parent without asking is not the child's either.
	if err := unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("keep files to ourselves: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	return nil
}

// limit lowers what a fresh child may use. The memory limits of the kernel are
// no use for Go programs, which map far more than they touch, and the one on
// processes counts all of this user's, the server's among them.
func limit(pid int) {
	for resource, most := range map[int]uint64{unix.RLIMIT_NOFILE: maxFiles, unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: maxFileSize} {
		_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil) // it is gone already
	}
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte(oomScore), 0) // a preference
}

// awaitExit returns when the process has ended and before it is reaped, so that
// its id, and its group's, cannot belong to another one yet. False: it cannot tell.
func awaitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}

// killGroup kills a process and everything in its group.
func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // nobody is left
}

func owned(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

// basics are the measures that every process on this system gets.
func basics() Reached {
	return Reached{Measures: []extension.Isolation{
		extension.OwnProcessGroup, extension.EmptyEnvironment, extension.NoNewPrivileges, extension.ResourceLimits,
	}}
}

// startIn has a child start in a control group.
func startIn(cmd *exec.Cmd, group *cgroup.Group) {
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, group.FD()
}

// confine puts the fence around the thread that starts the child.
func (r *process) confine(reach *Reached) error {
	if !r.spec.Confine {
		reach.note(extension.FilesFenced, "it is named in plugins.trusted")
		return nil
	}
	abi, errata, err := landlock()
	if err != nil {
		reach.note(extension.FilesFenced, err.Error())
		return nil
	}
	if err := alone(r.file); err != nil {
		return err
	}
	f := fence{program: r.file, read: readable(), write: []string{r.spec.DataDir, r.dir}}
	if r.spec.Bundle != "" {
		f.read = append(f.read, r.spec.Bundle)
	}
	if err := confineThread(f); err != nil {
		return err
	}
	reach.note(extension.FilesFenced, "")
	if !scoped(abi, errata) {
		reach.note(extension.SignalsFenced, "this kernel cannot keep signals in (Linux 6.12 and newer can)")
		return nil
	}
	reach.note(extension.SignalsFenced, "")
	return nil
}

// resident returns how many bytes of memory a process occupies; 0 = unknown.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(text), &total, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
