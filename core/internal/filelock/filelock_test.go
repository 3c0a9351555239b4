package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/filelock"
)

func TestWhoMayHaveIt(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	file := func() *os.File {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	hold := func(l *filelock.Lock, err error) *filelock.Lock {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	busy := func(_ *filelock.Lock, err error) {
		t.Helper()
		if !errors.Is(err, filelock.ErrBusy) {
			t.Fatalf("got %v", err)
		}
	}
	release := func(l *filelock.Lock) {
		t.Helper()
		if err := l.Release(); err != nil {
			t.Fatal(err)
		}
	}
	one, two := hold(filelock.Shared(file())), hold(filelock.Shared(file()))
	busy(filelock.Exclusive(file()))
	release(one)
	busy(filelock.Exclusive(file()))
	release(two)
	alone := hold(filelock.Exclusive(file()))
	busy(filelock.Shared(file()))
	busy(filelock.Exclusive(file()))
	release(alone)
	release(hold(filelock.Shared(file())))
}
