// Package backup is the file that a whole installation fits in: a tar archive
// under gzip, and under age where it is encrypted. It writes one from a
// snapshot of the database and the files that belong to it, reads it back, and
// checks everything in it. docs/adr/0029-backup-retention-erasure.md says why
// it is made so; standard tools open it (age, tar).
//
//	patchbay.json                header: what the backup is of
//	database/<table>/000001.jsonl  rows, as core/store/portable writes them
//	media/att_…                  an attachment; media/att_….preview its raster
//	plugins/<folder>/…           what plugins keep
//	keys/master.key              what sealed secrets are under, unless left out
//	sums/000001.txt              SHA-256 of the entries before it, as sha256sum writes
//	manifest.json                the last entry: counts and hashes of everything
//
// A backup without its manifest has not been finished. Memory is bounded: by a
// part of a table, which is a mebibyte or one row, whatever is more.
//
// Concurrency: Make and Read run in the caller's goroutine.
package backup

import (
	"context"
	"io"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
)

// Format is the version of the archive's layout. A reader refuses newer ones.
const Format = 1

// Names in the archive.
const (
	headerName   = "patchbay.json"
	manifestName = "manifest.json"
	keyName      = "keys/master.key"
	databaseDir  = "database/"
	mediaDir     = "media/"
	pluginDir    = "plugins/"
	sumsDir      = "sums/"
	previewEnd   = ".preview"
)

// Limits of what is held in memory.
const (
	chunkSize  = 1 << 20 // of rows; a longer row is a chunk of its own
	chunkMost  = 1 << 29 // of rows that a reader takes
	jsonMost   = 64 << 20
	sumsPerOne = 1000 // entries
)

// Header says what a backup is of. It is the first entry.
type Header struct {
	Format    int       `json:"format"`
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Version   string    `json:"version"` // of the program
	Driver    string    `json:"driver"`  // of the database it came from
	Schema    []string  `json:"schema"`  // its steps
	Epoch     string    `json:"epoch"`
	Tables    []Table   `json:"tables"`
	Key       string    `json:"key"`     // the id of the master key; says nothing of the key
	HasKey    bool      `json:"has_key"` // the master key is inside
}

// Table names a table and its columns, in the order of a row's values.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// Manifest says what is inside. It is the last entry.
type Manifest struct {
	ID          string     `json:"id"` // the header's
	FinishedAt  time.Time  `json:"finished_at"`
	Tables      []TableSum `json:"tables"`
	Files       int        `json:"files"` // of attachments, previews included
	FileBytes   int64      `json:"file_bytes"`
	Plugins     int        `json:"plugin_files"`
	PluginBytes int64      `json:"plugin_bytes"`
	Entries     int        `json:"entries"` // that sums name
	Sums        string     `json:"sums"`    // SHA-256 of all sums, one after another
	// Faults are what the installation itself lacked when it was copied.
	Faults []string `json:"faults"`
}

// TableSum counts a table's rows and hashes their lines.
type TableSum struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// TableSums returns the hashes by table.
func (m Manifest) TableSums() map[string]string {
	out := make(map[string]string, len(m.Tables))
	for _, t := range m.Tables {
		out[t.Name] = t.SHA256
	}
	return out
}

// Rows returns how many rows a table has.
func (m Manifest) Rows(table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// Source is a database at one moment; core/store/portable has one.
type Source interface {
	Driver() string
	Schema() []string
	Epoch() string
	Tables() []string
	Columns(table string) []string
	// Rows calls each with every row as a line, its end included.
	Rows(ctx context.Context, table string, each func(line []byte) error) error
	// Files calls each with every whole attachment.
	Files(ctx context.Context, each func(id string, size int64, sha256 string, preview bool) error) error
}

// Media reads attachments; core/blob does. The caller holds them in place.
type Media interface {
	Open(id media.ID, p media.Part) (media.Content, error)
}

// contents turns a file into a reader.
func contents(c media.Content) io.Reader { return io.NewSectionReader(c, 0, c.Size()) }

func damaged(what string, cause error) error {
	return errs.Wrap(cause, errs.Invalid, "backup.damaged", "The backup is damaged: "+what+". Use another one.")
}
