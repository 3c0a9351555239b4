package archive

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/patchbay-im/patchbay/core/contact/sheet"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/media"
)

// Content is what is written.
type Content struct {
	Of     export.Of
	Source export.Source
	Files  Files
	At     time.Time
	// Tell is called now and then with how many lines of how many are written.
	Tell func(done, total int64) error
}

// entry is a file of an archive as the manifest tells of it.
type entry struct {
	Name   string `json:"name"`
	Lines  int64  `json:"lines,omitempty"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// manifest ends an archive.
type manifest struct {
	Format    string           `json:"format"`
	Workspace string           `json:"workspace_id"`
	Contact   string           `json:"contact_id,omitempty"`
	At        time.Time        `json:"made_at"`
	Files     bool             `json:"with_files"`
	Counts    map[string]int64 `json:"counts"`
	Missing   []string         `json:"missing_files,omitempty"` // attachments whose bytes are gone
	Entries   []entry          `json:"entries"`
}

// writing is an archive under way.
type writing struct {
	Content
	zip         *zip.Writer
	manifest    manifest
	done, total int64
}

func writeZip(ctx context.Context, to io.Writer, c Content) (map[string]int64, error) {
	w := &writing{Content: c, zip: zip.NewWriter(to), manifest: manifest{
		Format: export.Format, Workspace: string(c.Of.Workspace), Contact: string(c.Of.Contact), At: c.At.UTC().Truncate(time.Millisecond), Files: c.Of.Files,
		Counts: map[string]int64{},
	}}
	var err error
	if w.total, err = c.Source.Total(ctx); err != nil {
		return nil, fmt.Errorf("count what is exported: %w", err)
	}
	if err := c.Tell(0, w.total); err != nil {
		return nil, err
	}
	nouns := c.Source.Nouns()
	steps := []func() error{func() error { return w.schema(nouns) }}
	for _, n := range nouns {
		steps = append(steps, func() error { return w.lines(ctx, n) })
		if n.Table {
			steps = append(steps, func() error { return w.table(ctx, n) })
		}
	}
	steps = append(steps, func() error { return w.files(ctx) }, w.end)
	for _, step := range steps {
		if err := errors.Join(ctx.Err(), step()); err != nil {
			return nil, err
		}
	}
	return w.manifest.Counts, w.zip.Close()
}

// put writes one file of the archive.
func (w *writing) put(name string, method uint16, fill func(io.Writer) (lines int64, err error)) error {
	to, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: w.At})
	if err != nil {
		return err //nolint:wrapcheck // a writer's own
	}
	sum := sha256.New()
	n := &counted{to: io.MultiWriter(to, sum)}
	lines, err := fill(n)
	w.manifest.Entries = append(w.manifest.Entries, entry{Name: name, Lines: lines, Size: n.n, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return err
}

func (w *writing) schema(nouns []export.Noun) error {
	type field struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
	type noun struct {
		Name   string  `json:"name"`
		About  string  `json:"about"`
		Fields []field `json:"fields"`
	}
	out := struct {
		Format string `json:"format"`
		Nouns  []noun `json:"nouns"`
	}{Format: export.Format}
	for _, n := range nouns {
		one := noun{Name: n.Name, About: n.About}
		for _, f := range n.Fields {
			one.Fields = append(one.Fields, field(f))
		}
		if n.Name == export.Attachments {
			one.Fields = append(one.Fields, field{"path", "text"})
		}
		out.Nouns = append(out.Nouns, one)
	}
	return w.json("schema.json", out)
}

func (w *writing) json(name string, v any) error {
	return w.put(name, zip.Deflate, func(to io.Writer) (int64, error) {
		e := json.NewEncoder(to)
		e.SetIndent("", "  ")
		return 0, e.Encode(v)
	})
}

// often is after how many lines it is told how far it is.
const often = 200

func (w *writing) lines(ctx context.Context, n export.Noun) error {
	return w.put("data/"+n.Name+".jsonl", zip.Deflate, func(to io.Writer) (count int64, err error) {
		path := w.pathOf(n)
		err = w.Source.Lines(ctx, n.Name, func(cells []string, line []byte) error {
			if n.Name == export.Attachments {
				_, file := path(cells)
				quoted, err := json.Marshal(file)
				if err != nil {
					return err //nolint:wrapcheck // of a text
				}
				line = fmt.Appendf(nil, "%s,\"path\":%s}\n", line[:len(line)-2], quoted)
			}
			count++
			if w.done++; w.done%often == 0 {
				if err := w.Tell(w.done, w.total); err != nil {
					return err
				}
			}
			_, err := to.Write(line)
			return err //nolint:wrapcheck // a writer's own
		})
		w.manifest.Counts[n.Name] = count
		return count, err
	})
}

// pathOf tells the id of an attachment, and its file in the archive; "" = it has
// none there.
func (w *writing) pathOf(n export.Noun) func(cells []string) (id, path string) {
	place := func(name string) int {
		return slices.IndexFunc(n.Fields, func(f export.Field) bool { return f.Name == name })
	}
	at, name, removed, arrival := place("id"), place("name"), place("removed_at"), place("arrival")
	return func(cells []string) (string, string) {
		if !w.Of.Files || cells[removed] != "" || cells[arrival] != "" { // not here, or kept back
			return cells[at], ""
		}
		return cells[at], "files/" + cells[at] + "-" + safe(cells[name])
	}
}

// safe is a name that is one on every system: letters, digits and a few signs.
func safe(name string) string {
	out := []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, name))
	const most = 80
	if len(out) > most {
		out = out[len(out)-most:]
	}
	return string(out)
}

// table writes a noun as CSV in UTF-8 with the mark that spreadsheets ask for.
// No cell begins a formula.
func (w *writing) table(ctx context.Context, n export.Noun) error {
	return w.put(n.Name+".csv", zip.Deflate, func(to io.Writer) (count int64, err error) {
		if _, err := io.WriteString(to, "\uFEFF"); err != nil {
			return 0, err //nolint:wrapcheck // a writer's own
		}
		table := csv.NewWriter(to)
		head := make([]string, len(n.Fields))
		for i, f := range n.Fields {
			head[i] = f.Name
		}
		if err := table.Write(head); err != nil {
			return 0, err //nolint:wrapcheck // as above
		}
		err = w.Source.Lines(ctx, n.Name, func(cells []string, _ []byte) error {
			row := make([]string, len(cells))
			for i, cell := range cells {
				row[i] = sheet.Safe(cell)
			}
			count++
			return table.Write(row)
		})
		table.Flush()
		return count, errors.Join(err, table.Error())
	})
}

// files copies the bytes of attachments. What went since the moment that is
// read is told in the manifest.
func (w *writing) files(ctx context.Context) error {
	nouns := w.Source.Nouns()
	path := w.pathOf(nouns[slices.IndexFunc(nouns, func(n export.Noun) bool { return n.Name == export.Attachments })])
	return w.Source.Lines(ctx, export.Attachments, func(cells []string, _ []byte) error { //nolint:wrapcheck // it says what was read
		id, to := path(cells)
		if to == "" {
			return nil
		}
		if err := errors.Join(ctx.Err(), w.Tell(w.done, w.total)); err != nil {
			return err
		}
		return w.file(media.ID(id), to)
	})
}

func (w *writing) file(id media.ID, path string) error {
	f, err := w.Files.Open(id, media.Original)
	if errors.Is(err, media.ErrLost) {
		w.manifest.Missing = append(w.manifest.Missing, string(id))
		return nil
	}
	if err != nil {
		return fmt.Errorf("read an attachment: %w", err)
	}
	err = w.put(path, zip.Store, func(to io.Writer) (int64, error) {
		_, err := io.Copy(to, io.NewSectionReader(f, 0, f.Size()))
		return 0, err //nolint:wrapcheck // a writer's own
	})
	return errors.Join(err, f.Close())
}

func (w *writing) end() error { return w.json("manifest.json", w.manifest) }
