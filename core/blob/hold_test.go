package blob_test

import (
	"errors"
	"testing"

	"github.com/patchbay-im/patchbay/core/blob"
	"github.com/patchbay-im/patchbay/core/media"
)

// TestHold: while somebody holds the folder no file leaves it, whoever asks;
// afterwards it does.
func TestHold(t *testing.T) {
	dir := t.TempDir()
	store := func() *blob.Store {
		s, err := blob.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	mine, other := store(), store()
	const name = media.ID("att_01JAN0000000000000000000AB")
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(mine.Write(name, 0, []byte("kept")))
	ok(mine.Keep(name))
	release, err := other.Hold(t.Context())
	ok(err)
	if err := mine.Remove(name); !errors.Is(err, media.ErrHeld) {
		t.Fatalf("removed while it is held: %v", err)
	}
	c, err := other.Open(name, media.Original)
	ok(err)
	ok(c.Close())
	ok(release())
	ok(mine.Remove(name))
	if _, err := mine.Open(name, media.Original); !errors.Is(err, media.ErrLost) {
		t.Fatalf("it is there still: %v", err)
	}
}
