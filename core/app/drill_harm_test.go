package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/app"
	"github.com/patchbay-im/patchbay/core/backup"
	"github.com/patchbay-im/patchbay/core/internal/mounttest"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
)

// TestBackupsAndRestoresAreKilled: a backup that is killed leaves nothing under
// its name, a restore that is killed nothing that a server would start on, and
// the next of either does the whole.
func TestBackupsAndRestoresAreKilled(t *testing.T) {
	d := drill(t)
	before := d.content()
	file := d.backup("good.age")
	times := 6
	if long() {
		times = 40
	}
	for n := range times {
		name := filepath.Join(d.dir, fmt.Sprintf("killed-%d.age", n))
		if d.killed(n, "backup", "--to", name, "--recipient", d.recipient) {
			if _, err := os.Stat(name); err == nil { // it was past its end
				d.whole(name)
			}
		}
	}
	d.whole(d.backup("after.age"))
	if parts, _ := filepath.Glob(filepath.Join(d.dir, ".*")); len(parts) > 0 {
		t.Errorf("parts of killed backups are left: %v", parts)
	}
	d.lose()
	for n := range times {
		if !d.killed(n, "restore", file, "--identity", d.identity) {
			must(t, os.RemoveAll(d.options.DataDir)) // it was quick enough
			continue
		}
		_, marked := os.Stat(filepath.Join(d.options.DataDir, ".restore"))
		if entries, err := os.ReadDir(d.options.DataDir); errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
			continue // it had not begun
		}
		if marked != nil { // it had come to its end
			must(t, os.RemoveAll(d.options.DataDir))
			continue
		}
		out, err := d.run("serve", "--server.address", "127.0.0.1:0")
		if err == nil || !strings.Contains(out, "did not finish") {
			t.Fatalf("a server starts on half a restore: %v\n%s", err, out)
		}
	}
	d.restore(file)
	d.start()
	same(t, "after killed restores", d.content(), before)
}

// killed runs a command and kills it some time on; false when it ended before.
func (d *drilled) killed(n int, args ...string) bool {
	d.t.Helper()
	cmd := d.command(args...)
	must(d.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			d.t.Errorf("%v: %v", args, err)
		}
		return false
	case <-time.After(time.Duration(10+n*12)*time.Millisecond + time.Duration(rand.IntN(8))*time.Millisecond):
		_ = cmd.Process.Kill()
		return (<-ended) != nil
	}
}

// TestDamagedBackupsAreRefused: whatever byte is wrong, or wherever the file
// ends, reading says so, and a restore changes nothing.
func TestDamagedBackupsAreRefused(t *testing.T) {
	d := drill(t)
	plain := filepath.Join(d.dir, "plain.tar.gz")
	if out, err := d.run("backup", "--to", plain); err != nil || !strings.Contains(out, "master key is not in this backup") {
		t.Fatalf("%v\n%s", err, out)
	}
	tries := 20
	if long() {
		tries = 1500
	}
	for _, file := range []string{plain, d.backup("sealed.age")} {
		good, err := os.ReadFile(file)
		must(t, err)
		for n := range tries {
			at := rand.IntN(len(good))
			bad, what := slices.Clone(good), fmt.Sprintf("byte %d of %d", at, len(good))
			if n%10 == 9 {
				bad, what = bad[:at], fmt.Sprintf("cut off at %d", at)
			} else {
				bad[at] ^= byte(1 + rand.IntN(255))
			}
			name := filepath.Join(d.dir, "bad")
			must(t, os.WriteFile(name, bad, 0o600))
			err := app.VerifyBackup(t.Context(), name, nil, []string{d.identity}, "", &bytes.Buffer{})
			if err == nil {
				t.Fatalf("%s, %s: it passes", filepath.Base(file), what)
			}
			if m := err.Error(); !strings.Contains(m, "backup.") {
				t.Fatalf("%s, %s: %v", filepath.Base(file), what, err)
			}
		}
	}
	elsewhere := filepath.Join(t.TempDir(), "data")
	c := app.Config{DataDir: elsewhere}
	err := app.Restore(t.Context(), c, app.RestoreOptions{File: filepath.Join(d.dir, "bad"), Identities: []string{d.identity}, Out: &bytes.Buffer{}, Log: &bytes.Buffer{}})
	if err == nil {
		t.Error("a damaged backup is restored")
	}
	if _, err := os.Stat(elsewhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused restore leaves something: %v", err)
	}
}

// TestRefusalsOfBackupAndRestore: each with its cure.
func TestRefusalsOfBackupAndRestore(t *testing.T) {
	d := drill(t)
	sealed := d.backup("sealed.age")
	plain := filepath.Join(d.dir, "plain.tar.gz")
	if out, err := d.run("backup", "--to", plain); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var other bytes.Buffer
	must(t, app.NewBackupKey(&other))
	wrong := filepath.Join(d.dir, "wrong.key")
	must(t, os.WriteFile(wrong, other.Bytes(), 0o600))
	pass := filepath.Join(d.dir, "pass")
	must(t, os.WriteFile(pass, []byte("a long enough passphrase\n"), 0o600))
	empty := filepath.Join(d.dir, "empty")
	key := filepath.Join(d.options.DataDir, "keys", "master.key")
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no place":            {[]string{"backup"}, "--to"},
		"a name that exists":  {[]string{"backup", "--to", plain}, "already"},
		"no recipient's key":  {[]string{"backup", "--to", empty, "--recipient", "ssh-ed25519 AAAA"}, "age1"},
		"both encryptions":    {[]string{"backup", "--to", empty, "--recipient", d.recipient, "--passphrase-file", pass}, "not both"},
		"another data folder": {[]string{"backup", "--to", plain + "2", "--data-dir", d.dir}, "no database"},
		"a running server":    {[]string{"restore", sealed, "--identity", d.identity}, "not empty"},
		"no key":              {[]string{"restore", sealed, "--data-dir", empty}, "--identity"},
		"the wrong key":       {[]string{"restore", sealed, "--data-dir", empty, "--identity", wrong}, "None of the given keys"},
		"the wrong words":     {[]string{"backup", "verify", sealed, "--passphrase-file", pass}, "None of the given keys"},
		"no master key":       {[]string{"restore", plain, "--data-dir", empty}, "--key-file"},
		"another master key":  {[]string{"restore", plain, "--data-dir", empty, "--key-file", wrong}, "not 32 bytes"},
		"no backup":           {[]string{"restore", wrong, "--data-dir", empty}, "no backup"},
		"no file":             {[]string{"restore", empty + "/x"}, "no such file"},
	} {
		out, err := d.run(tt.args...)
		if err == nil || !strings.Contains(out, tt.want) {
			t.Errorf("%s: %v, want %q in\n%s", name, err, tt.want, out)
		}
		if strings.Contains(out, "AGE-SECRET") || strings.Contains(out, "goroutine ") {
			t.Errorf("%s: it says\n%s", name, out)
		}
	}
	if _, err := os.Stat(empty); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refusal leaves something: %v", err)
	}
	if out, err := d.run("restore", plain, "--data-dir", empty, "--key-file", key, "--check"); err != nil || !strings.Contains(out, "could be restored") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestKeepingBackups: older ones go, other files stay, and a passphrase opens
// what it closed.
func TestKeepingBackups(t *testing.T) {
	d := drill(t)
	pass := filepath.Join(t.TempDir(), "pass")
	must(t, os.WriteFile(pass, []byte("a long enough passphrase\n"), 0o600))
	for _, name := range []string{"patchbay-20200101T000000Z.tar.gz", "patchbay-20200102T000000Z.tar.gz.age", "patchbay-notes.tar.gz", "other.age"} {
		must(t, os.WriteFile(filepath.Join(d.dir, name), nil, 0o600))
	}
	if out, err := d.run("backup", "--to", d.dir, "--passphrase-file", pass, "--keep", "2"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	entries, err := os.ReadDir(d.dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if len(names) != 4 || names[0] != "other.age" || names[1] != "patchbay-20200102T000000Z.tar.gz.age" || names[3] != "patchbay-notes.tar.gz" {
		t.Fatalf("the folder has %v", names)
	}
	if out, err := d.run("backup", "verify", filepath.Join(d.dir, names[2]), "--passphrase-file", pass); err != nil || !strings.Contains(out, "master key inside") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestBackupOntoAFullDisk leaves nothing, and says why.
func TestBackupOntoAFullDisk(t *testing.T) {
	mounttest.Need(t)
	d := drill(t)
	script := `mount -t tmpfs -o size=64k none "$1" && head -c 60k /dev/zero >"$1/ballast"; "$2" backup --to "$1/b.tar.gz"; code=$?; ls -A "$1"; exit $code`
	cmd := d.command()
	cmd.Path, cmd.Args = "/bin/sh", nil
	full := exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", script, "sh", t.TempDir(), d.options.Product.Binary)
	full.Env = cmd.Env
	out, err := full.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "backup.no_space") {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "b.tar.gz\n") || strings.Contains(string(out), ".part") {
		t.Errorf("something is left:\n%s", out)
	}
}

// TestFromOneDatabaseToAnother: what SQLite held, PostgreSQL holds after a
// restore, and the reverse, row for row.
func TestFromOneDatabaseToAnother(t *testing.T) {
	d := drill(t)
	before := d.content()
	d.server.Kill()
	first := d.backup("from-sqlite.age")
	base := d.options
	d.options.DataDir = filepath.Join(t.TempDir(), "data")
	d.options.Env = append(slices.Clone(base.Env), "PATCHBAY_DATABASE_URL="+address(pgtest.Start(t).Schema(t)))
	d.restore(first)
	second := d.backup("from-postgres.age")
	one, two := d.sums(first), d.sums(second)
	for table, sum := range one {
		if table != "meta" && two[table] != sum {
			t.Errorf("the table %s differs", table)
		}
	}
	d.start()
	same(t, "on PostgreSQL", d.content(), before)
	d.sound()
	before = d.content()
	if out, err := d.run("restore", first, "--identity", d.identity, "--data-dir", filepath.Join(t.TempDir(), "x")); err == nil || !strings.Contains(out, "not empty") {
		t.Errorf("a database in use is overwritten: %v\n%s", err, out)
	}
	third := d.backup("from-postgres-busy.age")
	d.server.Kill()
	d.options.DataDir, d.options.Env = filepath.Join(t.TempDir(), "data"), base.Env
	d.restore(third)
	d.start()
	same(t, "back on SQLite", d.content(), before)
	d.sound()
}

// address writes a connection string of libpq's as a URL.
func address(source string) string {
	u := url.URL{Scheme: "postgres", Path: "/"}
	q := url.Values{}
	for field := range strings.FieldsSeq(source) {
		name, value, _ := strings.Cut(field, "=")
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func (d *drilled) sums(file string) map[string]string {
	d.t.Helper()
	f, err := os.Open(file)
	must(d.t, err)
	defer f.Close() //nolint:errcheck // read only
	keys, err := backup.Unlocked([]string{d.identity}, "")
	must(d.t, err)
	_, m, err := backup.Read(context.WithoutCancel(d.t.Context()), f, keys, backup.Visitor{})
	must(d.t, err)
	return m.TableSums()
}
