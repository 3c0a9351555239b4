package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// TestOneServerOfADataFolder: a second server of the same folder is refused in
// words, and changes nothing; the claim of one that was killed ends with it.
func TestOneServerOfADataFolder(t *testing.T) {
	s := open(t)
	second := func() (int, string) {
		t.Helper()
		o, out := s.options, &rig.Output{}
		o.Address, o.Log = "", out
		other, err := rig.Launch(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(other.Kill)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		code, err := other.Wait(ctx)
		if err != nil {
			t.Fatalf("a second server of the folder goes on: %v\n%s", err, out.Tail())
		}
		return code, out.String()
	}
	code, said := second()
	if code == 0 || !strings.Contains(said, "another patchbay serves the data folder") || !strings.Contains(said, "stop it first") {
		t.Errorf("the second ends with %d and says %q", code, said)
	}
	s.sound()
	for range 3 { // as a crash leaves it: the file is there, the lock is not
		s.server.Kill()
		s.start()
		s.sound()
	}
	if code, said := second(); code == 0 || !strings.Contains(said, "another patchbay serves the data folder") {
		t.Errorf("after a crash the second ends with %d and says %q", code, said)
	}
}
