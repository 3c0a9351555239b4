package pluginhost_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
	"github.com/patchbay-im/patchbay/core/identity"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

const patience = 30 * time.Second

// house is the core around a plugin host: inboxes, what came in, what must leave.
type house struct {
	t       *testing.T
	dir     string // of installed plugins
	data    string
	options pluginhost.Options
	host    *pluginhost.Host
	ledger  *ledger
	deliver *delivery.Deliverer
	lives   *extensiontest.Lives

	mu       sync.Mutex
	inboxes  []channel.Inbox
	linked   []extension.Connection
	denied   []string // scopes that no workspace grants
	revision uint64   // of the grants
	reads    int      // of instances and grants, one by one
	received []channel.Inbound
	scopes   []identity.Scope
	failing  bool // the store is down
	changes  int
	pauses   []time.Duration

	conditions map[string]inst.Condition // of instances
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), data: t.TempDir(), ledger: &ledger{}, lives: extensiontest.NewLives(), conditions: make(map[string]inst.Condition)}
	h.options = pluginhost.Options{
		Dir: h.dir, DataDir: h.data, SocketDir: filepath.Join(shortDir(t), "s"), CoreVersion: "0.1.0-dev",
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Timing: pluginhost.DefaultTiming(),
	}
	h.options.Timing.Backoff = 20 * time.Millisecond
	h.options.Timing.Reopen = 20 * time.Millisecond
	h.deliver = delivery.NewDeliverer(h.ledger, time.Now, slog.New(slog.DiscardHandler))
	return h
}

// shortDir returns a folder whose path is short enough for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pb") //nolint:usetesting // t.TempDir is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// install installs one of our own plugins.
func (h *house) install(name string) {
	h.t.Helper()
	from, err := bundles()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(h.dir, "patchbay-"+name), os.DirFS(filepath.Join(from, "patchbay-"+name))); err != nil {
		h.t.Fatal(err)
	}
}

const badManifest = `{"manifest_version":1,"id":"test/bad","version":"1.2.3","name":{"en":"Bad"},"summary":{"en":"Behaves badly."},
"publisher":{"name":"Test"},"license":"Apache-2.0","core":">=0.1.0 <1.0.0","protocol":[1],"kinds":["channel"],
"permissions":[{"scope":"messages:ingest","reason":{"en":"It is a test."}}],
"config_schema":{"type":"object","additionalProperties":false,"properties":{"token":{"type":"string","minLength":3}}},
"channel":{"content":["text"],"text_limit":4000}}`

const bad = channel.PluginID("test/bad")

// installBad installs the plugin that behaves badly, in a mode.
func (h *house) installBad(mode string, edits ...string) {
	h.t.Helper()
	program, err := misbehave()
	if err != nil {
		h.t.Fatal(err)
	}
	folder := filepath.Join(h.dir, "test-bad")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Link(program, filepath.Join(folder, "plugin")); err != nil {
		h.t.Fatal(err)
	}
	h.write(filepath.Join(folder, "plugin.json"), strings.NewReplacer(edits...).Replace(badManifest))
	h.mode(mode)
	h.write(h.dataFile("plugin.yaml"), badManifest)
}

func (h *house) mode(mode string) { h.write(h.dataFile("mode"), mode) }

func (h *house) dataFile(name string) string { return filepath.Join(h.data, "test-bad", name) }

func (h *house) write(path, text string) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// open reads the plugins.
func (h *house) open() *pluginhost.Host {
	h.t.Helper()
	host, err := pluginhost.New(h.options)
	if err != nil {
		h.t.Fatal(err)
	}
	h.host = host
	return host
}

// run runs the plugins; stop ends them and waits.
func (h *house) run() (stop func()) {
	h.t.Helper()
	if h.host == nil {
		h.open()
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() {
		done <- h.host.Run(ctx, pluginhost.Ports{
			Workspaces: h, Connections: h, Grants: h, Vault: inst.NewVault(channeltest.Sealer{}), Locale: h.locale,
			Receiver: h, Deliverer: h.deliver, OnChange: h.changed, Lives: h.lives, OnSwap: h.swapped, Condition: h.condition,
		})
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					h.t.Errorf("run: %v", err)
				}
			case <-time.After(patience):
				h.t.Error("the host does not stop")
			}
		})
	}
	h.t.Cleanup(stop)
	return stop
}

func (h *house) swapped(_ channel.PluginID, pause time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pauses = append(h.pauses, pause)
}

func (h *house) changed(channel.PluginID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes++
}

// inbox makes an inbox of a plugin.
func (h *house) inbox(plugin channel.PluginID, config string) channel.Inbox {
	h.mu.Lock()
	defer h.mu.Unlock()
	in := channel.Inbox{
		Workspace: "wsp_1", ID: channel.InboxID(fmt.Sprintf("inb_%d", len(h.inboxes)+1)), Plugin: plugin,
		Config: []byte(config), ConfigRevision: 1, Enabled: true,
	}
	h.inboxes = append(h.inboxes, in)
	return in
}

// InboxesOf implements channel.Workspaces.
func (h *house) InboxesOf(_ context.Context, plugin channel.PluginID) ([]channel.Inbox, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing {
		return nil, errs.New(errs.Unavailable, "store.down", "The store is down.")
	}
	var out []channel.Inbox
	for _, in := range h.inboxes {
		if in.Plugin == plugin && in.Enabled {
			out = append(out, in)
		}
	}
	return out, nil
}

// connection makes a connection of a plugin.
func (h *house) connection(plugin channel.PluginID, config string) extension.Connection {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := extension.Connection{
		Workspace: "wsp_1", ID: extension.ConnectionID(fmt.Sprintf("pin_%d", len(h.linked)+1)), Plugin: extension.PluginID(plugin),
		Name: "Shop", Config: []byte(config), Revision: 1, Enabled: true,
	}
	h.linked = append(h.linked, c)
	return c
}

// relink stores a connection anew.
func (h *house) relink(c extension.Connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.linked {
		if h.linked[i].ID == c.ID {
			h.linked[i] = c
		}
	}
}

// deny makes the workspaces grant everything but some scopes.
func (h *house) deny(scopes ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.denied = scopes
	h.revision++
}

func (h *house) locale(context.Context, identity.WorkspaceID) (string, error) { return "zh-CN", nil }

// ConnectionsOf implements extension.Connections.
func (h *house) ConnectionsOf(_ context.Context, plugin extension.PluginID) ([]extension.Connection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.linked), func(c extension.Connection) bool { return c.Plugin != plugin || !c.Enabled }), nil
}

// Connection implements extension.Connections.
func (h *house) Connection(_ context.Context, id extension.ConnectionID) (extension.Connection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	for _, c := range h.linked {
		if c.ID == id {
			return c, nil
		}
	}
	return extension.Connection{}, errs.Absent()
}

// Granted implements extension.Grants.
func (h *house) Granted(_ context.Context, w identity.WorkspaceID, plugin extension.PluginID) (inst.Granted, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	g := inst.Granted{Workspace: w, Plugin: string(plugin), Revision: h.revision}
	for _, scope := range manifest.Scopes() {
		if !slices.Contains(h.denied, scope) {
			g.Grants = append(g.Grants, inst.Grant{Scope: scope})
		}
	}
	return g, nil
}

// Inbox implements channel.Workspaces.
func (h *house) Inbox(_ context.Context, id channel.InboxID) (channel.Inbox, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	for _, in := range h.inboxes {
		if in.ID == id {
			return in, nil
		}
	}
	return channel.Inbox{}, errs.Absent()
}

// Receive implements channel.Receiver, with deduplication.
func (h *house) Receive(_ context.Context, scope identity.Scope, items []channel.Inbound) ([]channel.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing {
		return nil, errs.New(errs.Unavailable, "store.down", "The store is down.")
	}
	h.scopes = append(h.scopes, scope)
	out := make([]channel.Result, len(items))
	for i, item := range items {
		known := slices.ContainsFunc(h.received, func(r channel.Inbound) bool {
			return r.Inbox == item.Inbox && r.External == item.External
		})
		if known {
			out[i].Outcome = channel.OutcomeDuplicate
			continue
		}
		out[i].Outcome = channel.OutcomeAccepted
		h.received = append(h.received, item)
	}
	return out, nil
}

func (h *house) came() []channel.Inbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.received)
}

// status returns what administrators see of a plugin.
func (h *house) status(id channel.PluginID) extension.Plugin {
	for _, p := range h.host.Plugins() {
		if p.ID == extension.PluginID(id) {
			return p
		}
	}
	h.t.Errorf("%s is not listed", id)
	return extension.Plugin{}
}

// until waits for a state and returns the status.
func (h *house) until(id channel.PluginID, state extension.State) extension.Plugin {
	h.t.Helper()
	var last extension.Plugin
	if !eventually(func() bool { last = h.status(id); return last.State == state }) {
		h.t.Fatalf("%s is %s (%s), want %s", id, last.State, last.Detail, state)
	}
	return last
}

// eventually polls until ok, or until patience ends.
func eventually(ok func() bool) bool {
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(2 * time.Millisecond)
	}
	return true
}

// wait fails the test unless ok comes true.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !eventually(ok) {
		t.Fatalf("it never came true: %s", what)
	}
}

// ledger is a delivery.Store in memory.
type ledger struct {
	mu      sync.Mutex
	rows    []delivery.Delivery
	settled []delivery.Settlement
}

// add adds n deliveries to an inbox, over some conversations.
func (l *ledger) add(in channel.Inbox, n, conversations int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range n {
		l.rows = append(l.rows, delivery.Delivery{
			Workspace: in.Workspace, ID: delivery.ID(fmt.Sprintf("dlv_%05d", len(l.rows))), Inbox: in.ID, Plugin: in.Plugin,
			Conversation: fmt.Sprintf("cnv_%d", i%conversations), Seq: uint64(i/conversations + 1), Recipient: "alice",
			Content: channel.Content{Text: fmt.Sprintf("text %d", i)}, State: delivery.Pending, CreatedAt: time.Now(),
		})
	}
}

// move adds a delivery in a conversation of its own.
func (l *ledger) move(in channel.Inbox, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, delivery.Delivery{
		Workspace: in.Workspace, ID: delivery.ID(fmt.Sprintf("dlv_moves_%05d", n)), Inbox: in.ID, Plugin: in.Plugin,
		Conversation: fmt.Sprintf("cnv_moves_%d", n), Seq: 1, Recipient: "bob",
		Content: channel.Content{Text: "on"}, State: delivery.Pending, CreatedAt: time.Now(),
	})
}

// Due implements delivery.Store: the first pending one of each conversation.
func (l *ledger) Due(_ context.Context, plugin channel.PluginID, now time.Time, limit int, skip delivery.Skip) ([]delivery.Delivery, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := make(map[string]bool)
	var out []delivery.Delivery
	for _, row := range l.rows {
		if row.Plugin != plugin || row.State != delivery.Pending || seen[row.Conversation] {
			continue
		}
		seen[row.Conversation] = true
		if !skip.Has(&row) && !row.NextAt.After(now) && len(out) < limit {
			out = append(out, row)
		}
	}
	return out, nil
}

// NextDue implements delivery.Store.
func (l *ledger) NextDue(_ context.Context, plugin channel.PluginID) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var next time.Time
	for _, row := range l.rows {
		if row.Plugin == plugin && row.State == delivery.Pending && (next.IsZero() || row.NextAt.Before(next)) {
			next = row.NextAt
			if next.IsZero() {
				next = time.Unix(1, 0)
			}
		}
	}
	return next, nil
}

// Settle implements delivery.Store.
func (l *ledger) Interrupted(context.Context, []delivery.Delivery) error { return nil }

func (l *ledger) Settle(_ context.Context, settled []delivery.Settlement) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled = append(l.settled, settled...)
	for _, x := range settled {
		for i := range l.rows {
			if l.rows[i].ID == x.Delivery.ID {
				l.rows[i].State, l.rows[i].Attempts, l.rows[i].NextAt = x.State, x.Attempts, x.NextAt
				l.rows[i].LastCode, l.rows[i].ProviderID = x.Result.Code, x.Provider
			}
		}
	}
	return nil
}

// sent counts the deliveries that were sent.
func (l *ledger) sent() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, row := range l.rows {
		if row.State == delivery.Sent {
			n++
		}
	}
	return n
}

func (l *ledger) row(i int) delivery.Delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rows[i]
}
