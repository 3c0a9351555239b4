// Package archive writes exports: a zip of lines of JSON, tables and files, in
// a folder of its own. It implements export.Press.
//
//	manifest.json     what is in it: counts, sizes, SHA-256 of every file; it comes last
//	schema.json       what the lines hold
//	data/NOUN.jsonl   one JSON object a line
//	contacts.csv, tickets.csv
//	files/ID-NAME     attachments
//
// A file is written under another name and gets its own when it is whole and on
// disk. Memory is bounded whatever the size.
package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/media"
)

// Press writes exports into a folder.
type Press struct {
	root  *os.Root
	take  func(ctx context.Context, of export.Of) (export.Source, error)
	files Files
	now   func() time.Time
}

// Files opens attachments.
type Files interface {
	Open(name media.ID, p media.Part) (media.Content, error)
}

// New opens the folder, which it makes. take opens what is read.
func New(dir string, take func(ctx context.Context, of export.Of) (export.Source, error), files Files, now func() time.Time) (*Press, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of exports: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of exports: %w", err)
	}
	return &Press{root: root, take: take, files: files, now: now}, nil
}

// Close closes the folder.
func (p *Press) Close() error { return p.root.Close() }

const (
	whole = ".zip"
	half  = ".part"
)

// Write implements export.Press.
func (p *Press) Write(ctx context.Context, name export.ID, of export.Of, tell func(done, total int64) error) (export.Made, error) {
	if !id.Valid("exp", string(name)) {
		return export.Made{}, fmt.Errorf("%q is no export", name)
	}
	part := string(name) + half
	f, err := p.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return export.Made{}, err //nolint:wrapcheck // it names the file
	}
	made, err := p.fill(ctx, f, of, tell)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = p.root.Rename(part, string(name)+whole)
	}
	if err == nil {
		return made, nil
	}
	_ = p.root.Remove(part) // err says more
	return export.Made{}, full(err)
}

// full says that there is no space, where that is why something failed.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return errs.Wrap(err, errs.Unavailable, "export.no_space", "The disk is full. Nothing was kept of the export.")
	}
	return err
}

func (p *Press) fill(ctx context.Context, f io.Writer, of export.Of, tell func(done, total int64) error) (made export.Made, err error) {
	source, err := p.take(ctx, of)
	if err != nil {
		return made, fmt.Errorf("read the database: %w", err)
	}
	defer source.Close() //nolint:errcheck // read only
	return Fill(ctx, f, Content{Of: of, Source: source, Files: p.files, At: p.now(), Tell: tell})
}

// Fill writes an export to a stream. Errors: export.no_space.
func Fill(ctx context.Context, to io.Writer, c Content) (export.Made, error) {
	sum := sha256.New()
	n := &counted{to: io.MultiWriter(to, sum)}
	counts, err := writeZip(ctx, n, c)
	return export.Made{Size: n.n, SHA256: hex.EncodeToString(sum.Sum(nil)), Counts: counts}, full(err)
}

type counted struct {
	to io.Writer
	n  int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	return n, err //nolint:wrapcheck // a writer's own
}

// file is an open export.
type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

// Open implements export.Press.
func (p *Press) Open(name export.ID) (export.File, error) {
	f, err := p.root.Open(string(name) + whole)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, export.ErrLost
	}
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the file
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file{f, info.Size()}, nil
}

// Remove implements export.Press.
func (p *Press) Remove(name export.ID) error {
	for _, ending := range []string{whole, half} {
		if err := p.root.Remove(string(name) + ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err //nolint:wrapcheck // it names the file
		}
	}
	return nil
}

// Sweep implements export.Press.
func (p *Press) Sweep(before time.Time) error {
	d, err := p.root.Open(".")
	if err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	defer d.Close() //nolint:errcheck // read only
	all, err := d.ReadDir(-1)
	for _, e := range all {
		if !strings.HasSuffix(e.Name(), half) {
			continue
		}
		if info, failed := e.Info(); failed == nil && info.ModTime().Before(before) {
			err = errors.Join(err, p.root.Remove(e.Name()))
		}
	}
	return err
}
