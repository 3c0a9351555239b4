// Package blob keeps the bytes of attachments in a folder: it implements
// media.Files. Names on the disk are made of attachments' ids alone, and every
// access goes through os.Root, so nothing outside the folder can be reached.
//
//	incoming/att_…        an upload, as far as it has come
//	ab/cd/att_…           a whole file, byte for byte
//	ab/cd/att_….preview   its re-encoded raster
//	.hold                 a lock: see Hold
//
// ab and cd are the last four characters of the id, which are random.
package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/media"
)

const (
	incoming = "incoming"
	preview  = ".preview"
	partial  = ".part" // a preview that is being written
	readDir  = 256     // entries of a folder that are read at a time
)

// Store is a folder of attachments. It is safe for concurrent use; the caller
// lets only one write to an attachment at a time.
type Store struct {
	root *os.Root
	path string

	mu   sync.Mutex
	made map[string]bool // folders that are on disk for certain
}

// Open opens the folder, which it makes.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of attachments %q cannot be made: %w", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the folder of attachments %q cannot be opened: %w", dir, err)
	}
	s := &Store{root: root, path: dir, made: make(map[string]bool)}
	if err := s.folder(incoming); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

// Close closes the folder.
func (s *Store) Close() error { return s.root.Close() }

// names are where the parts of an attachment lie.
type names struct{ incoming, folder, original, preview string }

func (n names) of(p media.Part) string {
	switch p {
	case media.Incoming:
		return n.incoming
	case media.Original:
		return n.original
	case media.Drawing:
		return n.preview
	default:
		return ""
	}
}

func namesOf(name media.ID) (names, error) {
	s := string(name)
	if !id.Valid("att", s) {
		return names{}, fmt.Errorf("%q is no attachment's id", s)
	}
	end := strings.ToLower(s[len(s)-4:])
	folder := end[:2] + "/" + end[2:]
	return names{incoming + "/" + s, folder, folder + "/" + s, folder + "/" + s + preview}, nil
}

// Write implements media.Files.
func (s *Store) Write(name media.ID, at int64, data []byte) error {
	n, err := namesOf(name)
	if err != nil {
		return err
	}
	flags := os.O_RDWR | os.O_CREATE
	if at == 0 {
		flags |= os.O_TRUNC
	}
	f, err := s.root.OpenFile(n.incoming, flags, 0o600)
	if err != nil {
		return failure(err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() < at {
		err = media.ErrLost
	}
	if err == nil {
		_, err = f.WriteAt(data, at)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil && at == 0 {
		err = s.sync(incoming)
	}
	return failure(err)
}

// file is an open part with its length.
type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

// Open implements media.Files.
func (s *Store) Open(name media.ID, p media.Part) (media.Content, error) {
	n, err := namesOf(name)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(n.of(p))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, media.ErrLost
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file{f, info.Size()}, nil
}

// Path is where a part lies, for programs of this computer that look into files.
func (s *Store) Path(name media.ID, p media.Part) (string, error) {
	n, err := namesOf(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(filepath.Join(s.path, filepath.FromSlash(n.of(p))))
}

// Draw implements media.Files.
func (s *Store) Draw(name media.ID, data []byte) error {
	n, err := namesOf(name)
	if err != nil {
		return err
	}
	if err := s.folder(n.folder); err != nil {
		return failure(err)
	}
	temporary := n.incoming + preview + partial
	f, err := s.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return failure(err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = s.root.Rename(temporary, n.preview)
	}
	if err == nil {
		err = s.sync(n.folder)
	}
	return failure(err)
}

// Keep implements media.Files. The bytes themselves are on disk already: Write
// saw to that.
func (s *Store) Keep(name media.ID) error {
	n, err := namesOf(name)
	if err != nil {
		return err
	}
	if err := s.folder(n.folder); err != nil {
		return failure(err)
	}
	err = s.root.Rename(n.incoming, n.original)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = s.root.Stat(n.original)
		if errors.Is(err, fs.ErrNotExist) {
			return media.ErrLost
		}
	}
	if err == nil {
		err = s.sync(n.folder)
	}
	return failure(err)
}

// Remove implements media.Files.
func (s *Store) Remove(name media.ID) error {
	n, err := namesOf(name)
	if err != nil {
		return err
	}
	free, err := s.share()
	if err != nil {
		return err
	}
	defer free.Release() //nolint:errcheck // it ends with its file
	var failed error
	for _, p := range []string{n.incoming, n.incoming + preview + partial, n.original, n.preview} {
		if err := s.root.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Walk implements media.Files.
func (s *Store) Walk(fn func(name media.ID, modified time.Time) error) error {
	return s.walk(".", fn)
}

func (s *Store) walk(folder string, fn func(name media.ID, modified time.Time) error) error {
	d, err := s.root.Open(folder)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }() // read only
	for {
		entries, err := d.ReadDir(readDir)
		for _, e := range entries {
			if err := s.visit(path.Join(folder, e.Name()), e, fn); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *Store) visit(name string, e fs.DirEntry, fn func(media.ID, time.Time) error) error {
	if e.IsDir() {
		return s.walk(name, fn)
	}
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) { // gone since
		return nil
	}
	if err != nil {
		return err
	}
	att := strings.TrimSuffix(strings.TrimSuffix(e.Name(), partial), preview)
	if !id.Valid("att", att) {
		att = ""
	}
	return fn(media.ID(att), info.ModTime())
}

// folder makes a folder that is still there after the power failed.
func (s *Store) folder(name string) error {
	s.mu.Lock()
	made := s.made[name]
	s.mu.Unlock()
	if made {
		return nil
	}
	if err := s.root.MkdirAll(name, 0o700); err != nil {
		return err
	}
	for parent := path.Dir(name); ; parent = path.Dir(parent) {
		if err := s.sync(parent); err != nil {
			return err
		}
		if parent == "." {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[name] = true
	return nil
}

// sync puts the names in a folder on disk.
func (s *Store) sync(folder string) error {
	d, err := s.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// failure tells a full disk, a quota and a limit of the process from the rest.
func failure(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return media.NoSpace(err)
	}
	return err
}
