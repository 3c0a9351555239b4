package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// archive writes entries and keeps their sums.
type archive struct {
	tar   *tar.Writer
	gz    *gzip.Writer
	at    time.Time
	lines bytes.Buffer // sums that are not written yet
	n     int          // of those
	parts int          // of sums written
	sums  hash.Hash    // of all sums
	count int          // entries that sums name
}

func newArchive(w io.Writer, at time.Time) (*archive, error) {
	gz, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	return &archive{tar: tar.NewWriter(gz), gz: gz, at: at, sums: sha256.New()}, nil
}

// stream writes an entry of exactly size bytes. What r lacks is filled with
// zeros, and short says so: the entry has begun, and its size stands.
func (a *archive) stream(name string, size int64, r io.Reader) (sum string, short bool, err error) {
	if err := a.begin(name, size); err != nil {
		return "", false, err
	}
	h := sha256.New()
	w := io.MultiWriter(a.tar, h)
	n, err := io.Copy(w, io.LimitReader(readOnly{r}, size))
	if _, ok := errors.AsType[*readError](err); err != nil && !ok {
		return "", false, err
	}
	if n < size {
		if _, err := io.CopyN(w, zeros{}, size-n); err != nil {
			return "", false, err
		}
	}
	sum = hex.EncodeToString(h.Sum(nil))
	return sum, n < size, a.note(name, sum)
}

// readError is a failure of what is copied, not of the backup.
type readError struct{ error }

// readOnly marks its reader's failures.
type readOnly struct{ r io.Reader }

func (r readOnly) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &readError{err}
	}
	return n, err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// bytes writes a small entry.
func (a *archive) bytes(name string, data []byte) error {
	_, _, err := a.stream(name, int64(len(data)), bytes.NewReader(data))
	return err
}

func (a *archive) begin(name string, size int64) error {
	return a.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: a.at, Format: tar.FormatPAX})
}

// note keeps the sum of an entry, and writes them when there are enough.
func (a *archive) note(name, sum string) error {
	fmt.Fprintf(&a.lines, "%s  %s\n", sum, name)
	a.n++
	a.count++
	if a.n < sumsPerOne {
		return nil
	}
	return a.flush()
}

func (a *archive) flush() error {
	if a.n == 0 {
		return nil
	}
	a.parts++
	data := a.lines.Bytes()
	a.sums.Write(data)
	if err := a.plain(fmt.Sprintf("%s%06d.txt", sumsDir, a.parts), data); err != nil {
		return err
	}
	a.lines.Reset()
	a.n = 0
	return nil
}

// plain writes an entry that sums do not name.
func (a *archive) plain(name string, data []byte) error {
	if err := a.begin(name, int64(len(data))); err != nil {
		return err
	}
	_, err := a.tar.Write(data)
	return err
}

// finish writes the rest of the sums and the manifest, and ends the archive.
func (a *archive) finish(m Manifest) error {
	if err := a.flush(); err != nil {
		return err
	}
	m.Entries, m.Sums = a.count, hex.EncodeToString(a.sums.Sum(nil))
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := a.plain(manifestName, append(data, '\n')); err != nil {
		return err
	}
	return errors.Join(a.tar.Close(), a.gz.Close())
}
