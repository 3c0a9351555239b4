package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/config"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/telemetry"
	"github.com/patchbay-im/patchbay/core/workbench"
	"github.com/patchbay-im/patchbay/marketplace/bundle"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// DevPlugin runs a plugin for its author: a server of its own that keeps
// nothing, with the plugin built from its sources, connected, and replaced
// whenever they change.
type DevPlugin struct {
	Folder  string            // of the sources
	Set     map[string]string // settings by JSON pointer, before dev.yaml's
	Address string            // of the console; "" = a free port of this machine
	Page    string            // of the page to try things on; likewise
	Locale  string            // of the workspace: en or zh-CN
	Attach  bool              // the author runs the program, in a debugger; the server attaches to it
	Version string
	Out     io.Writer
}

// devReady is how long a process has to become ready, or to say why it does not.
const devReady = 45 * time.Second

// Run runs it until ctx ends, and leaves nothing. Mistakes in the sources are
// told and waited out; an error is about the surroundings.
func (d DevPlugin) Run(ctx context.Context) (err error) {
	folder, err := filepath.Abs(d.Folder)
	if err != nil {
		return fmt.Errorf("find the folder %s: %w", d.Folder, err)
	}
	if _, err := os.Stat(filepath.Join(folder, manifest.SourceFile)); err != nil {
		return fmt.Errorf("%s has no %s: name the folder of a plugin, or begin one with patchbay plugin new", folder, manifest.SourceFile)
	}
	work, err := os.MkdirTemp("", "patchbay-dev-")
	if err != nil {
		return fmt.Errorf("make a folder for this run: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	changes, err := workbench.Watch(ctx, folder)
	if err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	v := &devRun{
		DevPlugin: d, folder: folder, work: work, changes: changes, console: newConsole(d.Out),
		provider: &workbench.Provider{Folder: folder, Work: work, Out: d.Out},
	}
	defer v.provider.Stop()
	if !v.first(ctx) {
		return nil // ended before anything could be built
	}
	return v.serve(ctx)
}

// devRun is one run.
type devRun struct {
	DevPlugin
	folder, work string
	changes      <-chan []string
	console      *console
	provider     *workbench.Provider

	plugin extension.PluginID
	took   time.Duration // of the first build
	bench  *devBench     // nil until there is a server

	mu       sync.Mutex
	settings workbench.Settings
}

// now returns the settings as they are, and whether there is a far side.
func (v *devRun) now() (workbench.Settings, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.settings, v.provider.URL() != ""
}

// attachFile is where a program that the author runs says where it serves.
func (v *devRun) attachFile() string { return filepath.Join(v.work, "attach.json") }

func (v *devRun) bundles() string { return filepath.Join(v.work, "plugins") }

// first builds until something can be run; false when ctx ended before.
func (v *devRun) first(ctx context.Context) bool {
	for {
		made, err := v.build(ctx)
		if err == nil {
			v.took = made.took
			return true
		}
		if ctx.Err() == nil {
			v.console.fault(v.relative(err))
			v.console.say("Waiting for a change…")
		}
		select {
		case <-ctx.Done():
			return false
		case _, ok := <-v.changes:
			if !ok {
				return false
			}
		}
	}
}

// built is what a build made.
type built struct {
	manifest manifest.Manifest
	took     time.Duration
}

// build reads the settings, builds the far side and the plugin.
func (v *devRun) build(ctx context.Context) (built, error) {
	began := time.Now()
	settings, err := workbench.ReadSettings(v.folder, v.Set)
	if err != nil {
		return built{}, err //nolint:wrapcheck // it names the place
	}
	b, err := bundle.Build(ctx, v.folder, v.bundles())
	if err != nil {
		return built{}, err //nolint:wrapcheck // as above
	}
	id := extension.PluginID(b.Manifest.ID)
	if v.plugin != "" && v.plugin != id {
		return built{}, fmt.Errorf("the plugin is called %s now, and was %s: end this run and start it again", id, v.plugin)
	}
	v.plugin = id
	if settings.Provider != "" {
		if err := v.provider.Start(ctx, settings.Provider); err != nil {
			return built{}, err //nolint:wrapcheck // as above
		}
	}
	v.mu.Lock()
	v.settings = settings
	v.mu.Unlock()
	return built{b.Manifest, time.Since(began)}, nil
}

// serve opens the server and follows the sources until ctx ends.
func (v *devRun) serve(ctx context.Context) error {
	l, err := listen(ctx, orFree(v.Address))
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // the server closes it; twice is harmless
	page, err := listen(ctx, orFree(v.Page))
	if err != nil {
		return err
	}
	defer page.Close() //nolint:errcheck // likewise
	s, err := v.server(l.Addr().String())
	if err != nil {
		return err
	}
	if err := s.open(ctx); err != nil {
		return errors.Join(err, s.close(ctx))
	}
	if v.bench, err = newDevBench(ctx, s, v); err != nil {
		return errors.Join(err, s.close(ctx))
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.run(work, ports{public: l}) }()
	paged := make(chan error, 1)
	go func() { paged <- workbench.Serve(work, page, v.bench) }()
	v.begin(work, page)
	select {
	case err = <-ended: // it could not go on
		stop()
	case <-v.follow(work):
		stop()
		v.console.say("Ending…")
		err = <-ended
	}
	return errors.Join(err, <-paged)
}

func orFree(address string) string {
	if address == "" {
		return "127.0.0.1:0"
	}
	return address
}

// server is one that keeps everything in a folder which is removed.
func (v *devRun) server(address string) (*server, error) {
	c, err := config.Load(config.Source{})
	if err != nil {
		return nil, fmt.Errorf("make the configuration: %w", err)
	}
	c.DataDir, c.Server.Address = filepath.Join(v.work, "data"), address
	c.Plugins.DevDir, c.Plugins.AutoRollback = v.bundles(), false
	c.Server.DrainTimeout = 5 * time.Second
	if err := makeDataDir(c.DataDir); err != nil {
		return nil, err
	}
	v.lend()
	ring := telemetry.NewRing()
	log := slog.New(v.console.handler(string(v.plugin)))
	var attach map[channel.PluginID]string
	if v.Attach {
		attach = map[channel.PluginID]string{channel.PluginID(v.plugin): v.attachFile()}
	}
	return &server{
		attach: attach,
		config: c, options: Options{Version: v.Version, Out: io.Discard, Log: io.Discard}, log: ring.Kept(log), ring: ring,
		now: time.Now, started: time.Now(),
	}, nil
}

// lend puts the plugin of the web chat beside ours, when this program came with
// it: then there are conversations to look at, also for a plugin that is no
// channel.
func (v *devRun) lend() {
	exe, err := os.Executable()
	if err != nil {
		return
	}
	const name = "patchbay-webchat"
	from := filepath.Join(filepath.Dir(exe), "plugins", name)
	if _, err := os.Stat(filepath.Join(from, manifest.BundleFile)); err == nil {
		_ = os.Symlink(from, filepath.Join(v.bundles(), name)) // without it there is no web chat
	}
}

// begin waits for the plugin, connects it and says where everything is.
func (v *devRun) begin(ctx context.Context, page net.Listener) {
	v.console.say("%s", v.bench.introduce())
	if v.Attach {
		v.console.say("Run the plugin in your debugger, in its folder; the server waits for it:")
		v.console.say("  dlv debug . -- --attach %s", v.attachFile())
		v.places(ctx, page)
	}
	if v.ready(ctx) {
		v.connect(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	if hook := v.bench.hook(); hook != "" {
		v.console.say("Its hook:      %s", hook)
	}
	if url := v.provider.URL(); url != "" {
		v.console.say("The far side:  %s", url)
	}
	if !v.Attach {
		v.places(ctx, page)
	}
	v.console.say("Watching %s. Ctrl-C ends everything.", v.folder)
}

// places says where the page and the console are.
func (v *devRun) places(ctx context.Context, page net.Listener) {
	link, err := v.bench.Console(ctx)
	if err != nil {
		v.console.fault(err.Error())
	}
	v.console.say("Try it:        %s", workbench.URL(page))
	v.console.say("The console:   %s", link)
}

// connect makes or changes the inbox or the connection as the settings say.
func (v *devRun) connect(ctx context.Context) {
	settings, _ := v.now()
	err := v.bench.connect(ctx, settings, v.provider.URL())
	v.bench.noteConfig(err, settings)
	if err != nil {
		v.console.fault(configFault(err, settings))
	}
}

// configFault says what is wrong with the settings, each at its place.
func configFault(err error, settings workbench.Settings) string {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || len(e.Fields) == 0 {
		return Said(err)
	}
	lines := []string{e.Message}
	for _, f := range e.Fields {
		at := configPointer(f.Pointer)
		lines = append(lines, fmt.Sprintf("%s: %s: %s", settings.Place(at), at, f.Detail))
	}
	return strings.Join(lines, "\n")
}

// ready waits until the plugin runs, and tells why when it does not.
func (v *devRun) ready(ctx context.Context) bool {
	deadline := time.NewTimer(devReady)
	defer deadline.Stop()
	told := ""
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		p := v.bench.installed()
		switch p.State { //nolint:exhaustive // the rest are steps on the way
		case extension.Ready:
			return true
		case extension.Failed, extension.Quarantined, extension.Backoff:
			if p.State != extension.Backoff || !v.Attach {
				v.console.fault(p.Detail)
				return false
			}
			if p.Detail != told { // the next one is waited for at once
				told = p.Detail
				v.console.fault(told)
			}
		}
		select {
		case <-ctx.Done():
			return false
		case <-deadline.C:
			if v.Attach {
				continue // the author takes the time it takes
			}
			v.console.fault("The plugin does not become ready: " + p.Detail)
			return false
		case <-tick.C:
		}
	}
}
