package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/archive"
	"github.com/patchbay-im/patchbay/core/blob"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/telemetry"
)

// newExports makes the use cases of exports, and the folder of their files.
func (s *server) newExports() (err error) {
	s.press, err = archive.New(dataPath(s.config, "exports"), func(ctx context.Context, of export.Of) (export.Source, error) {
		return store.TakeExport(ctx, databaseOf(s.config, s.log), of)
	}, s.files, s.now)
	if err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	s.exports = export.NewService(export.Deps{
		Store: s.store.Exports(), Press: s.press,
		Known: func(ctx context.Context, w identity.WorkspaceID, c contact.ID) error {
			_, _, err := s.store.Contacts().Get(ctx, w, c)
			return err //nolint:wrapcheck // a port's own
		},
		Days: func(ctx context.Context, w identity.WorkspaceID) (int, error) {
			return s.retention.Days(ctx, w, retention.Exports)
		},
		Now: s.now, Log: s.log,
	})
	return nil
}

// runExports makes what was asked for, until ctx ends.
func (s *server) runExports(ctx context.Context) {
	alone := s.config.Database.URL == "" // no other process is at work on an embedded database
	for ctx.Err() == nil {
		s.chore(ctx, "making exports", func() error { return s.exports.Work(ctx, alone) })
		alone = false
		rest(ctx, time.Second)
	}
}

// ExportOptions is what the command line gives for an export.
type ExportOptions struct {
	Workspace string // its id or its name; "" = the only one
	Contact   string // an id; "" = everything
	To        string // a file, or "-"
	NoFiles   bool
	Out, Log  io.Writer
}

// Export writes what an installation keeps of a workspace, or of one contact,
// while its server runs.
func Export(ctx context.Context, c Config, o ExportOptions) error {
	if o.To == "" {
		return errors.New("name where the export goes: --to FILE, or --to - for standard output")
	}
	if err := known(c); err != nil {
		return err
	}
	log := telemetry.Logger(o.Log, c.Log.Level, c.Log.Format)
	w, err := workspaceNamed(ctx, c, o)
	if err != nil {
		return err
	}
	files, err := blob.Open(dataPath(c, "media"))
	if err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	defer files.Close() //nolint:errcheck // read only
	of := export.Of{Workspace: w, Contact: contact.ID(o.Contact), Files: !o.NoFiles}
	source, err := store.TakeExport(ctx, databaseOf(c, log), of)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer source.Close() //nolint:errcheck // read only
	var made export.Made
	err = writeFile(o.To, o.Out, func(to io.Writer) error {
		made, err = archive.Fill(ctx, to, archive.Content{Of: of, Source: source, Files: files, At: time.Now(), Tell: func(int64, int64) error { return ctx.Err() }})
		return err //nolint:wrapcheck // below
	})
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	say(o.Log, "Exported workspace %s: %d contacts, %d conversations, %d messages, %d tickets; %d bytes, SHA-256 %s\n",
		w, made.Counts["contacts"], made.Counts["conversations"], made.Counts["messages"], made.Counts["tickets"], made.Size, made.SHA256)
	return nil
}

// writeFile fills a new file that has its name only when it is whole and on
// disk, or standard output for "-". One that is there is never written over.
func writeFile(name string, standard io.Writer, fill func(io.Writer) error) error {
	if name == "-" {
		return fill(standard)
	}
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s is there already: name another file", name)
	}
	part := name + ".part"                                                 // a killed run leaves it; it is no export
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	err = errors.Join(fill(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		_ = os.Remove(part) // err says more
	}
	return err //nolint:wrapcheck // it names the file
}

// workspaceNamed finds a workspace by its id or its name.
func workspaceNamed(ctx context.Context, c Config, o ExportOptions) (identity.WorkspaceID, error) {
	all, err := store.Workspaces(ctx, databaseOf(c, telemetry.Logger(o.Log, c.Log.Level, c.Log.Format)))
	if err != nil {
		return "", fmt.Errorf("read the workspaces: %w", err)
	}
	var found, names []string
	for id, name := range all {
		names = append(names, fmt.Sprintf("%s (%s)", id, name))
		if o.Workspace == "" || o.Workspace == string(id) || strings.EqualFold(o.Workspace, name) {
			found = append(found, string(id))
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("name one workspace with --workspace, by its id: there are %s", strings.Join(names, ", "))
	}
	return identity.WorkspaceID(found[0]), nil
}
