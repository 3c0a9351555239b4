package pluginhost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/grant"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
)

// Options are what a Host is made of.
type Options struct {
	// Dir holds the installed plugins, one folder each (plugin.json, plugin,
	// ui). Unsigned ones are accepted: it is the folder of a developer. ""
	// means that there are no plugins.
	Dir string
	// DataDir gets one private folder for each plugin, which the plugin may
	// write to.
	DataDir string
	// SocketDir is the private base of the plugins' sockets; it is emptied at
	// the start, so it must not be shared between servers. "" is a folder for
	// this DataDir in the system's place for temporary files. Its path must be
	// short: the kernel allows 107 bytes for a socket.
	SocketDir   string
	CoreVersion string
	Node        string // of the cluster; "" = the only one
	// Trusted plugins are not confined to their own files.
	Trusted []channel.PluginID
	// MinIsolation refuses processes that are less isolated; "" = none is.
	MinIsolation extension.Tier
	// KeepFailing: a version that fails soon after an upgrade is not left for the
	// one before by itself.
	KeepFailing bool
	Log         *slog.Logger
	Now         func() time.Time
	// Timing is how long things take; the zero value is DefaultTiming.
	Timing Timing
	// Attach names files: a plugin that has one is not started, but run by its
	// author, in a debugger, and says there where it serves. Use it with Patient.
	Attach map[channel.PluginID]string
}

// Ports are what the host needs of the rest of the core while it runs.
type Ports struct {
	Workspaces  channel.Workspaces
	Connections extension.Connections
	Grants      extension.Grants
	Vault       inst.Vault // opens the secrets of instances
	// Locale returns the language of a workspace (BCP 47); nil = not known.
	Locale    func(ctx context.Context, workspace identity.WorkspaceID) (string, error)
	Receiver  channel.Receiver
	Deliverer Deliverer
	Desks     Desks // behind the host's services for plugins
	Lives     extension.Lives
	// OnStep is told of each step of a plugin's life, in their order and one at
	// a time, after it was written down; nil = nobody cares. Steps wait for it.
	OnStep func(context.Context, extension.Transition)
	// OnHealth is told all that is said of instances, also what was said before;
	// nil = nobody cares. It must not block.
	OnHealth func(inst.Report)
	// Condition returns how an instance fares by all that was said of it; nil =
	// nobody keeps it. One that is paused is closed, and not told of.
	Condition func(ctx context.Context, workspace identity.WorkspaceID, instance string) (inst.Condition, error)
	// OnSwap is told how long deliveries rested while a version took over from
	// another; nil = nobody cares. It must not block.
	OnSwap func(channel.PluginID, time.Duration)
	// OnChange is told when what Plugins, Types or Health say of a plugin has
	// changed; nil = nobody cares. It must not block.
	OnChange func(channel.PluginID)
}

// Deliverer delivers over a line until ctx ends or the line dies.
// delivery.Deliverer is one.
type Deliverer interface {
	Serve(ctx context.Context, plugin channel.PluginID, line delivery.Line) error
}

// Host runs the installed plugins. It is a channel.Plugins and an
// extension.Host.
type Host struct {
	options Options
	table   grant.Table
	order   []*supervisor
	byID    map[channel.PluginID]*supervisor
	running sync.Mutex // held by Run
	ports   atomic.Pointer[Ports]
	changes changes
	notes   chan extension.Transition
	gates   gates

	backfills backfills
}

// New reads the installed plugins. A plugin that cannot be read is listed as
// failed and does not hinder the others; an error is about the host itself: a
// folder that is missing, or a protocol without a scope on a method.
func New(o Options) (*Host, error) {
	table, err := grant.TableOf(grant.Services()...)
	if err != nil {
		return nil, err
	}
	if o.Timing == (Timing{}) {
		o.Timing = DefaultTiming()
	}
	h := &Host{options: o, table: table, byID: make(map[channel.PluginID]*supervisor), changes: newChanges(), notes: make(chan extension.Transition, maxNotes)}
	folders, err := foldersIn(o.Dir)
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		h.add(read(folder, o.CoreVersion))
	}
	slices.SortFunc(h.order, func(a, b *supervisor) int { return strings.Compare(string(a.id), string(b.id)) })
	return h, nil
}

func (h *Host) add(p installed) {
	id := p.id()
	if other, taken := h.byID[id]; taken {
		p.fault = fmt.Sprintf("%s is installed twice, here and in %s. Remove one of them and restart the server.", id, other.source)
		id = channel.PluginID(filepath.Base(p.folder))
	}
	s := newSupervisor(h, id, p)
	h.order = append(h.order, s)
	h.byID[id] = s
}

// Run starts the plugins and keeps them running until ctx ends; then it drains
// and ends them. It returns when no process is left, at the latest some
// Timing.Drain after ctx ended. It can be called once at a time.
func (h *Host) Run(ctx context.Context, ports Ports) error {
	if !h.running.TryLock() {
		return errs.New(errs.Conflict, "plugin_host.running", "The plugin host runs already.")
	}
	defer h.running.Unlock()
	sockets := h.socketDir()
	if err := process.Sweep(sockets); err != nil {
		return err
	}
	defer os.RemoveAll(sockets) //nolint:errcheck // swept at the next start
	if ports.Lives == nil {
		return errs.New(errs.Internal, "plugin_host.lives", "The plugin host has no store for what is wanted of plugins.")
	}
	if ports.OnStep == nil {
		ports.OnStep = func(context.Context, extension.Transition) {}
	}
	if ports.OnChange == nil {
		ports.OnChange = func(channel.PluginID) {}
	}
	h.ports.Store(&ports)
	groups := h.openGroups(filepath.Base(sockets))
	work, done := context.WithCancel(context.WithoutCancel(ctx))
	var helpers, wg sync.WaitGroup
	helpers.Go(func() { h.watchRows(work, ports.Lives) })
	helpers.Go(func() { h.writeNotes(context.WithoutCancel(ctx), ports, work.Done()) })
	helpers.Go(func() { h.follow(ctx, ports) })
	for _, s := range h.order {
		wg.Go(func() { s.run(ctx, ports, sockets, groups) })
	}
	wg.Wait()
	done()
	helpers.Wait()
	return nil
}

func (h *Host) swapped(id channel.PluginID, pause time.Duration) {
	if ports := h.ports.Load(); ports != nil && ports.OnSwap != nil {
		ports.OnSwap(id, pause)
	}
}

func (h *Host) socketDir() string {
	if h.options.SocketDir != "" {
		return h.options.SocketDir
	}
	path, err := filepath.Abs(h.options.DataDir)
	if err != nil {
		path = h.options.DataDir
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(os.TempDir(), "patchbay-"+hex.EncodeToString(sum[:4]))
}

// Plugins lists the installed plugins by id.
func (h *Host) Plugins() []extension.Plugin {
	out := make([]extension.Plugin, len(h.order))
	for i, s := range h.order {
		out[i] = s.status()
	}
	return out
}

// Restart stops a plugin gracefully, reads its folder again and starts it at
// once, whatever its past. It returns as soon as that is under way.
func (h *Host) Restart(_ context.Context, id extension.PluginID) error {
	s, ok := h.byID[channel.PluginID(id)]
	if !ok {
		return errs.Absent()
	}
	s.askRestart()
	return nil
}

// Logs returns the last lines a plugin wrote, the oldest first.
func (h *Host) Logs(id extension.PluginID) ([]extension.LogLine, error) {
	s, ok := h.byID[channel.PluginID(id)]
	if !ok {
		return nil, errs.Absent()
	}
	lines := s.journal.Lines()
	out := make([]extension.LogLine, len(lines))
	for i, l := range lines {
		out[i] = extension.LogLine{At: l.At, Level: l.Level, Text: l.Text}
	}
	return out, nil
}

// UI returns the web files of a plugin; false when it has none. The files are
// those on disk now; a link that leads out of the folder does not open.
func (h *Host) UI(id channel.PluginID) (fs.FS, bool) {
	s, ok := h.byID[id]
	if !ok {
		return nil, false
	}
	return s.files()
}
