// Package mounttest gives tests small disks of their own, so that a test that
// fills a disk does not fill the machine's.
//
// Mounting takes CAP_SYS_ADMIN. Root has it, except in a container that was not
// given it; nobody else has. A machine where this process has not is told apart
// by its capabilities, not by what fails: there the tests are skipped, under
// PATCHBAY_TEST_REQUIRE=1 too, for no change of ours could make them run. Where
// it has, what fails is a failure.
package mounttest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// capSysAdmin is the number of CAP_SYS_ADMIN in capabilities(7).
const capSysAdmin = 21

// able reports whether this process may mount.
func able() bool {
	status, err := os.ReadFile("/proc/self/status") // absent where there is no Linux
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		if hex, ok := strings.CutPrefix(line, "CapEff:"); ok {
			set, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
			return err == nil && set&(1<<capSysAdmin) != 0
		}
	}
	return false
}

// Need skips a test that mounts where this process may not, and says what it
// would take.
func Need(tb testing.TB) {
	tb.Helper()
	if !able() {
		tb.Skip("THIS MACHINE LETS THE TESTS MOUNT NO DISK: that takes Linux and CAP_SYS_ADMIN, which root has outside of containers, and in those that were given it")
	}
	if out, err := exec.CommandContext(tb.Context(), "unshare", "-m", "true").CombinedOutput(); err != nil {
		tb.Fatalf("this process may mount, and unshare -m does not work: %v %s", err, out)
	}
}

// Disk is a small disk, empty at first.
type Disk struct {
	Path string
}

// New mounts a Disk of so many bytes until the test ends.
func New(tb testing.TB, size int64) Disk {
	tb.Helper()
	Need(tb)
	d := Disk{Path: tb.TempDir()}
	if out, err := exec.CommandContext(tb.Context(), "mount", "-t", "tmpfs", "-o", fmt.Sprint("size=", size), "none", d.Path).CombinedOutput(); err != nil {
		tb.Fatalf("mount: %v %s", err, out)
	}
	tb.Cleanup(func() {
		if out, err := exec.CommandContext(context.WithoutCancel(tb.Context()), "umount", d.Path).CombinedOutput(); err != nil {
			tb.Errorf("umount: %v %s", err, out)
		}
	})
	return d
}

// Resize gives the disk another size, in bytes.
func (d Disk) Resize(tb testing.TB, size int64) {
	tb.Helper()
	if out, err := exec.CommandContext(tb.Context(), "mount", "-o", fmt.Sprint("remount,size=", size), d.Path).CombinedOutput(); err != nil {
		tb.Fatalf("remount: %v %s", err, out)
	}
}
