package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/backup"
	"github.com/patchbay-im/patchbay/core/blob"
	"github.com/patchbay-im/patchbay/core/config"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/seal"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/portable"
	"github.com/patchbay-im/patchbay/core/telemetry"
)

// BackupOptions is what the command line gives for a backup.
type BackupOptions struct {
	To             string   // a file, a folder or "-"
	Recipients     []string // public keys of age
	RecipientFiles []string
	PassphraseFile string
	IncludeKeys    bool // the master key in a plain backup
	NoKeys         bool // none in an encrypted one
	Keep           int  // backups that stay in the folder; 0 = all
	Version        string
	Out, Log       io.Writer // for people: what was done, and what they should know
}

// Backup writes a verified backup of an installation, whose server may run and
// write meanwhile. Nothing stands under the backup's name unless it was read
// back whole.
func Backup(ctx context.Context, c Config, o BackupOptions) error {
	lock, err := backup.Locked(o.Recipients, o.RecipientFiles, o.PassphraseFile)
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return err //nolint:wrapcheck // it names the cure
	}
	if err := known(c); err != nil {
		return err
	}
	b := &backing{config: c, options: o, log: telemetry.Logger(o.Log, c.Log.Level, c.Log.Format)}
	return b.run(ctx, lock)
}

func (o BackupOptions) check() error {
	switch {
	case o.To == "":
		return errors.New("name where the backup goes: --to FILE, --to FOLDER/ or --to - for standard output")
	case o.IncludeKeys && o.NoKeys:
		return errors.New("--include-keys and --no-keys contradict each other")
	case o.Keep < 0 || o.Keep > 0 && o.To == backup.Stdout:
		return errors.New("--keep takes a number of backups in the folder that --to names")
	}
	return nil
}

// known makes sure that there is an installation.
func known(c Config) error {
	if err := unfinishedRestore(c.DataDir); err != nil {
		return err
	}
	if _, err := os.Stat(c.DataDir); err != nil {
		return fmt.Errorf("data_dir %q cannot be read: %w. Name the server's with --data-dir", c.DataDir, err)
	}
	return nil
}

// backing is a backup under way.
type backing struct {
	config  Config
	options BackupOptions
	log     *slog.Logger
	scratch string // a folder of temporary copies
}

func (b *backing) run(ctx context.Context, lock backup.Lock) (err error) {
	files, err := blob.Open(dataPath(b.config, "media"))
	if err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	defer files.Close() //nolint:errcheck // read only
	// First the hold, then the moment: rows go before their files, so the file
	// of every row that the snapshot has is there until release.
	release, err := files.Hold(ctx)
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	defer release() //nolint:errcheck // it ends with the process
	source, err := portable.Take(ctx, databaseOf(b.config, b.log))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	rested := false
	rest := func() error {
		if rested {
			return nil
		}
		rested = true
		return source.Close()
	}
	defer rest() //nolint:errcheck // when something failed already
	if err := source.Check(ctx); err != nil {
		return err //nolint:wrapcheck // it names the cure
	}
	if b.scratch, err = os.MkdirTemp("", "patchbay-backup-"); err != nil { // an image may have no such folder
		b.scratch, err = os.MkdirTemp(b.config.DataDir, ".backup-")
	}
	if err != nil {
		return fmt.Errorf("make a folder for temporary files: %w", err)
	}
	defer os.RemoveAll(b.scratch) //nolint:errcheck // temporary
	job := backup.Job{
		Source: source, Rested: rest, Media: files, Plugins: b.plugins, Version: b.options.Version, Now: time.Now, Spool: b.scratch,
	}
	if err := b.key(&job, lock); err != nil {
		return err
	}
	if b.options.To == backup.Stdout {
		h, m, err := backup.Stream(ctx, b.options.Out, lock, job)
		if err == nil {
			b.tell(b.options.Log, "standard output, not read back: check it with `patchbay backup verify`", lock, h, m)
		}
		return err //nolint:wrapcheck // it names what failed
	}
	return b.place(ctx, lock, job, source)
}

// databaseOf says which database a configuration names.
func databaseOf(c Config, log *slog.Logger) store.Config {
	s := store.Config{Driver: store.SQLite, Source: dataPath(c, "patchbay.db"), Unsafe: c.Database.Unsafe, Now: time.Now, Log: log}
	if c.Database.URL != "" {
		s.Driver, s.Source = store.Postgres, c.Database.URL
	}
	return s
}

// key decides whether the master key goes in.
func (b *backing) key(job *backup.Job, lock backup.Lock) error {
	file := keyFile(b.config)
	box, err := seal.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no server has started yet
	}
	if err != nil {
		return err //nolint:wrapcheck // it names the cure
	}
	job.KeyID = box.ID()
	if b.options.NoKeys || !lock.Encrypts() && !b.options.IncludeKeys {
		say(b.options.Log, "The master key is not in this backup. Keep a copy of %s apart from it: without it the secrets of inboxes cannot be opened.\n", file)
		return nil
	}
	job.Key, err = os.ReadFile(file) //nolint:gosec // the operator's own
	return err                       //nolint:wrapcheck // it names the file
}

func keyFile(c Config) string {
	if c.Secrets.KeyFile != "" {
		return c.Secrets.KeyFile
	}
	return dataPath(c, filepath.Join("keys", "master.key"))
}

// place writes the backup into a file.
func (b *backing) place(ctx context.Context, lock backup.Lock, job backup.Job, source *portable.Snapshot) error {
	place, err := backup.NewPlace(b.options.To, lock.Encrypts(), time.Now())
	if err != nil {
		return err //nolint:wrapcheck // it names the cure
	}
	need, err := b.size(ctx, source)
	if err == nil {
		err = place.Room(need)
	}
	if err != nil {
		return errors.Join(err, place.Abort())
	}
	made, err := backup.Write(ctx, place, lock, job)
	if err != nil {
		return err //nolint:wrapcheck // it names what failed
	}
	b.tell(b.options.Out, made.Name, lock, made.Header, made.Manifest)
	note := backupFact{At: made.Header.CreatedAt.UTC(), Name: made.Name, Encrypted: lock.Encrypts()}
	if err := writeNote(dataPath(b.config, backupNote), note); err != nil {
		b.log.WarnContext(ctx, "the examination will not know of this backup", "error", err)
	}
	if b.options.Keep == 0 {
		return nil
	}
	gone, err := backup.Rotate(filepath.Dir(made.Name), b.options.Keep)
	for _, old := range gone {
		say(b.options.Out, "Removed %s\n", old)
	}
	return err //nolint:wrapcheck // it names what failed
}

// size is about how much room the backup takes: files as they are, rows in a
// third of what they take in the database.
func (b *backing) size(ctx context.Context, source *portable.Snapshot) (int64, error) {
	rows, err := source.Size(ctx)
	if err != nil {
		return 0, err //nolint:wrapcheck // the database's own sentence
	}
	total := rows / 3
	err = source.Files(ctx, func(_ string, size int64, _ string, _ bool) error {
		total += size
		return nil
	})
	return total, err //nolint:wrapcheck // as above
}

func (b *backing) tell(w io.Writer, name string, lock backup.Lock, h backup.Header, m backup.Manifest) {
	how := "plain"
	if lock.Encrypts() {
		how = "encrypted"
	}
	say(w, "Backup %s (%s, %s): %d conversations, %d messages, %d files of attachments (%v), %d of plugins; schema %d, epoch %s\n",
		name, h.ID, how, m.Rows("conversation"), m.Rows("message"), m.Files, config.Size(m.FileBytes), m.Plugins, len(h.Schema), h.Epoch)
	for _, fault := range m.Faults {
		say(b.options.Log, "The installation itself has a fault, which the backup has too: %s\n", fault)
	}
}

// plugins calls each with what the plugins keep, in order of the names. A
// SQLite file is copied by its transactions.
func (b *backing) plugins(ctx context.Context, each func(name string, f *os.File) error) error {
	dir := dataPath(b.config, "plugins")
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if !e.Type().IsRegular() || companion(name) {
			return nil
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		return b.plugin(ctx, name, filepath.ToSlash(rel), each)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no plugin has ever kept anything
	}
	return err
}

// companion reports whether a file belongs to a SQLite file beside it, whose
// copy has what is in it.
func companion(name string) bool {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && isLite(base) {
			return true
		}
	}
	return false
}

func isLite(name string) bool {
	f, err := os.Open(name) //nolint:gosec // below the plugins' folder
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // read only
	head := make([]byte, len(portable.LiteHead))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == portable.LiteHead
}

func (b *backing) plugin(ctx context.Context, name, rel string, each func(name string, f *os.File) error) error {
	from := name
	if isLite(name) {
		from = filepath.Join(b.scratch, "copy.db")
		if err := portable.CopyLite(ctx, name, from); err != nil {
			return fmt.Errorf("copy %s: %w", path.Join("plugins", rel), err)
		}
		defer os.Remove(from) //nolint:errcheck // temporary
	}
	f, err := os.Open(from) //nolint:gosec // as above
	if errors.Is(err, fs.ErrNotExist) {
		return nil // gone since
	}
	if err != nil {
		return fmt.Errorf("copy %s: %w", path.Join("plugins", rel), err)
	}
	return each(rel, f)
}

// VerifyBackup reads a backup to its end and says what is in it. The name "-"
// is standard input.
func VerifyBackup(ctx context.Context, name string, in io.Reader, identities []string, passphraseFile string, out io.Writer) error {
	keys, err := backup.Unlocked(identities, passphraseFile)
	if err != nil {
		return err //nolint:wrapcheck // it names the cure
	}
	if name != backup.Stdout {
		f, err := os.Open(name) //nolint:gosec // the operator names it
		if err != nil {
			return fmt.Errorf("open the backup: %w", err)
		}
		defer f.Close() //nolint:errcheck // read only
		in = f
	}
	h, m, err := backup.Read(ctx, in, keys, backup.Visitor{})
	if err != nil {
		return err //nolint:wrapcheck // it names what is damaged
	}
	say(out, "The backup is whole.\n")
	describe(out, h, m)
	return nil
}

// describe says what a backup holds.
func describe(out io.Writer, h backup.Header, m backup.Manifest) {
	say(out, "  made       %s by Patchbay %s from %s, schema %d\n", h.CreatedAt.Format(time.RFC3339), h.Version, h.Driver, len(h.Schema))
	say(out, "  rows       %d conversations, %d messages, %d contacts, %d accounts\n", m.Rows("conversation"), m.Rows("message"), m.Rows("contact"), m.Rows("account"))
	say(out, "  files      %d of attachments (%v), %d of plugins (%v)\n", m.Files, config.Size(m.FileBytes), m.Plugins, config.Size(m.PluginBytes))
	if h.HasKey {
		say(out, "  master key inside\n")
	} else if h.Key != "" {
		say(out, "  master key not inside; its id is %s\n", h.Key)
	}
	for _, fault := range m.Faults {
		say(out, "  fault      %s\n", fault)
	}
}

// NewBackupKey makes a key pair for backups.
func NewBackupKey(out io.Writer) error {
	identity, recipient, err := backup.NewKey()
	if err != nil {
		return errs.Wrap(err, errs.Internal, "backup.key", "No key could be made.")
	}
	say(out, "# public key, for --recipient: %s\n%s\n", recipient, identity)
	return nil
}
