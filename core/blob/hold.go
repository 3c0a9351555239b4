package blob

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/internal/filelock"
	"github.com/patchbay-im/patchbay/core/media"
)

// holdFile is what Hold and Remove meet at. It stays.
const holdFile = ".hold"

const (
	holdWait = 10 * time.Second // for removals under way, and another backup
	holdPoll = 20 * time.Millisecond
)

// Hold keeps every file where it is until release is called or the process
// ends: Remove gives media.ErrHeld meanwhile, in every process. Rows go before
// their files, so whoever holds first and reads the rows then finds the file of
// each.
func (s *Store) Hold(ctx context.Context) (release func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, holdWait)
	defer cancel()
	for {
		f, err := s.root.OpenFile(holdFile, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		l, err := filelock.Exclusive(f)
		if err == nil {
			return l.Release, nil
		}
		if !errors.Is(err, filelock.ErrBusy) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, errs.New(errs.Conflict, "backup.runs", "Another backup of this data folder is running. Wait for its end.")
		case <-time.After(holdPoll):
		}
	}
}

// share is what a removal holds, beside other removals; nil when nobody has
// ever held the folder. It makes no file: removals work on a full disk.
func (s *Store) share() (*filelock.Lock, error) {
	f, err := s.root.OpenFile(holdFile, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nobody to wait for
	}
	if err != nil {
		return nil, err
	}
	l, err := filelock.Shared(f)
	if errors.Is(err, filelock.ErrBusy) {
		return nil, media.ErrHeld
	}
	return l, err
}
