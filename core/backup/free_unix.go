//go:build linux || darwin

package backup

import (
	"os"
	"syscall"
)

// free is how many bytes the disk of a file has room for.
func free(f *os.File) (int64, bool) {
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true //nolint:gosec,unconvert // the types differ between systems
}
