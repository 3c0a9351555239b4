package blob_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/blob"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/internal/mounttest"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

func open(t *testing.T, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	mediatest.RunFiles(t, func(t *testing.T) (media.Files, func() media.Files) {
		dir := filepath.Join(t.TempDir(), "media")
		return open(t, dir), func() media.Files { return open(t, dir) }
	})
}

// Nobody else on the machine may read what customers send.
func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "media")
	s := open(t, dir)
	a := media.ID(id.NewSource(time.Now).New("att"))
	for _, err := range []error{s.Write(a, 0, []byte("x")), s.Draw(a, []byte("y")), s.Keep(a), s.Write(a, 0, []byte("z"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A link in the folder, whoever put it there, leads nowhere.
func TestLinksLeadNowhere(t *testing.T) {
	base := t.TempDir()
	dir, secret := filepath.Join(base, "media"), filepath.Join(base, "secret")
	s := open(t, dir)
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := media.ID(id.NewSource(time.Now).New("att"))
	end := strings.ToLower(string(a[len(a)-4:]))
	folder := filepath.Join(dir, end[:2], end[2:])
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{filepath.Join(folder, string(a)), filepath.Join(dir, "incoming", string(a))} {
		if err := os.Symlink(secret, link); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := s.Open(a, media.Original); err == nil {
		_ = f.Close()
		t.Error("a link out of the folder was opened")
	}
	if err := s.Write(a, 0, []byte("mine now")); err == nil {
		t.Error("a link out of the folder was written to")
	}
	if text, err := os.ReadFile(secret); err != nil || string(text) != "secret" {
		t.Errorf("the file outside is %q, %v", text, err)
	}
}

// A disk without room is told as such, and what was there stays.
func TestFullDisk(t *testing.T) {
	dir := mounttest.New(t, 256<<10).Path
	s, err := blob.Open(filepath.Join(dir, "media"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	a := media.ID(id.NewSource(time.Now).New("att"))
	if err := s.Write(a, 0, make([]byte, 100<<10)); err != nil {
		t.Fatal(err)
	}
	err = s.Write(a, 100<<10, make([]byte, 300<<10))
	if e := errs.As(err); e.Kind != errs.Unavailable || e.Code != "upload.no_space" || e.RetryAfter == 0 {
		t.Errorf("a full disk: %v", err)
	}
	if err := s.Draw(a, make([]byte, 300<<10)); errs.As(err).Code != "upload.no_space" {
		t.Errorf("a preview on a full disk: %v", err)
	}
	if _, err := s.Open(a, media.Drawing); !errors.Is(err, media.ErrLost) {
		t.Errorf("half a preview: %v", err)
	}
	if free, err := s.Free(); err != nil || free > 64<<10 {
		t.Errorf("free: %d, %v", free, err)
	}
	if err := s.Remove(a); err != nil {
		t.Error(err)
	}
	if err := s.Write(a, 0, []byte("x")); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
