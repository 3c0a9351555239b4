package seal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/seal"
)

func box(t *testing.T, fill byte) *seal.Box {
	t.Helper()
	b, err := seal.New(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealed(t *testing.T) {
	b := box(t, 1)
	one, two := b.Seal([]byte("secret"), "row 1"), b.Seal([]byte("secret"), "row 1")
	if one == two || strings.Contains(one, "secret") {
		t.Errorf("sealed twice: %s and %s", one, two)
	}
	if got, err := b.Open(one, "row 1"); err != nil || string(got) != "secret" {
		t.Errorf("opened %q, %v", got, err)
	}
	at := strings.LastIndex(one, ".") + 1
	for name, tt := range map[string]struct {
		box           *seal.Box
		sealed, about string
		code          string
	}{
		"another row":     {b, one, "row 2", "seal.damaged"},
		"another key":     {box(t, 2), one, "row 1", "seal.other_key"},
		"a changed byte":  {b, one[:at] + flip(one[at:]), "row 1", "seal.damaged"},
		"cut off":         {b, one[:len(one)-8], "row 1", "seal.damaged"},
		"nothing":         {b, "", "row 1", "seal.damaged"},
		"another version": {b, "v2" + one[2:], "row 1", "seal.damaged"},
		"no base64":       {b, one[:at] + "***", "row 1", "seal.damaged"},
	} {
		if got, err := tt.box.Open(tt.sealed, tt.about); got != nil || errs.As(err).Code != tt.code {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func flip(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

func TestDerived(t *testing.T) {
	a, again, other, foreign := box(t, 1).Derive("links"), box(t, 1).Derive("links"), box(t, 1).Derive("media"), box(t, 2).Derive("links")
	if len(a) != 32 || !bytes.Equal(a, again) || bytes.Equal(a, other) || bytes.Equal(a, foreign) {
		t.Errorf("derived %x, %x, %x, %x", a, again, other, foreign)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "master.key")
	if _, err := seal.Open(path); err == nil {
		t.Fatal("a key that is not there was opened")
	}
	boxes := make([]*seal.Box, 8)
	var wg sync.WaitGroup
	for i := range boxes { // nodes that start at once
		wg.Go(func() {
			b, err := seal.OpenOrCreate(path)
			if err != nil {
				t.Error(err)
			}
			boxes[i] = b
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	sealed := boxes[0].Seal([]byte("x"), "")
	for _, b := range boxes {
		if got, err := b.Open(sealed, ""); err != nil || string(got) != "x" {
			t.Errorf("the nodes have different keys: %v", err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenOrCreate(path); err != nil {
		t.Errorf("a key on a volume of a group: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the group may still read the file: %v %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenOrCreate(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: %v", err)
	}
	for _, text := range []string{"", "short", "AAAA", "not base64!"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Open(path); err == nil || !strings.Contains(err.Error(), "openssl rand -base64 32") {
			t.Errorf("%q is a key? %v", text, err)
		}
	}
}
