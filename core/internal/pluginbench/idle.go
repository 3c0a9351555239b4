package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// fleet is how many idle plugins share what the core holds for one.
const fleet = 12

// idle measures plugins that have nothing to do.
func (b *bench) idle(ctx context.Context) error {
	plugins := filepath.Join(b.dir, "fleet")
	if err := b.muster(plugins); err != nil {
		return err
	}
	before := b.held()
	host, err := pluginrig.Start(ctx, pluginrig.Options(plugins, filepath.Join(b.dir, "f")), pluginrig.Ports(pluginrig.Core{}, pluginrig.Nobody{}))
	if err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	defer host.Stop() //nolint:errcheck // measured already
	for _, p := range host.Plugins() {
		if err := host.Await(ctx, channel.PluginID(p.ID)); err != nil {
			return err //nolint:wrapcheck // it says what it waited for
		}
	}
	pause(ctx, 2*time.Second) // what starting took is collected
	after := b.held()
	each := func(name, unit string, v float64) { b.report.series(name, unit).add(v) }
	each("core: heap and stacks for each idle plugin", "KiB", float64(after.bytes-before.bytes)/fleet/1024)
	each("core: goroutines for each idle plugin", "", float64(after.goroutines-before.goroutines)/fleet)
	for _, name := range []channel.PluginID{"patchbay/echo", "patchbay/keyword-bot"} {
		m, err := memoryOf(host.Status(name).PID)
		if err != nil {
			return err
		}
		each(string(name)+" at rest: resident", "MiB", m.resident)
		each(string(name)+" at rest: its share (PSS)", "MiB", m.share)
		each(string(name)+" at rest: its own (private)", "MiB", m.own)
	}
	pids := []int{os.Getpid()}
	for _, p := range host.Plugins() {
		pids = append(pids, p.PID)
	}
	spentBy := func() (core, plugins time.Duration) {
		for _, pid := range pids[1:] {
			plugins += spent(pid)
		}
		return spent(pids[0]), plugins
	}
	began := time.Now()
	core, all := spentBy()
	pause(ctx, b.rest)
	coreAfter, allAfter := spentBy()
	took := time.Since(began).Seconds()
	n := float64(len(pids) - 1)
	each("processor of an idle plugin", "% of one", (allAfter-all).Seconds()/took/n*100)
	each("processor of the core for an idle plugin", "% of one", (coreAfter-core).Seconds()/took/n*100)
	return nil
}

// muster makes a folder of plugins: ours that are measured, and some under
// other names.
func (b *bench) muster(to string) error {
	from := filepath.Join(b.dir, "plugins")
	for _, name := range []string{"patchbay-echo", "patchbay-keyword-bot"} {
		if err := os.CopyFS(filepath.Join(to, name), os.DirFS(filepath.Join(from, name))); err != nil {
			return fmt.Errorf("copy a plugin: %w", err)
		}
	}
	for n := range fleet - 2 {
		if err := b.double(to, fmt.Sprintf("bench-%d", n), func(*manifest.Manifest) {}); err != nil {
			return err
		}
	}
	return nil
}

// double installs the plugin that is measured under another name in a folder of
// plugins, with a manifest that is changed.
func (b *bench) double(to, name string, change func(*manifest.Manifest)) error {
	folder := filepath.Join(to, "patchbay-"+name)
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(b.dir, "plugins", "patchbay-bench"))); err != nil {
		return fmt.Errorf("copy a plugin: %w", err)
	}
	file := filepath.Join(folder, "plugin.json")
	m, err := manifest.Read(file)
	if err != nil {
		return fmt.Errorf("read a manifest: %w", err)
	}
	m.ID = "patchbay/" + name
	change(&m)
	text, err := manifest.Encode(m)
	if err != nil {
		return fmt.Errorf("write a manifest: %w", err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("write a manifest: %w", err)
	}
	return nil
}

// holding is what this process holds.
type holding struct {
	bytes      int64
	goroutines int
}

func (*bench) held() holding {
	runtime.GC()
	runtime.GC() // what the first one's finalisers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return holding{bytes: int64(m.HeapAlloc + m.StackInuse), goroutines: runtime.NumGoroutine()}
}

// memory is a process's, in MiB.
type memory struct{ resident, share, own float64 }

// memoryOf reads /proc/<pid>/smaps_rollup.
func memoryOf(pid int) (memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return memory{}, fmt.Errorf("read the memory of a plugin: %w", err)
	}
	sizes := make(map[string]float64)
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 {
			kib, _ := strconv.ParseFloat(fields[1], 64) // the first line has none
			sizes[fields[0]] = kib / 1024
		}
	}
	return memory{resident: sizes["Rss:"], share: sizes["Pss:"], own: sizes["Private_Dirty:"] + sizes["Private_Clean:"]}, nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
