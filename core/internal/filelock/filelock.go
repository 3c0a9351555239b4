// Package filelock is a lock between processes: it lies on a file and is gone
// with the process that holds it, however it ended. Where the system has no
// flock, everybody is given the lock.
package filelock

import (
	"errors"
	"fmt"
	"os"
)

// ErrBusy says that somebody else holds the lock.
var ErrBusy = errors.New("somebody else holds the lock")

// Lock is held until Release.
type Lock struct{ file *os.File }

// Shared takes the lock beside others who share it; ErrBusy while somebody has
// it alone. It does not wait.
func Shared(f *os.File) (*Lock, error) { return take(f, false) }

// Exclusive takes the lock alone; ErrBusy while anybody has it. It does not
// wait.
func Exclusive(f *os.File) (*Lock, error) { return take(f, true) }

func take(f *os.File, alone bool) (*Lock, error) {
	if err := lock(f, alone); err != nil {
		if !errors.Is(err, ErrBusy) {
			err = fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		return nil, errors.Join(err, f.Close())
	}
	return &Lock{f}, nil
}

// Release gives the lock up and closes its file. A nil Lock has none.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
