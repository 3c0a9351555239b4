//go:build linux || darwin

package machine

import (
	"fmt"
	"os"
	"syscall"

	"github.com/patchbay-im/patchbay/core/system"
)

func room(dir string, out *system.Disk) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("look at %s: %w", dir, err)
	}
	out.Total = int64(st.Blocks) * int64(st.Bsize) //nolint:gosec,unconvert // the types differ between systems
	out.Free = int64(st.Bavail) * int64(st.Bsize)  //nolint:gosec,unconvert // as above
	out.Nodes, out.Left = st.Files, st.Ffree
	return nil
}

// openLimit is how many files a process may open; 0 = not known.
func openLimit() int64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur > 1<<62 {
		return 0
	}
	return int64(l.Cur)
}

// others reports whether somebody else than a file's owner may read it: its
// group or everybody.
func others(info os.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
