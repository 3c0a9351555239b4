package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/internal/filelock"
)

// Stdout is the name of a place that is no file.
const Stdout = "-"

const (
	plainEnd  = ".tar.gz"
	sealedEnd = ".tar.gz.age"
	partStart = ".patchbay-backup-"
	partEnd   = ".part"
	stamp     = "20060102T150405Z"
)

// Place is where a backup is to stand. Until Commit nothing does under its
// final name; a program that dies leaves a part, which the next one removes.
type Place struct {
	file  *os.File // the part
	lock  *filelock.Lock
	final string
}

// NewPlace makes room for a backup: at a file that does not exist yet, or in a
// folder, under a name made of the time.
func NewPlace(to string, encrypted bool, now time.Time) (*Place, error) {
	p := &Place{final: to}
	if info, err := os.Stat(to); err == nil && info.IsDir() || strings.HasSuffix(to, "/") {
		if err := os.MkdirAll(to, 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of backups: %w", err)
		}
		p.final = filepath.Join(to, "patchbay-"+now.UTC().Format(stamp)+plainEnd)
		if encrypted {
			p.final = strings.TrimSuffix(p.final, plainEnd) + sealedEnd
		}
	}
	if _, err := os.Lstat(p.final); err == nil {
		return nil, occupied(p.final)
	}
	sweepParts(filepath.Dir(p.final))
	var err error
	if p.file, err = os.CreateTemp(filepath.Dir(p.final), partStart+"*"+partEnd); err != nil { // mode 0600
		return nil, fmt.Errorf("make the backup: %w", err)
	}
	again, err := os.OpenFile(p.file.Name(), os.O_RDWR, 0)
	if err == nil {
		p.lock, err = filelock.Exclusive(again)
	}
	if err != nil {
		return nil, errors.Join(err, p.Abort())
	}
	return p, nil
}

func occupied(name string) error {
	return errs.New(errs.Conflict, "backup.exists", "There is a file "+name+" already. Name another, or a folder.")
}

// sweepParts removes what programs that died have left.
func sweepParts(dir string) {
	parts, _ := filepath.Glob(filepath.Join(dir, partStart+"*"+partEnd)) // the pattern is right
	for _, name := range parts {
		f, err := os.OpenFile(name, os.O_RDWR, 0) //nolint:gosec // a name of ours
		if err != nil {
			continue
		}
		if l, err := filelock.Exclusive(f); err == nil {
			_ = os.Remove(name) // tried again the next time
			_ = l.Release()
		}
	}
}

// Write writes a part of the backup.
func (p *Place) Write(data []byte) (int, error) {
	n, err := p.file.Write(data)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = errs.Wrap(err, errs.Unavailable, "backup.no_space", "The disk of the backup is full. Nothing was kept of it. Free some space, or name another place with --to.")
	}
	return n, err
}

// Room refuses when the disk has fewer bytes than a backup is likely to take.
func (p *Place) Room(need int64) error {
	free, ok := free(p.file)
	if !ok || free >= need {
		return nil
	}
	const mib = 1 << 20
	return errs.New(errs.Unavailable, "backup.no_space", fmt.Sprintf(
		"The backup takes about %d MiB, and the disk of %s has %d MiB left. Free some space, or name another place with --to.",
		need/mib+1, filepath.Dir(p.final), free/mib))
}

// Again returns what was written, from its beginning, as the disk has it.
func (p *Place) Again() (io.Reader, error) {
	if err := p.file.Sync(); err != nil {
		return nil, fmt.Errorf("write the backup to disk: %w", err)
	}
	info, err := p.file.Stat()
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(p.file, 0, info.Size()), nil
}

// Commit gives the backup its name, which is on disk when it returns.
func (p *Place) Commit() (name string, err error) {
	err = os.Link(p.file.Name(), p.final)
	switch {
	case errors.Is(err, fs.ErrExist):
		return "", errors.Join(occupied(p.final), p.Abort())
	case err != nil: // a file system without second names
		if _, there := os.Lstat(p.final); there == nil {
			return "", errors.Join(occupied(p.final), p.Abort())
		}
		err = os.Rename(p.file.Name(), p.final)
	default:
		err = os.Remove(p.file.Name())
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("name the backup: %w", err), p.Abort())
	}
	return p.final, errors.Join(SyncDir(filepath.Dir(p.final)), p.lock.Release(), p.file.Close())
}

// Abort removes what was written.
func (p *Place) Abort() error {
	err := os.Remove(p.file.Name())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, p.lock.Release(), p.file.Close())
}

// SyncDir makes the names in a folder reach the disk.
func SyncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator's folder
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) { // a file system that has none to give
		err = nil
	}
	return errors.Join(err, d.Close())
}

// Rotate removes all but the newest backups of a folder, by the time in their
// names, and returns what it removed. Files of other names it leaves alone.
func Rotate(dir string, keep int) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("look for older backups: %w", err)
	}
	ours := regexp.MustCompile(`^patchbay-[0-9]{8}T[0-9]{6}Z\.tar\.gz(\.age)?$`)
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && ours.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(b, a) })
	var gone []string
	for _, name := range names[min(keep, len(names)):] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return gone, fmt.Errorf("remove an older backup: %w", err)
		}
		gone = append(gone, name)
	}
	return gone, nil
}

// Made is a backup that stands under its name.
type Made struct {
	Name     string
	Header   Header
	Manifest Manifest
}

// Write writes a backup to a place, reads it back whole and gives it its name.
// Nothing of it is left when it fails.
func Write(ctx context.Context, p *Place, l Lock, j Job) (Made, error) {
	var made Made
	keys, err := seal(ctx, p, l, j)
	if err == nil {
		made, err = readBack(ctx, p, keys)
	}
	if err != nil {
		return made, errors.Join(err, p.Abort())
	}
	made.Name, err = p.Commit()
	return made, err
}

func readBack(ctx context.Context, p *Place, keys Keys) (Made, error) {
	var made Made
	again, err := p.Again()
	if err != nil {
		return made, err
	}
	if made.Header, made.Manifest, err = Read(ctx, again, keys, Visitor{}); err != nil {
		err = fmt.Errorf("the backup does not read back: %w", err)
	}
	return made, err
}

// Stream writes a backup to a stream, where it cannot be read back.
func Stream(ctx context.Context, w io.Writer, l Lock, j Job) (Header, Manifest, error) {
	out, _, err := l.seal(w)
	if err != nil {
		return Header{}, Manifest{}, err
	}
	h, m, err := Make(ctx, out, j)
	return h, m, errors.Join(err, out.Close())
}

func seal(ctx context.Context, w io.Writer, l Lock, j Job) (Keys, error) {
	out, keys, err := l.seal(w)
	if err != nil {
		return keys, err
	}
	_, _, err = Make(ctx, out, j)
	return keys, errors.Join(err, out.Close())
}
