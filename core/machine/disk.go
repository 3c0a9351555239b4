package machine

import (
	"errors"
	"os"

	"github.com/patchbay-im/patchbay/core/system"
)

// Disk looks at the disk of a folder, and whether the folder can be written to.
func Disk(dir string) system.Disk {
	out := system.Disk{Path: dir}
	if err := room(dir, &out); err != nil {
		out.Fault = err.Error()
		return out
	}
	if err := writable(dir); err != nil {
		out.Fault = err.Error()
	}
	return out
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
		out.Fault = err.Error()
	}
	return out
}
