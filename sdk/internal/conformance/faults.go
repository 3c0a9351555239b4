package conformance

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// FaultVariable is the variable that names the fault of a suite's own subject.
const FaultVariable = "CONFORMANCE_FAULT"

// Fault returns the fault that the subject shall have; "" = none.
func Fault() string { return os.Getenv(FaultVariable) }

// CatchesFaults checks a suite against a subject with one fault at a time: a
// suite that never failed proves nothing. test is the name of the test that
// runs the suite, by the case that must fail, and nothing else may.
func CatchesFaults(t *testing.T, test string, by map[string]string) {
	t.Helper()
	failed := regexp.MustCompile(`(?m)^    --- FAIL: ` + test + `/([^/ ]+) `)
	for _, fault := range slices.Sorted(maps.Keys(by)) {
		want := strings.ReplaceAll(by[fault], " ", "_")
		t.Run(fault, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.v") //nolint:gosec // this very test
			cmd.Env = append(os.Environ(), FaultVariable+"="+fault)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("it passes")
			}
			var got []string
			for _, found := range failed.FindAllStringSubmatch(string(out), -1) {
				got = append(got, found[1])
			}
			if !slices.Equal(got, []string{want}) {
				t.Errorf("it is caught by %q, not by %q alone:\n%s", got, want, out)
			}
		})
	}
}
