// Package pack writes archives that depend on their contents alone: entries in
// order of name, one time for all, owners by number. The same tree gives the
// same bytes on every machine and at every hour, so that anybody can build a
// release again and compare.
package pack

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// Entry is a file or a folder of a tree.
type Entry struct {
	Name     string // slash-separated, without a slash at either end
	Mode     fs.FileMode
	UID, GID int
	Data     []byte // of a file that is made here
	File     string // of a file that is read from disk; "" = Data
}

// Dir is a folder's entry.
func Dir(name string, mode fs.FileMode) Entry { return Entry{Name: name, Mode: fs.ModeDir | mode} }

// File is the entry of a file made here.
func File(name string, mode fs.FileMode, data []byte) Entry {
	return Entry{Name: name, Mode: mode, Data: data}
}

// Copy is the entry of a file on disk.
func Copy(name string, mode fs.FileMode, from string) Entry {
	return Entry{Name: name, Mode: mode, File: from}
}

// Folder lists a folder on disk under a name. Whoever may run a file there may
// run it here; nothing else of its mode is taken over.
func Folder(name, from string) ([]Entry, error) {
	var out []Entry
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		at := path.Join(name, filepath.ToSlash(rel))
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case d.IsDir():
			out = append(out, Dir(at, 0o755))
		case info.Mode().IsRegular():
			out = append(out, Copy(at, 0o644|info.Mode()&0o111, p))
		default:
			return fmt.Errorf("%s is neither a file nor a folder", p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", from, err)
	}
	return out, nil
}

// Tar writes a tree. Folders that entries lie in and that are not entries
// themselves are made, open to everybody's reading.
func Tar(w io.Writer, entries []Entry, at time.Time) error {
	out := tar.NewWriter(w)
	for _, e := range complete(entries) {
		if err := e.write(out, at); err != nil {
			return fmt.Errorf("write %s: %w", e.Name, err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("end the archive: %w", err)
	}
	return nil
}

// TarGz is Tar under gzip.
func TarGz(w io.Writer, entries []Entry, at time.Time) error {
	zip, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := Tar(zip, entries, at); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return fmt.Errorf("end the compression: %w", err)
	}
	return nil
}

// complete sorts the entries and adds folders that are missing. Of two of one
// name the later counts.
func complete(entries []Entry) []Entry {
	byName := map[string]Entry{}
	for _, e := range entries {
		byName[e.Name] = e
	}
	for _, e := range entries {
		for dir := path.Dir(e.Name); dir != "."; dir = path.Dir(dir) {
			if _, ok := byName[dir]; !ok {
				byName[dir] = Dir(dir, 0o755)
			}
		}
	}
	out := make([]Entry, 0, len(byName))
	for _, e := range byName {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (e Entry) write(w *tar.Writer, at time.Time) error {
	h := &tar.Header{Name: e.Name, Mode: mode(e.Mode), Uid: e.UID, Gid: e.GID, ModTime: at, Format: tar.FormatPAX}
	if e.Mode.IsDir() {
		h.Typeflag, h.Name = tar.TypeDir, e.Name+"/"
		return w.WriteHeader(h)
	}
	h.Typeflag = tar.TypeReg
	if e.File == "" {
		h.Size = int64(len(e.Data))
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err := w.Write(e.Data)
		return err
	}
	f, err := os.Open(e.File)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h.Size = info.Size()
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}

// mode is what tar calls a mode: the bits of permission and the sticky one.
func mode(m fs.FileMode) int64 {
	const sticky = 0o1000
	out := int64(m.Perm())
	if m&fs.ModeSticky != 0 {
		out |= sticky
	}
	return out
}

// Checksums lists files of a folder as sha256sum does.
func Checksums(dir string, names []string) ([]byte, error) {
	var out []byte
	for _, name := range slices.Sorted(slices.Values(names)) {
		sum, err := checksum(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		out = fmt.Appendf(out, "%s  %s\n", sum, name)
	}
	return out, nil
}

func checksum(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("read what is to be summed: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read what is to be summed: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
