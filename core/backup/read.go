package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Visitor is told what a backup holds, in its order; every func may be nil.
// Nothing that it was told is certain before Read has returned without an
// error.
type Visitor struct {
	Header func(h Header) error
	Table  func(t Table) error     // before its rows, also when it has none
	Row    func(line []byte) error // valid until it returns
	Key    func(key []byte) error  // the master key's file
	Media  func(e Entry) error     // an attachment's part
	Plugin func(e Entry) error     // a file of a plugin's
}

// Entry is a file in the backup.
type Entry struct {
	Name    string // of the attachment, or the path below the plugins' folder
	Preview bool   // of the attachment
	Size    int64
	io.Reader
}

// Read reads a backup to its end and checks everything in it: every entry's
// hash, every table's rows, and that nothing is missing or too much. Errors are
// errs.Invalid: backup.not_one, backup.format_newer, backup.unfinished and
// backup.damaged, which names what, and backup.needs_key, backup.wrong_key.
func Read(ctx context.Context, r io.Reader, keys Keys, v Visitor) (Header, Manifest, error) {
	d := &reader{ctx: ctx, visit: v, name: "its beginning", total: sha256.New()}
	raw, err := keys.open(r)
	if err == nil {
		err = d.read(bufio.NewReaderSize(raw, 1<<16))
	}
	if visit, ok := errors.AsType[*visitError](err); ok {
		return d.header, d.manifest, visit.error
	}
	if err != nil && !errs.Is(err, errs.Invalid) {
		err = damaged("it cannot be read at "+d.name, err)
	}
	return d.header, d.manifest, err
}

// visitError is a failure of the Visitor's, not of the backup.
type visitError struct{ error }

func visited(err error) error {
	if err == nil {
		return nil
	}
	return &visitError{err}
}

type reader struct {
	ctx   context.Context //nolint:containedctx // of one call
	visit Visitor
	tar   *tar.Reader

	header   Header
	manifest Manifest
	name     string // of the entry at work, for errors

	pending []string // sums of entries since the last sums, as lines
	total   hash.Hash
	entries int
	sums    int

	table   int // that rows come for; index into the header's
	begun   bool
	part    int
	rows    int64
	rowSum  hash.Hash
	tables  []TableSum
	files   int
	bytes   int64
	plugins int
	pbytes  int64
}

// gzipHead is how a gzip member of ours begins: no name, no time. Nothing else
// in the stream is without a checksum.
const gzipHead = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"

func (d *reader) read(r *bufio.Reader) error {
	head, err := r.Peek(len(gzipHead))
	if err != nil || string(head) != gzipHead {
		return errs.Wrap(err, errs.Invalid, "backup.not_one", "This is no backup of Patchbay's, or its first bytes are damaged.")
	}
	gz, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	gz.Multistream(false)
	d.tar = tar.NewReader(gz)
	if err := d.all(); err != nil {
		return err
	}
	// To the end: what stands behind the archive, and the checksum.
	if n, err := gz.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return damaged("something stands behind its end", err)
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		return damaged("something stands behind its end", err)
	}
	return nil
}

func (d *reader) all() error {
	for n := 0; ; n++ {
		if err := d.ctx.Err(); err != nil {
			return visited(err)
		}
		h, err := d.tar.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errs.Wrap(err, errs.Invalid, "backup.unfinished", "The backup ends after "+d.name+", before its end: it was cut off. Use another one.")
		}
		if err != nil {
			return damaged("what follows "+d.name+" cannot be read", err)
		}
		if h.Typeflag != tar.TypeReg || h.Size < 0 || path.Clean(h.Name) != h.Name || path.IsAbs(h.Name) || strings.HasPrefix(h.Name, "..") {
			return damaged(fmt.Sprintf("it has an entry %q", h.Name), nil)
		}
		d.name = h.Name
		if n == 0 && h.Name != headerName {
			return errs.New(errs.Invalid, "backup.not_one", "This is no backup of Patchbay's.")
		}
		done, err := d.entry(h.Name, h.Size)
		if err != nil {
			return err
		}
		if done {
			return d.end()
		}
	}
}

// end makes sure that the manifest was the last entry.
func (d *reader) end() error {
	if _, err := d.tar.Next(); !errors.Is(err, io.EOF) {
		return damaged("something stands behind its manifest", err)
	}
	return nil
}

// entry reads one and reports whether it was the last.
func (d *reader) entry(name string, size int64) (bool, error) {
	switch {
	case name == manifestName:
		return true, d.readManifest(size)
	case strings.HasPrefix(name, sumsDir):
		return false, d.readSums(name, size)
	case name == headerName:
		return false, d.summed(name, d.readHeader)
	case name == keyName:
		return false, d.summed(name, d.readKey)
	case strings.HasPrefix(name, databaseDir):
		return false, d.summed(name, d.readChunk)
	}
	// Everything else comes after the tables.
	if err := d.endTables(); err != nil {
		return false, err
	}
	switch {
	case strings.HasPrefix(name, mediaDir):
		return false, d.summed(name, func(r io.Reader) error { return d.readMedia(r, size) })
	case strings.HasPrefix(name, pluginDir):
		return false, d.summed(name, func(r io.Reader) error { return d.readPlugin(r, size) })
	default:
		return false, damaged(fmt.Sprintf("it has an entry %q", name), nil)
	}
}

// summed reads an entry to its end and keeps its sum for the next sums.
func (d *reader) summed(name string, read func(io.Reader) error) error {
	h := sha256.New()
	r := io.TeeReader(d.tar, h)
	if err := read(r); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	d.entries++
	d.pending = append(d.pending, hex.EncodeToString(h.Sum(nil))+"  "+name)
	if len(d.pending) > sumsPerOne {
		return damaged("its sums do not come in time", nil)
	}
	return nil
}

func (d *reader) readSums(name string, size int64) error {
	d.sums++
	if name != fmt.Sprintf("%s%06d.txt", sumsDir, d.sums) || size > jsonMost {
		return damaged(fmt.Sprintf("it has an entry %q", name), nil)
	}
	data, err := io.ReadAll(d.tar)
	if err != nil {
		return err
	}
	d.total.Write(data)
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) != len(d.pending) {
		return damaged(name+" does not name the entries before it", nil)
	}
	for i, line := range lines {
		if line != d.pending[i] {
			_, entry, _ := strings.Cut(d.pending[i], "  ")
			return damaged(entry+" is not what "+name+" says", nil)
		}
	}
	d.pending = d.pending[:0]
	return nil
}

func (d *reader) json(r io.Reader, into any) error {
	data, err := io.ReadAll(io.LimitReader(r, jsonMost))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return damaged(d.name+" is not what it should be", err)
	}
	return nil
}

func (d *reader) readHeader(r io.Reader) error {
	if d.header.ID != "" {
		return damaged("it has two headers", nil)
	}
	if err := d.json(r, &d.header); err != nil {
		return err
	}
	if d.header.Format > Format {
		return errs.New(errs.Invalid, "backup.format_newer", fmt.Sprintf(
			"The backup has format %d, and this program reads %d: version %s made it. Use that version.", d.header.Format, Format, d.header.Version))
	}
	if d.header.Format < 1 || d.header.ID == "" || len(d.header.Tables) == 0 {
		return damaged("its header is empty", nil)
	}
	if d.visit.Header != nil {
		return visited(d.visit.Header(d.header))
	}
	return nil
}

func (d *reader) readKey(r io.Reader) error {
	key, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return err
	}
	if !d.header.HasKey {
		return damaged("it has a key that its header does not name", nil)
	}
	if d.visit.Key != nil {
		return visited(d.visit.Key(key))
	}
	return nil
}

func (d *reader) readManifest(size int64) error {
	if err := d.endTables(); err != nil {
		return err
	}
	if len(d.pending) > 0 || size > jsonMost {
		return damaged("its last entries have no sums", nil)
	}
	if err := d.json(d.tar, &d.manifest); err != nil {
		return err
	}
	m := d.manifest
	if m.ID != d.header.ID || m.Entries != d.entries || m.Sums != hex.EncodeToString(d.total.Sum(nil)) ||
		m.Files != d.files || m.FileBytes != d.bytes || m.Plugins != d.plugins || m.PluginBytes != d.pbytes || len(m.Tables) != len(d.tables) {
		return damaged("what is in it is not what its manifest says", nil)
	}
	for i, t := range m.Tables {
		if t != d.tables[i] {
			return damaged("the table "+t.Name+" is not what its manifest says", nil)
		}
	}
	return nil
}

func (d *reader) readMedia(r io.Reader, size int64) error {
	name, preview := strings.CutSuffix(strings.TrimPrefix(d.name, mediaDir), previewEnd)
	if strings.Contains(name, "/") {
		return damaged(fmt.Sprintf("it has an entry %q", d.name), nil)
	}
	d.files++
	d.bytes += size
	if d.visit.Media != nil {
		return visited(d.visit.Media(Entry{Name: name, Preview: preview, Size: size, Reader: r}))
	}
	return nil
}

func (d *reader) readPlugin(r io.Reader, size int64) error {
	d.plugins++
	d.pbytes += size
	if d.visit.Plugin != nil {
		return visited(d.visit.Plugin(Entry{Name: strings.TrimPrefix(d.name, pluginDir), Size: size, Reader: r}))
	}
	return nil
}

// readChunk reads some rows of a table.
func (d *reader) readChunk(r io.Reader) error {
	name, part, _ := strings.Cut(strings.TrimPrefix(d.name, databaseDir), "/")
	if len(d.tables) == len(d.header.Tables) {
		return damaged(d.name+" comes too late", nil)
	}
	for !d.begun || d.header.Tables[d.table].Name != name {
		if err := d.nextTable(); err != nil {
			return err
		}
	}
	d.part++
	if part != fmt.Sprintf("%06d.jsonl", d.part) {
		return damaged(fmt.Sprintf("%s comes where part %d of the table should", d.name, d.part), nil)
	}
	data, err := io.ReadAll(io.LimitReader(r, chunkMost))
	if err != nil {
		return err
	}
	d.rowSum.Write(data)
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n') + 1
		if end == 0 || data[0] != '[' {
			return damaged(d.name+" does not hold rows", nil)
		}
		d.rows++
		if d.visit.Row != nil {
			if err := d.visit.Row(data[:end]); err != nil {
				return visited(err)
			}
		}
		data = data[end:]
	}
	return nil
}

// nextTable ends a table and begins the next.
func (d *reader) nextTable() error {
	if d.begun {
		t := d.header.Tables[d.table]
		d.tables = append(d.tables, TableSum{Name: t.Name, Rows: d.rows, SHA256: hex.EncodeToString(d.rowSum.Sum(nil))})
		d.table++
	}
	if d.table >= len(d.header.Tables) {
		return damaged(d.name+" is of a table that its header does not name", nil)
	}
	d.begun, d.part, d.rows, d.rowSum = true, 0, 0, sha256.New()
	if d.visit.Table != nil {
		return visited(d.visit.Table(d.header.Tables[d.table]))
	}
	return nil
}

// endTables ends the last table, and those behind it that have no rows.
func (d *reader) endTables() error {
	for len(d.tables) < len(d.header.Tables) {
		if d.begun && d.table == len(d.header.Tables)-1 {
			t := d.header.Tables[d.table]
			d.tables = append(d.tables, TableSum{Name: t.Name, Rows: d.rows, SHA256: hex.EncodeToString(d.rowSum.Sum(nil))})
			return nil
		}
		if err := d.nextTable(); err != nil {
			return err
		}
	}
	return nil
}
