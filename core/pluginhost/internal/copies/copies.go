// Package copies keeps immutable copies of plugins: folders named by their
// content, so that what an administrator chose is what runs, whatever happens to
// the folder it came from, and so that a version can be gone back to.
//
// Lifecycle: Add makes a copy or finds the one that is there, Check proves that
// one is still what its name says, Keep removes all the others of a plugin.
//
// Concurrency: a Store may be used by several goroutines, and by several servers
// that share its folder: a copy appears whole, by a rename.
package copies

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Limits of one plugin.
const (
	MaxFiles = 2000
	MaxBytes = 200 << 20
)

// Store is the copies of all plugins.
type Store struct {
	dir string
}

// New returns the Store below a folder, which need not be there yet.
func New(dir string) *Store { return &Store{dir: dir} }

// entry is one file of a plugin.
type entry struct {
	path string // with slashes, from the folder
	run  bool   // it may be executed
	sum  string
	size int64
}

// Add copies a folder and returns the digest of its content. Only files and
// folders are copied: a link leads elsewhere, and is left out.
func (s *Store) Add(folder string) (digest string, err error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder for copies of plugins: %w", err)
	}
	if digest, err = digestOf(folder); err != nil {
		return "", err
	}
	if info, err := os.Stat(s.Path(digest)); err == nil && info.IsDir() {
		if s.Check(digest) == nil {
			return digest, nil
		}
		s.remove(s.Path(digest)) // spoiled: it is made again
	}
	tmp, err := os.MkdirTemp(s.dir, ".new-")
	if err != nil {
		return "", fmt.Errorf("copy a plugin: %w", err)
	}
	defer s.remove(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil { //nolint:gosec // the plugin reads it
		return "", fmt.Errorf("copy a plugin: %w", err)
	}
	err = walk(folder, func(path string, info fs.FileInfo) error {
		return copyFile(filepath.Join(folder, path), filepath.Join(tmp, path), info.Mode())
	})
	if err != nil {
		return "", fmt.Errorf("copy a plugin: %w", err)
	}
	// It may have been built anew while it was copied.
	if got, err := digestOf(tmp); err != nil || got != digest {
		return "", errors.Join(err, fmt.Errorf("the folder %s changed while it was copied: try again", folder))
	}
	if err := os.Rename(tmp, s.Path(digest)); err != nil {
		if s.Check(digest) == nil { // another was quicker
			return digest, nil
		}
		return "", fmt.Errorf("copy a plugin: %w", err)
	}
	return digest, nil
}

// Path is the folder of a copy.
func (s *Store) Path(digest string) string { return filepath.Join(s.dir, filepath.Base(digest)) }

// Check returns an error unless there is such a copy and it holds what its name
// says.
func (s *Store) Check(digest string) error {
	if len(digest) != sha256.Size*2 {
		return fs.ErrNotExist
	}
	got, err := digestOf(s.Path(digest))
	if err != nil {
		return err
	}
	if got != digest {
		return fmt.Errorf("the copy %s holds other files than it should", s.Path(digest))
	}
	return nil
}

// Copy is a copy in the Store.
type Copy struct {
	Digest string
	At     time.Time
	Size   int64
}

// List returns the copies, the newest first.
func (s *Store) List() ([]Copy, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Copy
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || len(e.Name()) != sha256.Size*2 {
			continue
		}
		c := Copy{Digest: e.Name(), At: info.ModTime()}
		_ = walk(s.Path(e.Name()), func(_ string, info fs.FileInfo) error { // a size is for show
			c.Size += info.Size()
			return nil
		})
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Copy) int { return b.At.Compare(a.At) })
	return out, nil
}

// Remove removes a copy.
func (s *Store) Remove(digest string) { s.remove(s.Path(digest)) }

// remove removes a folder, of which some files may not be written to.
func (*Store) remove(path string) { _ = os.RemoveAll(path) } // tried again with the next version

// digestOf is the SHA-256 of the list of a folder's files.
func digestOf(folder string) (string, error) {
	var list []entry
	err := walk(folder, func(path string, info fs.FileInfo) error {
		sum, err := sumOf(filepath.Join(folder, path))
		list = append(list, entry{path: filepath.ToSlash(path), run: info.Mode()&0o111 != 0, sum: sum, size: info.Size()})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the plugin in %s: %w", folder, err)
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	hash := sha256.New()
	for _, e := range list {
		_, _ = fmt.Fprintf(hash, "%s %d %v %q\n", e.sum, e.size, e.run, e.path)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// walk calls each for every file, within the limits.
func walk(folder string, each func(path string, info fs.FileInfo) error) error {
	root, err := filepath.EvalSymlinks(folder) // the folder itself may be a link
	if err != nil {
		return err
	}
	files, size := 0, int64(0)
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files++
		if size += info.Size(); files > MaxFiles || size > MaxBytes {
			return fmt.Errorf("it has more than %d files or %d MB", MaxFiles, MaxBytes>>20)
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return each(rel, info)
	})
}

func sumOf(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // a file of the plugin
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// copyFile copies a file and leaves it for reading only.
func copyFile(from, to string, mode fs.FileMode) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // the plugin reads it
		return err
	}
	in, err := os.Open(from) //nolint:gosec // a file of the plugin
	if err != nil {
		return err
	}
	defer in.Close()                                                      //nolint:errcheck // only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // below our own folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	readOnly := fs.FileMode(0o444)
	if mode&0o111 != 0 {
		readOnly = 0o555
	}
	return out.Chmod(readOnly)
}
