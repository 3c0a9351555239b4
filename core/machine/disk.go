package machine

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/patchbay-im/patchbay/core/system"
)

// Disk looks at the disk of a folder, and whether the folder can be written to.
func Disk(dir string) system.Disk {
	out := Room(dir)
	if out.Fault != "" {
		return out
	}
	if err := writable(dir); err != nil {
		out.Fault, out.Spent = reason(err), errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	}
	return out
}

// reason is what the system says, without the name of the file that was tried.
func reason(err error) string {
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return no.Error()
	}
	return err.Error()
}

// writable makes a file of one block and removes it.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	const block = 4096
	_, err = f.Write(make([]byte, block))
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// Room is Disk without the attempt to write.
func Room(dir string) system.Disk {
	out := system.Disk{Path: dir}
	if err := room(dir, &out); err != nil {
		out.Fault, out.Absent = reason(err), errors.Is(err, fs.ErrNotExist)
	}
	return out
}
