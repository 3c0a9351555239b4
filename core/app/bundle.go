package app

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/machine"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/system"
	"github.com/patchbay-im/patchbay/core/telemetry"
)

// packing implements system.Packer. Beside the server log and metrics are nil.
type packing struct {
	*examination
	ring    *telemetry.Ring
	metrics *telemetry.Metrics
}

// Contents implements system.Packer.
func (p *packing) Contents(ctx context.Context, r system.Report) ([]system.Item, error) {
	var out []system.Item
	add := func(name, text string) { out = append(out, system.Item{Name: name, Size: len(text), Text: text}) }
	var report, asJSON strings.Builder
	printReport(&report, r, system.English)
	if err := printJSON(&asJSON, r); err != nil {
		return nil, err
	}
	add("report.txt", report.String())
	add("report.json", asJSON.String())
	add("version.txt", versions(p.version))
	add("configuration.txt", p.config.Shareable())
	if p.ring != nil {
		add("log.txt", strings.Join(p.ring.Lines(), "\n")+"\n")
	}
	if p.metrics != nil {
		text, _, err := p.metrics.Text()
		if err != nil {
			return nil, err //nolint:wrapcheck // it names what failed
		}
		add("metrics.txt", string(text))
		var routines bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&routines, 1); err != nil {
			return nil, fmt.Errorf("list the goroutines: %w", err)
		}
		add("goroutines.txt", routines.String())
	}
	add("plugins.txt", p.pluginLines(ctx))
	add("migrations.txt", p.migrationLines(ctx))
	add("rows.txt", p.rowLines(ctx))
	return out, nil
}

// versions is what the program is made of.
func versions(version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Patchbay %s\n%s %s/%s, %d processors\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			b.WriteString(m.Path + " " + m.Version + "\n")
		}
	}
	return b.String()
}

// pluginLines says how plugins fare. What went wrong with one may quote what it
// was sent, so it is not told.
func (p *packing) pluginLines(ctx context.Context) string {
	var b strings.Builder
	all := []system.Plugin(nil)
	if live := p.live(ctx); live != nil {
		all = live.Plugins
	} else {
		for _, one := range p.resting(ctx) {
			all = append(all, pluginFact(one))
		}
	}
	for _, one := range all {
		fmt.Fprintf(&b, "%s %s %s, %d restarts\n", one.ID, one.Version, one.State, one.Restarts)
	}
	return b.String()
}

func (p *packing) migrationLines(ctx context.Context) string {
	lines, err := store.Migrations(ctx, database(p.config, p.now, p.log))
	if err != nil {
		return "They could not be read.\n"
	}
	return strings.Join(lines, "\n") + "\n"
}

func (p *packing) rowLines(ctx context.Context) string {
	counts, err := store.Counts(ctx, database(p.config, p.now, p.log))
	if err != nil {
		return "They could not be counted.\n"
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%s %d\n", name, counts[name])
	}
	return b.String()
}

// Pack implements system.Packer.
func (p *packing) Pack(ctx context.Context, r system.Report) ([]byte, error) {
	items, err := p.Contents(ctx, r)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, item := range items {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "patchbay-support/" + item.Name, Method: zip.Deflate, Modified: r.At.UTC()})
		if err == nil {
			_, err = io.WriteString(w, item.Text)
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", item.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the bundle: %w", err)
	}
	return b.Bytes(), nil
}

// SupportBundle writes a support bundle from the command line: the server's,
// when it runs, or what can be seen without it.
func SupportBundle(ctx context.Context, c Config, to string, o DoctorOptions) error {
	if to == "" {
		return errors.New("name where the bundle goes: --to FILE.zip")
	}
	e := newExamination(c, o.Version, o.File)
	e.live = e.ask
	const most = 64 << 20
	var packed []byte
	err := errors.New("the master key cannot be read")
	if e.box != nil {
		packed, err = machine.Ask(ctx, localURL(c), httpapi.OperatorBundle, e.passes().Issue(system.ForOperator), most)
	}
	if err != nil {
		say(o.Out, "The server does not answer (%v): its log, its metrics and its goroutines are not in the bundle.\n", err)
		if packed, err = (&packing{examination: e}).Pack(ctx, system.Examined(e.Examine(ctx))); err != nil {
			return err
		}
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return fmt.Errorf("read the bundle back: %w", err)
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	_, err = f.Write(packed)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the bundle: %w", errors.Join(err, os.Remove(to)))
	}
	say(o.Out, "Wrote %s. In it, for you to read before you send it:\n", to)
	for _, item := range z.File {
		say(o.Out, "  %-40s %s\n", item.Name, system.Bytes(int64(item.UncompressedSize64))) //nolint:gosec // a size
	}
	return nil
}
