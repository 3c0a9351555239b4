package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/pluginhost"
)

const (
	plugin        = extension.PluginID("test/chaos")
	folder        = "test-chaos"
	conversations = 200
	load          = 1000 // messages that wait, all the time
	patience      = time.Minute
)

const manifestText = `{"manifest_version":1,"id":"test/chaos","version":"%s","name":{"en":"Chaos"},"summary":{"en":"Harm is done to it."},
"publisher":{"name":"Test"},"license":"Apache-2.0","core":">=0.1.0 <1.0.0","protocol":[1],"kinds":["channel"],
"resources":{"memory_mb":64},"channel":{"content":["text"],"text_limit":4000}}`

// rigged is the core around one plugin.
type rigged struct {
	*result
	dir     string
	core    pluginrig.Core
	inbox   channel.Inbox
	rows    ledger
	deliver *delivery.Deliverer
	host    *pluginrig.Running
	rand    *rand.Rand
	version int

	mu sync.Mutex // of result's pauses
}

// run does harm and returns what came of it. The error is about the harness.
func run(ctx context.Context, o options, bug string) (*result, error) {
	dir, err := os.MkdirTemp("", "pbc")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder for temporary files
	g := &rigged{
		result: &result{seed: o.seed, ledger: o.store, events: make(map[string]int)}, dir: dir, rand: rand.New(rand.NewPCG(o.seed, 1)),
		inbox: channel.Inbox{Workspace: "wsp_1", ID: "inb_1", Plugin: channel.PluginID(plugin), Config: []byte(`{}`), ConfigRevision: 1, Enabled: true},
	}
	g.rows = newRows(g.inbox, bug, time.Now)
	if o.store == sqlite {
		kept, err := openStored(ctx, dir)
		if err != nil {
			return nil, err
		}
		g.rows, g.inbox = kept, kept.out.Inbox
	}
	defer g.rows.close(context.WithoutCancel(ctx))
	g.core.Inboxes = []channel.Inbox{g.inbox}
	if err := g.build(ctx); err != nil {
		return nil, err
	}
	stop, err := g.start(ctx, bug)
	if err != nil {
		return nil, err
	}
	defer stop()
	began := time.Now()
	err = g.storm(ctx, o)
	g.took = time.Since(began)
	return g.result, err
}

// build builds the plugin and offers its first version.
func (g *rigged) build(ctx context.Context) error {
	program := filepath.Join(g.dir, "plugin")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "github.com/patchbay-im/patchbay/core/internal/pluginchaos/plugin")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return g.offer()
}

// offer puts another version into the plugins folder.
func (g *rigged) offer() error {
	g.version++
	to := filepath.Join(g.dir, "plugins", folder)
	err := os.MkdirAll(to, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "plugin.json"), fmt.Appendf(nil, manifestText, fmt.Sprintf("1.0.%d", g.version)), 0o600)
	}
	if err == nil {
		err = os.Link(filepath.Join(g.dir, "plugin"), filepath.Join(to, "plugin"))
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return err
}

// start runs the host.
func (g *rigged) start(ctx context.Context, bug string) (stop func(), err error) {
	quiet := slog.New(slog.DiscardHandler)
	t := pluginhost.DefaultTiming()
	t.Backoff, t.BackoffCap, t.Reopen = time.Millisecond, 5*time.Millisecond, 5*time.Millisecond
	t.HealthEvery, t.HealthWithin, t.HealthMisses, t.Stalled = 50*time.Millisecond, 250*time.Millisecond, 2, 20*time.Second
	t.MemoryEvery, t.Crashes, t.DayCrashes, t.FailedStarts, t.Rollback = 5*time.Millisecond, 1<<30, 0, 1<<30, 0
	options := pluginrig.Options(filepath.Join(g.dir, "plugins"), g.dir)
	options.Timing = t
	g.deliver = delivery.NewDeliverer(g.rows, time.Now, quiet)
	ports := pluginrig.Ports(g.core, &deliverer{Deliverer: g.deliver, bug: bug})
	ports.OnSwap = g.swapped
	if g.host, err = pluginrig.Start(ctx, options, ports); err != nil {
		return nil, err
	}
	return func() { _ = g.host.Stop() }, nil // what it says is in the log, and the verdict tells
}

func (g *rigged) swapped(_ channel.PluginID, pause time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.swaps++
	g.pauses = append(g.pauses, pause)
}

// storm runs the load and does the harm. The limit ends the harm alone: what was
// made is delivered all the same.
func (g *rigged) storm(ctx context.Context, o options) error {
	harming, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	if !g.until(ctx, g.ready) {
		return errors.New("the plugin does not start: " + g.status().Detail)
	}
	// First only swaps: nothing may be doubled by them.
	for range o.swaps {
		if !g.deliverSome(ctx, 300) || !g.swap(ctx) {
			break
		}
	}
	g.settle(ctx)
	if err := g.arrived(filepath.Join(g.dir, "data"), g.rows, true); err != nil {
		return err
	}
	before, was := held()
	for i := 0; i < o.events && len(g.violations) == 0; i++ {
		if harming.Err() != nil {
			g.broken(progress, "%v are over after %d of %d events", o.limit, i, o.events)
			break
		}
		if !g.deliverSome(ctx, 100+g.rand.IntN(200)) {
			g.broken(progress, "nothing moved for %v before event %d", patience, i)
			break
		}
		g.harm(ctx)
	}
	if g.settle(ctx) {
		if err := g.arrived(filepath.Join(g.dir, "data"), g.rows, false); err != nil {
			return err
		}
	}
	after, is := held()
	g.growth, g.resident = after-before, is-was
	g.mu.Lock()
	defer g.mu.Unlock()
	g.judge(o.strict)
	return nil
}

// held returns how many bytes the core uses: of heap and stacks, after a
// collection, and of memory that the system counts, after what is free was given back.
func held() (used, resident int64) {
	debug.FreeOSMemory()
	debug.FreeOSMemory() // what the first one's finalisers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	resident, _ = rig.Resident(os.Getpid()) // 0 where nobody tells
	return int64(m.HeapAlloc) + int64(m.StackInuse), resident
}

// deliverSome keeps up the load until so many more are sent; false when they
// are not.
func (g *rigged) deliverSome(ctx context.Context, n int) bool {
	_, began, _ := g.rows.count()
	return g.until(ctx, func() bool {
		if err := g.rows.fill(ctx, load); err != nil {
			return false // nothing moves, and the verdict says so
		}
		g.deliver.Wake()
		_, sent, _ := g.rows.count()
		return sent >= began+n
	})
}

// settle waits until everything is sent, and reports whether it came to that.
func (g *rigged) settle(ctx context.Context) bool {
	done := g.until(ctx, func() bool {
		g.deliver.Wake()
		made, sent, dead := g.rows.count()
		return made == sent+dead
	})
	if g.made, g.sent, g.dead = g.rows.count(); !done {
		g.broken(progress, "%d of %d messages are still not sent after %v", g.made-g.sent-g.dead, g.made, patience)
	}
	return done
}

// until polls; false when patience ends.
func (g *rigged) until(ctx context.Context, ok func() bool) bool {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (g *rigged) status() extension.Plugin { return g.host.Plugins()[0] }

func (g *rigged) ready() bool { return g.status().State == extension.Ready }

// swap lets another version take over.
func (g *rigged) swap(ctx context.Context) bool {
	if err := g.offer(); err != nil {
		g.broken(progress, "a version could not be offered: %v", err)
		return false
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := g.host.Move(within, plugin, extension.Move{})
	return err == nil // one that could not start, for the harm done to it, changes nothing
}

// harm does something at random.
func (g *rigged) harm(ctx context.Context) {
	if !g.until(ctx, g.ready) {
		g.broken(progress, "the plugin does not come back: %s", g.status().Detail)
		return
	}
	names := []string{"kill", "kill", "kill", "hang", "pause", "slow", "fail", "flood", "garbage", "panic", "balloon", "swap", "swap"}
	name := names[g.rand.IntN(len(names))]
	g.events[name]++
	before := g.status()
	switch name {
	case "kill":
		g.crash(ctx, before, func() { _ = syscall.Kill(before.PID, syscall.SIGKILL) })
	case "hang":
		g.crash(ctx, before, func() { _ = syscall.Kill(before.PID, syscall.SIGSTOP) })
	case "balloon":
		g.crash(ctx, before, func() { g.tell(ctx, name) })
	case "pause":
		_ = syscall.Kill(before.PID, syscall.SIGSTOP)
		timer := time.NewTimer(time.Duration(g.rand.IntN(80)) * time.Millisecond)
		<-timer.C
		_ = syscall.Kill(before.PID, syscall.SIGCONT)
	case "swap":
		g.swap(ctx)
	default:
		g.tell(ctx, name)
	}
	if after := g.status(); name != "kill" && name != "hang" && name != "balloon" && after.Restarts > before.Restarts {
		g.crashes += after.Restarts - before.Restarts // not asked for, on a busy machine
	}
}

// crash ends the process and waits for the next one.
func (g *rigged) crash(ctx context.Context, before extension.Plugin, end func()) {
	began := time.Now()
	end()
	if !g.until(ctx, func() bool { p := g.status(); return p.State == extension.Ready && p.Restarts > before.Restarts }) {
		g.broken(progress, "the plugin was not started again: %s", g.status().Detail)
		return
	}
	g.crashes += g.status().Restarts - before.Restarts
	g.recoveries = append(g.recoveries, time.Since(began))
}

// tell makes the plugin misbehave.
func (g *rigged) tell(ctx context.Context, what string) {
	_, err := g.host.Webhook(ctx, g.inbox, channel.WebhookRequest{ID: "whk_1", Method: "POST", Body: []byte(what)})
	if what == "garbage" && err == nil {
		g.broken(lost, "an answer that is none was passed on")
	}
}
