// Package conformance is the kit that says whether a plugin keeps the contract:
// nineteen scenarios, each with a verdict and a sentence about what was seen
// and what the contract wants. It plays the core, and the plugin's far side,
// over the real wire: towards a plugin's own values in this process, or towards
// its program as a black box, in whatever language it was written.
//
// Authors run it from a Go test:
//
//	func TestConformance(t *testing.T) {
//		conformancetest.Run(t, conformance.Target{Plugin: &plugin, Folder: "."}) // in this process
//		conformancetest.Run(t, conformance.Target{Folder: "."})                  // as a process
//	}
//
// or with "patchbay plugin test <folder>". What the kit cannot know by itself (a
// configuration that works, what the far side posts) stands in conformance.yaml
// beside plugin.yaml. docs/build-plugins/conformance.md tells each scenario.
//
// Concurrency: Run may be called from several goroutines, each with a target of
// its own. Lifecycle: when Run returns nothing that it started is left.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Target is the plugin under test. Folder is needed always; Plugin or Program
// say what runs.
type Target struct {
	// Folder holds plugin.yaml (or plugin.json, of a built bundle) and perhaps
	// conformance.yaml.
	Folder string
	// Plugin runs in this process: quick, and a debugger sees it. What needs a
	// process (kills, stops, memory, files) does not apply then.
	Plugin *sdk.Plugin
	// Program is the plugin's executable, built. Plugin must be nil.
	Program string
	// Spec goes before the folder's conformance.yaml; nil = that file, or
	// defaults when there is none.
	Spec *Spec
	// Launch starts Program; nil starts it as a plain child. The core's command
	// confines it here as a server would.
	Launch Launcher
}

// Options choose what is run.
type Options struct {
	Long bool  // the long form: 10,000 deliveries, 20 kills, 10 minutes of memory
	Only []int // numbers of scenarios; empty = all
}

// Verdict is what became of a scenario.
type Verdict string

// The verdicts.
const (
	Passed        Verdict = "passed"
	Failed        Verdict = "failed"
	NotApplicable Verdict = "not_applicable" // it makes no sense for this plugin; Why says why
)

// Result is one scenario's.
type Result struct {
	Number   int           `json:"number"`
	Scenario string        `json:"scenario"`
	Clause   string        `json:"clause"` // anchor in docs/build-plugins/conformance.md; stable
	Verdict  Verdict       `json:"verdict"`
	Why      string        `json:"why"` // what was seen, and on a failure what is expected
	Took     time.Duration `json:"took_ns"`
}

// Run runs the scenarios one after the other, each on a plugin of its own, and
// calls report after each (nil: nobody looks). The error is one of the target:
// its manifest, its conformance.yaml, a program that is not there. A plugin that
// breaks the contract is no error; see the results.
func Run(ctx context.Context, t Target, o Options, report func(Result)) ([]Result, error) {
	k, err := prepare(t, o)
	if err != nil {
		return nil, err
	}
	var out []Result
	for _, s := range scenarios() {
		if len(o.Only) > 0 && !slices.Contains(o.Only, s.number) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return out, err
		}
		result := k.judge(ctx, s)
		out = append(out, result)
		if report != nil {
			report(result)
		}
	}
	return out, nil
}

// Scenarios returns what there is, without verdicts, in order.
func Scenarios() []Result {
	var out []Result
	for _, s := range scenarios() {
		out = append(out, Result{Number: s.number, Scenario: s.name, Clause: s.clause()})
	}
	return out
}

// kit is a target that was read.
type kit struct {
	target   Target
	options  Options
	manifest manifest.Manifest
	source   []byte // of the manifest
	spec     Spec
}

func prepare(t Target, o Options) (*kit, error) {
	for _, n := range o.Only {
		if !slices.ContainsFunc(scenarios(), func(s scenario) bool { return s.number == n }) {
			return nil, fmt.Errorf("there is no scenario %d: they are numbered from 1 to %d", n, len(scenarios()))
		}
	}
	m, source, err := readManifest(t.Folder)
	if err != nil {
		return nil, err
	}
	k := &kit{target: t, options: o, manifest: m, source: source}
	if t.Spec != nil {
		k.spec = *t.Spec
	} else if k.spec, err = ReadSpec(t.Folder); err != nil {
		return nil, err
	}
	if err := k.spec.fits(m); err != nil {
		return nil, err
	}
	needsProgram := m.Runtime.Type != manifest.RuntimeNone
	if needsProgram && (t.Plugin == nil) == (t.Program == "") {
		return nil, errors.New("a target has either a Plugin, which runs in this process, or a Program")
	}
	if t.Program != "" {
		if _, err := os.Stat(t.Program); err != nil {
			return nil, fmt.Errorf("there is no program to test: %w", err)
		}
	}
	return k, nil
}

// judge runs one scenario.
func (k *kit) judge(ctx context.Context, s scenario) Result {
	out := Result{Number: s.number, Scenario: s.name, Clause: s.clause(), Verdict: Passed}
	ctx, cancel := context.WithTimeout(ctx, k.pick(s.limit, longLimit))
	defer cancel()
	began := now()
	seen, err := k.run(ctx, s)
	out.Took = now().Sub(began)
	out.Why = seen
	if none, ok := errors.AsType[*inapplicable](err); ok {
		out.Verdict, out.Why = NotApplicable, none.why
	} else if err != nil {
		out.Verdict, out.Why = Failed, sentence(err)
	}
	return out
}

func (k *kit) run(ctx context.Context, s scenario) (seen string, err error) {
	r := &run{kit: k, ctx: ctx}
	defer func() { err = errors.Join(err, r.close()) }()
	if k.manifest.Runtime.Type == manifest.RuntimeNone {
		return s.files(r)
	}
	return s.run(r)
}

// inProcess reports whether the plugin runs in this process.
func (k *kit) inProcess() bool { return k.target.Plugin != nil }

// pick returns one of the two forms.
func (k *kit) pick(short, long time.Duration) time.Duration {
	if k.options.Long {
		return long
	}
	return short
}

// count is pick for numbers.
func (k *kit) count(short, long int) int {
	if k.options.Long {
		return long
	}
	return short
}

// inapplicable says why a scenario makes no sense here.
type inapplicable struct{ why string }

func (e *inapplicable) Error() string { return e.why }

func notApplicable(format string, args ...any) error {
	return &inapplicable{why: fmt.Sprintf(format, args...)}
}

// now is the real clock: the kit measures other programs.
func now() time.Time { return time.Now() }

// sentence is an error in one line of bounded length.
func sentence(err error) string {
	const most = 600
	out := []rune(oneLine(err.Error()))
	if len(out) > most {
		out = append(out[:most], '…')
	}
	return string(out)
}
