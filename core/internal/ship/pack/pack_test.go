package pack_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/ship/pack"
)

func at() time.Time { return time.Unix(1_700_000_000, 0) }

func TestATreeAsAnArchive(t *testing.T) {
	var out bytes.Buffer
	own := pack.Dir("data", 0o700)
	own.UID, own.GID = 7, 8
	err := pack.Tar(&out, []pack.Entry{
		pack.File("etc/passwd", 0o644, []byte("x")), own, pack.Dir("tmp", fs.ModeSticky|0o777), pack.File("etc/passwd", 0o600, []byte("later")),
	}, at())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r)
		got = append(got, fmt.Sprintf("%s %o %d:%d %d %s", h.Name, h.Mode, h.Uid, h.Gid, h.ModTime.Unix(), text))
	}
	want := []string{
		"data/ 700 7:8 1700000000 ", "etc/ 755 0:0 1700000000 ", "etc/passwd 600 0:0 1700000000 later", "tmp/ 1777 0:0 1700000000 ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Times, owners and rights of the disk, and the order of its folders, leave no trace.
func TestTheSameTreeGivesTheSameBytes(t *testing.T) {
	archive := func(names []string, mode fs.FileMode, when time.Time) []byte {
		dir := t.TempDir()
		for _, n := range names {
			name := filepath.Join(dir, n)
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(n), mode), os.Chtimes(name, when, when)); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := pack.Folder("app", dir)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := pack.TarGz(&out, entries, at()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	one := archive([]string{"a", "b/c", "b/d"}, 0o600, time.Unix(1, 0))
	two := archive([]string{"b/d", "a", "b/c"}, 0o644, time.Now())
	if !bytes.Equal(one, two) {
		t.Error("the archives differ")
	}
	if bytes.Equal(one, archive([]string{"a", "b/c", "b/d"}, 0o700, time.Unix(1, 0))) {
		t.Error("a program is archived as a file that cannot be run")
	}
}

func TestWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Folder("app", dir); err == nil {
		t.Error("a link was packed")
	}
}

func TestChecksums(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "b"), []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := pack.Checksums(dir, []string{"b", "a"})
	const want = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n" +
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := pack.Checksums(dir, []string{"absent"}); err == nil {
		t.Error("a file that is absent has a checksum")
	}
}
