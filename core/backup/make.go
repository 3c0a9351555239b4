package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/media"
)

// Job is what a backup is made of. All but Key are required.
type Job struct {
	Source Source
	// Rested is called when the source has been read to its end, and not
	// before: files are copied after, so the moment need not be held as long.
	Rested func() error
	Media  Media
	// Plugins calls each with every file that a plugin keeps: its path below
	// the plugins' folder, with slashes, and an open copy that each closes.
	Plugins func(ctx context.Context, each func(name string, f *os.File) error) error
	Key     []byte // the master key's file; nil = left out
	KeyID   string
	Version string
	Now     func() time.Time
	Spool   string // folder of a temporary file
}

// Make writes a backup and returns its header and manifest. What the
// installation itself lacks, such as an attachment that somebody removed, is
// in Manifest.Faults and no error.
func Make(ctx context.Context, w io.Writer, j Job) (Header, Manifest, error) {
	now := j.Now().UTC().Truncate(time.Second)
	h := Header{
		Format: Format, ID: id.NewSource(j.Now).New("bkp"), CreatedAt: now, Version: j.Version, Driver: j.Source.Driver(),
		Schema: j.Source.Schema(), Epoch: j.Source.Epoch(), Key: j.KeyID, HasKey: j.Key != nil,
	}
	for _, t := range j.Source.Tables() {
		h.Tables = append(h.Tables, Table{Name: t, Columns: j.Source.Columns(t)})
	}
	m := &maker{job: j, manifest: Manifest{ID: h.ID, Faults: []string{}}}
	var err error
	if m.archive, err = newArchive(w, now); err != nil {
		return h, m.manifest, err
	}
	if err := m.make(ctx, h); err != nil {
		return h, m.manifest, err
	}
	m.manifest.FinishedAt = j.Now().UTC().Truncate(time.Second)
	return h, m.manifest, m.archive.finish(m.manifest)
}

type maker struct {
	job      Job
	archive  *archive
	manifest Manifest
}

func (m *maker) make(ctx context.Context, h Header) error {
	text, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	if err := m.archive.bytes(headerName, append(text, '\n')); err != nil {
		return err
	}
	if m.job.Key != nil {
		if err := m.archive.bytes(keyName, m.job.Key); err != nil {
			return err
		}
	}
	for _, t := range h.Tables {
		if err := m.table(ctx, t.Name); err != nil {
			return fmt.Errorf("copy the table %s: %w", t.Name, err)
		}
	}
	list, err := m.list(ctx)
	if err != nil {
		return err
	}
	defer list.Close() //nolint:errcheck // it has no name any more
	if err := m.job.Rested(); err != nil {
		return err
	}
	if err := m.media(ctx, list); err != nil {
		return err
	}
	return m.job.Plugins(ctx, m.plugin)
}

// table copies the rows of a table, a chunk at a time.
func (m *maker) table(ctx context.Context, name string) error {
	sum := sha256.New()
	var chunk bytes.Buffer
	var rows int64
	part := 0
	flush := func() error {
		if chunk.Len() == 0 {
			return nil
		}
		part++
		defer chunk.Reset()
		return m.archive.bytes(fmt.Sprintf("%s%s/%06d.jsonl", databaseDir, name, part), chunk.Bytes())
	}
	err := m.job.Source.Rows(ctx, name, func(line []byte) error {
		rows++
		sum.Write(line)
		chunk.Write(line)
		if chunk.Len() < chunkSize {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	m.manifest.Tables = append(m.manifest.Tables, TableSum{Name: name, Rows: rows, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return err
}

// list writes down which attachments there are, in a file without a name.
func (m *maker) list(ctx context.Context) (*os.File, error) {
	f, err := os.CreateTemp(m.job.Spool, "patchbay-backup-list-*")
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(f)
	err = os.Remove(f.Name())
	if err == nil {
		err = m.job.Source.Files(ctx, func(name string, size int64, sum string, preview bool) error {
			_, err := fmt.Fprintf(w, "%s %d %s %t\n", name, size, sum, preview)
			return err
		})
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (m *maker) media(ctx context.Context, list io.Reader) error {
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		if err := ctx.Err(); err != nil {
			return err
		}
		fields := strings.Split(lines.Text(), " ")
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return err
		}
		if err := m.file(fields[0], media.Original, size, fields[2]); err != nil {
			return err
		}
		if fields[3] == "true" {
			if err := m.file(fields[0], media.Drawing, -1, ""); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

// file copies a part of an attachment. size is -1 where the row does not say,
// and sum "".
func (m *maker) file(name string, part media.Part, size int64, sum string) error {
	entry := mediaDir + name
	if part == media.Drawing {
		entry += previewEnd
	}
	c, err := m.job.Media.Open(media.ID(name), part)
	if err != nil {
		m.fault("%s is missing: %v", entry, err)
		return nil
	}
	defer c.Close() //nolint:errcheck // read only
	if size >= 0 && c.Size() != size {
		m.fault("%s has %d bytes and should have %d", entry, c.Size(), size)
		return nil
	}
	got, short, err := m.archive.stream(entry, c.Size(), contents(c))
	if err != nil {
		return err
	}
	if short || sum != "" && got != sum {
		m.fault("%s cannot be read as it was when it came in", entry)
	}
	m.manifest.Files++
	m.manifest.FileBytes += c.Size()
	return nil
}

func (m *maker) plugin(name string, f *os.File) error {
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, short, err := m.archive.stream(pluginDir+name, info.Size(), f)
	if err != nil {
		return err
	}
	if short {
		m.fault("%s%s changed while it was copied", pluginDir, name)
	}
	m.manifest.Plugins++
	m.manifest.PluginBytes += info.Size()
	return nil
}

// faultsMost bounds the manifest.
const faultsMost = 1000

func (m *maker) fault(format string, args ...any) {
	if len(m.manifest.Faults) < faultsMost {
		m.manifest.Faults = append(m.manifest.Faults, fmt.Sprintf(format, args...))
	}
}
