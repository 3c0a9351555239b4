package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/marketplace/bundle"
	"github.com/patchbay-im/patchbay/sdk/conformance"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// TestPlugin runs the conformance kit on a plugin, as a server would run it.
type TestPlugin struct {
	Folder string // its sources, which are built, or a built bundle
	Spec   string // a conformance.yaml elsewhere; "" = the folder's
	Long   bool
	Only   []int
	JSON   bool // one line of JSON for each scenario, and nothing else
	Out    io.Writer
}

// ErrNotConforming says that a scenario failed; the lines say which.
var ErrNotConforming = errors.New("the plugin does not keep the contract")

// Run builds the plugin where there are sources, runs the kit and prints a line
// for each scenario.
func (t TestPlugin) Run(ctx context.Context) error {
	spec, told, err := t.spec()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "patchbay-test-")
	if err != nil {
		return fmt.Errorf("make a folder to build in: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // the system sweeps it otherwise
	folder, m, err := t.bundle(ctx, work)
	if err != nil {
		return err
	}
	target := conformance.Target{Folder: folder, Spec: &spec, Launch: pluginhost.Confined}
	if m.Runtime.Type != manifest.RuntimeNone {
		target.Program = filepath.Join(folder, bundle.Program())
	}
	if !t.JSON {
		say(t.Out, "%s %s, %s\n", m.ID, m.Version, told)
	}
	began := time.Now()
	count := make(map[conformance.Verdict]int)
	_, err = conformance.Run(ctx, target, conformance.Options{Long: t.Long, Only: t.Only}, func(r conformance.Result) {
		count[r.Verdict]++
		t.report(r)
	})
	if err != nil {
		return fmt.Errorf("run the conformance kit: %w", err)
	}
	if !t.JSON {
		say(t.Out, "%d passed, %d failed, %d do not apply, in %s\n", count[conformance.Passed], count[conformance.Failed],
			count[conformance.NotApplicable], time.Since(began).Round(100*time.Millisecond))
	}
	if count[conformance.Failed] > 0 {
		return ErrNotConforming
	}
	return nil
}

func (t TestPlugin) report(r conformance.Result) {
	if t.JSON {
		if line, err := json.Marshal(r); err == nil {
			say(t.Out, "%s\n", line)
		}
		return
	}
	verdict := map[conformance.Verdict]string{conformance.Passed: "pass", conformance.Failed: "FAIL", conformance.NotApplicable: "n.a."}[r.Verdict]
	say(t.Out, "%s  %2d %-24s %6.1f s  %s\n", verdict, r.Number, r.Scenario, r.Took.Seconds(), r.Why)
	if r.Verdict == conformance.Failed {
		say(t.Out, "      docs/build-plugins/conformance.md#%s\n", r.Clause)
	}
}

// spec reads what the kit must know, and says where it was.
func (t TestPlugin) spec() (conformance.Spec, string, error) {
	if t.Spec != "" {
		data, err := os.ReadFile(t.Spec)
		if err != nil {
			return conformance.Spec{}, "", fmt.Errorf("read %s: %w", t.Spec, err)
		}
		spec, err := conformance.ParseSpec(data)
		spec.Folder = filepath.Dir(t.Spec)
		return spec, "as " + t.Spec + " says", err
	}
	spec, err := conformance.ReadSpec(t.Folder)
	if err != nil {
		return spec, "", err
	}
	if _, err := os.Stat(filepath.Join(t.Folder, conformance.SpecFile)); errors.Is(err, os.ErrNotExist) {
		return spec, "with defaults: there is no " + conformance.SpecFile, nil
	}
	return spec, "as its " + conformance.SpecFile + " says", nil
}

// bundle returns the folder to run: a built one as it is, sources built below work.
func (t TestPlugin) bundle(ctx context.Context, work string) (string, manifest.Manifest, error) {
	folder, err := filepath.Abs(t.Folder)
	if err != nil {
		return "", manifest.Manifest{}, fmt.Errorf("find %s: %w", t.Folder, err)
	}
	if _, err := os.Stat(filepath.Join(folder, manifest.SourceFile)); err == nil {
		made, err := bundle.Build(ctx, folder, work)
		if err != nil {
			return "", manifest.Manifest{}, fmt.Errorf("build the plugin in %s: %w", t.Folder, err)
		}
		return made.Folder, made.Manifest, nil
	}
	m, err := manifest.Read(filepath.Join(folder, manifest.BundleFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", m, fmt.Errorf("%s is no plugin's folder: it has neither %s nor %s", t.Folder, manifest.SourceFile, manifest.BundleFile)
	}
	return folder, m, err
}
