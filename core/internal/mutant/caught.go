//go:build mutant

package mutant

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Caught runs a test of this test program again with a bug seeded, and fails
// unless that test fails and says why. Without the bug the same test must pass:
// it runs in this program as well.
func Caught(t *testing.T, bug, test, says string, flags ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"-test.run", test, "-test.count=1"}, flags...)...)
	cmd.Env = append(os.Environ(), "PATCHBAY_MUTANT="+bug)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("%s survived %s", bug, test)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, says) {
			t.Logf("%s is caught by %s: %.160s", bug, test, strings.TrimSpace(line))
			return
		}
	}
	t.Fatalf("%s: %s fails without a word of %q:\n%s", bug, test, says, out)
}
