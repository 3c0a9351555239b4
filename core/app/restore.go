package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/backup"
	"github.com/patchbay-im/patchbay/core/blob"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/seal"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/portable"
	"github.com/patchbay-im/patchbay/core/telemetry"
)

// restoreMark stands in a data folder from before the first thing that a
// restore puts there until after the last: what is beside it is of no use, and
// no server starts on it.
const restoreMark = ".restore"

// RestoreOptions is what the command line gives for a restore.
type RestoreOptions struct {
	File           string
	Identities     []string // secret keys of age, or files of them
	PassphraseFile string
	KeyFile        string // the master key, where the backup has none
	WithoutKeys    bool   // go on without it
	Erasures       string // the list of erasures to apply again; "" = none
	Check          bool   // read and check everything, and change nothing
	Out, Log       io.Writer
}

// unfinishedRestore refuses a data folder that a restore has not finished.
func unfinishedRestore(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, restoreMark)); err != nil {
		return nil //nolint:nilerr // it is not there
	}
	return errs.New(errs.Conflict, "restore.unfinished", fmt.Sprintf(
		"A restore into %s did not finish, so what is there is of no use. Run `patchbay restore` again: it begins anew.", dir))
}

// Restore brings a backup back into an empty data folder, and an empty
// PostgreSQL database where the configuration names one. The backup is read and
// checked whole before anything is changed. The database gets a new epoch, so
// that clients who have seen later events begin anew, and the schema of this
// program.
func Restore(ctx context.Context, c Config, o RestoreOptions) error {
	keys, err := backup.Unlocked(o.Identities, o.PassphraseFile)
	if err != nil {
		return err //nolint:wrapcheck // it names the cure
	}
	f, err := os.Open(o.File)
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	r := &restoring{config: c, options: o, keys: keys, file: f}
	if err := r.check(ctx); err != nil || o.Check {
		return err
	}
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.fill(ctx); err != nil {
		return fmt.Errorf("%w (what was restored so far is of no use; run the command again)", err)
	}
	return r.finish(ctx)
}

// restoring is a restore under way.
type restoring struct {
	config  Config
	options RestoreOptions
	keys    backup.Keys
	file    *os.File

	header   backup.Header
	manifest backup.Manifest
	erasures []erasure.Ref
	erased   int
	key      []byte // the master key's file; nil = a new one is made
	epoch    string

	loader  *portable.Loader
	media   *blob.Store
	plugins *os.Root
}

// check reads the whole backup and sees whether everything is ready for it.
func (r *restoring) check(ctx context.Context) error {
	err := r.vacant()
	if err == nil {
		r.erasures, err = readErasures(r.options.Erasures)
	}
	if err != nil {
		return err
	}
	r.header, r.manifest, err = backup.Read(ctx, r.file, r.keys, backup.Visitor{Key: func(key []byte) error {
		r.key = key
		return nil
	}})
	if err != nil {
		return err //nolint:wrapcheck // it names what is damaged
	}
	if err := portable.Fits(databaseOf(r.config, nil).Driver, r.header.Schema); err != nil {
		return err //nolint:wrapcheck // it names the cure
	}
	if err := r.masterKey(); err != nil {
		return err
	}
	if r.options.Check {
		say(r.options.Out, "The backup is whole, and could be restored here.\n")
		describe(r.options.Out, r.header, r.manifest)
	}
	return nil
}

// masterKey finds the key that the backup's secrets are sealed under.
func (r *restoring) masterKey() error {
	o := r.options
	if r.header.Key == "" {
		return nil // there was none
	}
	file := o.KeyFile
	if file == "" && r.key == nil && r.config.Secrets.KeyFile != "" {
		file = r.config.Secrets.KeyFile
	}
	if file != "" {
		box, err := seal.Open(file)
		if err != nil {
			return err //nolint:wrapcheck // it names the cure
		}
		if box.ID() != r.header.Key {
			return errs.New(errs.Invalid, "restore.other_key", fmt.Sprintf("The master key %s is not the one that the backup's secrets are under.", file))
		}
		r.key, err = os.ReadFile(file) //nolint:gosec // the operator names it
		return err                     //nolint:wrapcheck // it names the file
	}
	if r.key == nil && !o.WithoutKeys {
		return errs.New(errs.Invalid, "restore.no_key", "The backup does not hold the master key, so the secrets of inboxes could not be opened. "+
			"Give the key's file with --key-file, or go on with --without-keys and make those secrets anew.")
	}
	return nil
}

// vacant refuses a data folder that holds anything but an unfinished restore.
func (r *restoring) vacant() error {
	entries, err := os.ReadDir(r.config.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("data_dir %q cannot be read: %w", r.config.DataDir, err)
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == restoreMark }) {
		return nil
	}
	for _, e := range entries {
		if e.Name() != "lost+found" {
			return errs.New(errs.Conflict, "restore.not_empty", fmt.Sprintf(
				"The data folder %s is not empty: it has %s. Stop the server if one runs, move the folder away, and restore into an empty one.", r.config.DataDir, e.Name()))
		}
	}
	return nil
}

// begin leaves the mark, then clears what an earlier restore left.
func (r *restoring) begin() error {
	dir := r.config.DataDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data_dir %q cannot be made: %w", dir, err)
	}
	mark, err := os.OpenFile(filepath.Join(dir, restoreMark), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator's folder
	if err != nil {
		return fmt.Errorf("data_dir %q is not writable: %w", dir, err)
	}
	_, err = mark.WriteString(r.header.ID + "\n")
	if err = errors.Join(err, mark.Sync(), mark.Close(), backup.SyncDir(dir)); err != nil {
		return fmt.Errorf("write into %q: %w", dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	for _, e := range entries {
		if e.Name() == restoreMark || e.Name() == "lost+found" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err //nolint:wrapcheck // it names the file
		}
	}
	return nil
}

// fill reads the backup once more and puts everything in its place.
func (r *restoring) fill(ctx context.Context) (err error) {
	c := databaseOf(r.config, nil)
	if r.media, err = blob.Open(dataPath(r.config, "media")); err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	defer r.media.Close() //nolint:errcheck // what was written is on disk
	if err := os.MkdirAll(dataPath(r.config, "plugins"), 0o700); err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	if r.plugins, err = os.OpenRoot(dataPath(r.config, "plugins")); err != nil {
		return err //nolint:wrapcheck // as above
	}
	defer r.plugins.Close() //nolint:errcheck // as above
	if r.loader, err = portable.Begin(ctx, c, r.header.Schema); err != nil {
		return err //nolint:wrapcheck // it names the cure
	}
	if err := r.load(ctx); err != nil {
		return errors.Join(err, r.loader.Abort())
	}
	epoch := make([]byte, 16)
	_, _ = rand.Read(epoch) // never fails: see crypto/rand
	r.epoch = hex.EncodeToString(epoch)
	note := r.header.ID + " " + time.Now().UTC().Format(time.RFC3339)
	if err := r.loader.Finish(ctx, r.manifest.TableSums(), r.epoch, note); err != nil {
		return err //nolint:wrapcheck // it names what failed
	}
	return r.migrate(ctx, c)
}

// load puts the backup's contents where they belong. Files are on disk before
// the database is.
func (r *restoring) load(ctx context.Context) error {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	h, _, err := backup.Read(ctx, r.file, r.keys, backup.Visitor{
		Table:  func(t backup.Table) error { return r.loader.Table(ctx, t.Name, t.Columns) },
		Row:    func(line []byte) error { return r.loader.Row(ctx, line) },
		Media:  r.attachment,
		Plugin: r.plugin,
	})
	if err == nil && h.ID != r.header.ID {
		err = errors.New("the file of the backup was exchanged meanwhile")
	}
	if err != nil {
		return err //nolint:wrapcheck // it names what is damaged
	}
	return r.writeKey()
}

// pieceSize of a file is on disk before the next piece is written.
const pieceSize = 16 << 20

func (r *restoring) attachment(e backup.Entry) error {
	name := media.ID(e.Name)
	if e.Preview {
		data, err := io.ReadAll(e)
		if err != nil {
			return err //nolint:wrapcheck // the backup's own
		}
		return r.media.Draw(name, data) //nolint:wrapcheck // it names the file
	}
	buffer := make([]byte, min(pieceSize, max(e.Size, 1)))
	for at := int64(0); ; {
		n, err := io.ReadFull(e, buffer)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err //nolint:wrapcheck // the backup's own
		}
		if n > 0 || at == 0 {
			if err := r.media.Write(name, at, buffer[:n]); err != nil {
				return err //nolint:wrapcheck // it names the file
			}
		}
		if at += int64(n); last || at == e.Size {
			return r.media.Keep(name) //nolint:wrapcheck // as above
		}
	}
}

func (r *restoring) plugin(e backup.Entry) error {
	name := filepath.FromSlash(e.Name)
	if err := r.plugins.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	f, err := r.plugins.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	_, err = io.Copy(f, e)
	return errors.Join(err, f.Sync(), f.Close())
}

// writeKey puts the master key where a server reads it. A key file that the
// configuration names was compared, and stays as it is.
func (r *restoring) writeKey() error {
	if r.key == nil {
		return nil
	}
	file := keyFile(r.config)
	if r.config.Secrets.KeyFile != "" {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator's own
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	_, err = f.Write(r.key)
	return errors.Join(err, f.Sync(), f.Close(), backup.SyncDir(filepath.Dir(file)))
}

// migrate brings the schema up to this program's. The copy that is made before
// a migration is not needed: there is the backup.
func (r *restoring) migrate(ctx context.Context, c store.Config) error {
	c.Log = telemetry.Logger(r.options.Log, r.config.Log.Level, r.config.Log.Format)
	s, err := store.Open(ctx, c)
	if err != nil {
		return fmt.Errorf("open the restored database: %w", err)
	}
	epoch, err := s.Epoch(ctx)
	if err == nil && epoch != r.epoch {
		err = errors.New("the restored database has another epoch than it was given")
	}
	if err == nil {
		err = r.eraseAgain(ctx, s, c.Log)
	}
	if err = errors.Join(err, s.Close(ctx)); err != nil {
		return err
	}
	copies, err := filepath.Glob(dataPath(r.config, "patchbay.db.schema-*.bak"))
	for _, name := range copies {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// eraseAgain erases whom the backup brought back. Their files, and what deleted
// rows leave behind, are the server's to remove when it starts.
func (r *restoring) eraseAgain(ctx context.Context, s *store.Store, log *slog.Logger) error {
	if len(r.erasures) == 0 {
		return nil
	}
	key := make([]byte, 32) // proofs under no key, where there is none
	if r.key != nil {
		box, err := seal.Open(keyFile(r.config))
		if err != nil {
			return err //nolint:wrapcheck // it names the cure
		}
		key = box.Derive("erasure proofs")
	}
	service := erasure.NewService(erasure.Deps{
		Store: s.Erasures(), Note: func(erasure.Ref) error { return nil }, Key: key, Now: time.Now, Log: log,
	})
	for _, ref := range r.erasures {
		was, err := service.Again(ctx, ref)
		if err != nil {
			return fmt.Errorf("erase %s again: %w", ref.Contact, err)
		}
		if was {
			r.erased++
		}
	}
	return copyList(r.options.Erasures, dataPath(r.config, erasureList))
}

// finish takes the mark away: from here on it is an installation.
func (r *restoring) finish(ctx context.Context) error {
	dir := r.config.DataDir
	for _, name := range []string{"media", "plugins", "."} {
		if err := backup.SyncDir(filepath.Join(dir, name)); err != nil {
			return err //nolint:wrapcheck // it names the folder
		}
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, restoreMark)), backup.SyncDir(dir)); err != nil {
		return fmt.Errorf("end the restore: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err //nolint:wrapcheck // it is whole all the same
	}
	say(r.options.Out, "Restored into %s:\n", dir)
	describe(r.options.Out, r.header, r.manifest)
	say(r.options.Out, "  epoch      %s (was %s): clients fetch everything anew\n", r.epoch, r.header.Epoch)
	if r.key == nil && r.header.Key != "" {
		say(r.options.Out, "  The master key was not restored: make the secrets of inboxes anew.\n")
	}
	if len(r.erasures) > 0 {
		say(r.options.Out, "  erasures   %d of %d contacts of the list were in the backup, and are erased again\n", r.erased, len(r.erasures))
	}
	say(r.options.Out, "Start the server: patchbay serve\n")
	return nil
}
