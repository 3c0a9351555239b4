package conformance_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/conformance"
	"github.com/patchbay-im/patchbay/sdk/conformance/conformancetest"
	other "github.com/patchbay-im/patchbay/sdk/conformance/internal/allround"
	"github.com/patchbay-im/patchbay/sdk/conformance/internal/specimen"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
)

const (
	folder   = "internal/specimen"
	doubtful = "internal/specimen/doubtful"
	allround = "internal/allround"
)

// bad is a fault, by the scenario that must tell of it.
type bad struct {
	fault    string
	scenario int
	process  bool // it shows in a process only
}

// otherFaults are those of the kinds that are no channels.
func otherFaults() []bad {
	return []bad{
		{fault: other.ConnectorLoses, scenario: 3},
		{fault: other.TemplateMoody, scenario: 3},
		{fault: other.ToolOptimist, scenario: 7},
		{fault: other.BotOfToday, scenario: 13},
		{fault: other.AnalyzerCounts, scenario: 14},
		{fault: other.HookPunctual, scenario: 15},
		{fault: other.RouteGreedy, scenario: 16},
		{fault: other.PanelGoesOn, scenario: 17},
	}
}

func faults() []bad {
	return []bad{
		{specimen.Noise, 1, true},
		{specimen.AnyConfig, 2, false},
		{specimen.TellsSecret, 2, false},
		{specimen.Loses, 3, false},
		{specimen.Doubles, 4, true},
		{specimen.Hoards, 5, true},
		{specimen.Believes, 6, false},
		{specimen.MakesIDs, 6, false},
		{specimen.Optimist, 7, false},
		{specimen.Deserts, 8, true},
		{specimen.Sulks, 9, true},
		{specimen.Lingers, 10, true},
		{specimen.Pries, 11, true},
		{specimen.Calls, 11, true},
		{specimen.Unasked, 11, false},
		{specimen.Leaks, 12, true},
		{specimen.Modern, 13, false},
		{specimen.Mangles, 14, false},
		{specimen.Punctual, 15, false},
		{specimen.Greedy, 16, false},
		{specimen.Spawns, 17, true},
		{specimen.Reposts, 18, false},
		{specimen.Keeps, 18, false},
		{specimen.Redoes, 18, true},
		{specimen.Retells, 18, false},
		{specimen.Hollow, 19, false},
		{specimen.Circles, 19, false},
		{specimen.Flattens, 19, false},
		{specimen.Garbles, 19, false},
		{specimen.Reissues, 19, true},
	}
}

// program builds the specimen; its copies have their fault in their name.
func program(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bad")
	if err := testhost.Build(t.Context(), "./internal/specimen/bad", out); err != nil {
		t.Fatal(err)
	}
	return out
}

// The specimen without a fault keeps every clause, both ways.
func TestSpecimen(t *testing.T) {
	plugin := specimen.Plugin("")
	conformancetest.Run(t, conformance.Target{Folder: folder, Plugin: &plugin})
	if heavy(t) {
		conformancetest.Run(t, conformance.Target{Folder: folder, Program: program(t)})
	}
}

// So does the plugin of all the other kinds.
func TestAllround(t *testing.T) {
	plugin := other.Plugin("")
	conformancetest.Run(t, conformance.Target{Folder: allround, Plugin: &plugin})
	if heavy(t) {
		program := filepath.Join(t.TempDir(), "allround")
		if err := testhost.Build(t.Context(), "./"+allround+"/program", program); err != nil {
			t.Fatal(err)
		}
		conformancetest.Run(t, conformance.Target{Folder: allround, Program: program})
	}
}

// A channel whose far side takes no key says that it does not know, and one that
// guesses that a message was sent is caught.
func TestDoubtful(t *testing.T) {
	plugin := specimen.Doubtful("")
	conformancetest.Run(t, conformance.Target{Folder: doubtful, Plugin: &plugin})
	t.Run(specimen.Guesses, func(t *testing.T) {
		plugin := specimen.Doubtful(specimen.Guesses)
		bad{fault: specimen.Guesses, scenario: 7}.failsAlone(t, conformance.Target{Folder: doubtful, Plugin: &plugin})
	})
}

// heavyVariable makes the tests take the minutes that they need: make conformance.
const heavyVariable = "PATCHBAY_TEST_CONFORMANCE"

func heavy(t *testing.T) bool {
	t.Helper()
	return os.Getenv(heavyVariable) != ""
}

// Each fault fails the scenario that is there for it, and no other.
func TestEveryFaultIsCaughtByOneScenario(t *testing.T) {
	good := ""
	if heavy(t) {
		good = program(t)
	}
	for _, b := range faults() {
		t.Run(b.fault, func(t *testing.T) {
			target := conformance.Target{Folder: folder}
			switch plugin := specimen.Plugin(b.fault); {
			case !b.process:
				target.Plugin = &plugin
			case good == "":
				t.Skip("takes a process and a minute: make conformance, or " + heavyVariable + "=1")
			default:
				target.Program = good + "-" + b.fault
				if err := os.Link(good, target.Program); err != nil {
					t.Fatal(err)
				}
			}
			t.Parallel()
			b.failsAlone(t, target)
		})
	}
}

// So do those of the other kinds.
func TestEveryFaultOfOtherKinds(t *testing.T) {
	t.Parallel()
	for _, b := range otherFaults() {
		t.Run(b.fault, func(t *testing.T) {
			t.Parallel()
			plugin := other.Plugin(b.fault)
			b.failsAlone(t, conformance.Target{Folder: allround, Plugin: &plugin})
		})
	}
}

// failsAlone wants the fault's own scenario to fail, and no other.
func (b bad) failsAlone(t *testing.T, target conformance.Target) {
	t.Helper()
	results, err := conformance.Run(t.Context(), target, conformance.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var failed []int
	for _, r := range results {
		if r.Verdict == conformance.Failed {
			failed = append(failed, r.Number)
			t.Logf("%2d %s: %s", r.Number, r.Scenario, r.Why)
		}
	}
	if !slices.Equal(failed, []int{b.scenario}) {
		t.Errorf("it fails %v, and should fail %d alone", failed, b.scenario)
	}
}
