// Command pluginbench measures what the plugin host costs, beside go-plugin and
// gRPC alone in the same run: go run ./core/internal/pluginbench. What travels
// is the ratio. docs/operate/benchmarks.md explains the rows.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/marketplace/bundle"
)

// What is measured on the stream, by name.
const (
	rawNarrow  = "raw go-plugin stream, 64 in flight"
	rawWide    = "raw go-plugin stream, 256 in flight"
	hostMemory = "host and deliverer, ledger in memory"

	narrow, wide = 64, 256
)

// The gate: core to plugin to receipt, to the raw stream.
const atLeast = 0.5

// ballast is what a server at rest has in its heap, more or less. Without it the
// collector would run in this small process as it never does in a server.
const ballast = 32 << 20

const (
	pluginID = channel.PluginID("patchbay/bench")
	inboxID  = "inb_01KB0000000000000000000001"
	linkID   = "pin_01KB0000000000000000000001"
)

// bench is one run.
type bench struct {
	dir          string
	rounds       int
	span         time.Duration // of one measurement of a stream
	launches     int
	rest         time.Duration // of idle plugins
	stock        int           // messages that wait in the database for a round
	profile      string
	profileStore string
	only         string
	report       *report

	raw       *rawSide
	host      *pluginrig.Running
	deliverer *delivery.Deliverer
	spring    *spring
}

func main() {
	b := &bench{report: &report{At: time.Now()}}
	flag.IntVar(&b.rounds, "rounds", 12, "of each measurement")
	flag.DurationVar(&b.span, "span", 600*time.Millisecond, "of one measurement of a stream")
	flag.StringVar(&b.profile, "profile", "", "write a CPU profile of the host to this file")
	flag.StringVar(&b.only, "only", "", "streams, stored, calls, sends, starts or idle; empty = all")
	flag.IntVar(&b.launches, "starts", 12, "of the plugin")
	flag.DurationVar(&b.rest, "idle", 10*time.Second, "how long idle plugins are watched")
	flag.IntVar(&b.stock, "stock", 4000, "messages that wait in the database for one measurement of it")
	flag.StringVar(&b.profileStore, "profile-store", "", "write a CPU profile of the host on a database to this file")
	out := flag.String("json", "", "write all figures to this file; - is standard output, in place of the table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := b.run(ctx)
	stop()
	if err == nil {
		err = b.print(*out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pluginbench: "+err.Error())
		os.Exit(1)
	}
}

var errBelow = errors.New("below the gate")

func (b *bench) print(out string) error {
	encoded, err := json.MarshalIndent(b.report, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the figures: %w", err)
	}
	switch out {
	case "-":
		fmt.Println(string(encoded))
	case "":
		fmt.Print(b.report)
	default:
		fmt.Print(b.report)
		if err := os.WriteFile(out, append(encoded, '\n'), 0o600); err != nil {
			return fmt.Errorf("write the figures: %w", err)
		}
	}
	if !b.report.holds() {
		return errBelow
	}
	return nil
}

func (b *bench) run(ctx context.Context) (err error) {
	b.report.Machine, b.report.Load = machine(), load()
	if b.dir, err = os.MkdirTemp("", "pbb"); err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	defer os.RemoveAll(b.dir) //nolint:errcheck // of the system's temporary folder
	if err := b.build(ctx); err != nil {
		return err
	}
	if b.raw, err = openRaw(filepath.Join(b.dir, "raw"), b.dir); err != nil {
		return err
	}
	defer b.raw.close()
	rest := make([]byte, ballast)
	defer runtime.KeepAlive(rest)
	if err := b.open(ctx); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"streams", b.streams}, {"stored", b.stored}, {"calls", b.unary}, {"sends", b.sends}, {"starts", b.starts}, {"idle", b.idle}} {
		if b.only != "" && b.only != part.name {
			continue
		}
		if err := part.run(ctx); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", part.name, err), b.host.Stop())
		}
	}
	b.judge()
	return b.host.Stop()
}

// build builds the plugins that are measured, and what they are compared with.
func (b *bench) build(ctx context.Context) error {
	root, err := rig.Root(ctx)
	if err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	for _, dir := range []string{"core/internal/pluginbench/plugin", "plugins/echo", "plugins/keyword-bot"} {
		if _, err := bundle.Build(ctx, filepath.Join(root, dir), filepath.Join(b.dir, "plugins")); err != nil {
			return fmt.Errorf("build %s: %w", dir, err)
		}
	}
	if err := os.CopyFS(filepath.Join(b.dir, "one", "patchbay-bench"), os.DirFS(filepath.Join(b.dir, "plugins", "patchbay-bench"))); err != nil {
		return fmt.Errorf("copy the plugin: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(b.dir, "raw"), "./core/internal/pluginbench/raw")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the raw plugin: %w\n%s", err, text)
	}
	return nil
}

// core is a workspace with an inbox and a connection of the plugin.
func core() pluginrig.Core {
	const workspace = "wsp_01KB0000000000000000000001"
	return pluginrig.Core{
		Scopes:      []string{"hooks:intercept"},
		Inboxes:     []channel.Inbox{{Workspace: workspace, ID: inboxID, Plugin: pluginID, Config: []byte(`{}`), ConfigRevision: 1, Enabled: true}},
		Connections: []extension.Connection{{Workspace: workspace, ID: linkID, Plugin: extension.PluginID(pluginID), Name: "Bench", Config: []byte(`{}`), Revision: 1, Enabled: true}},
	}
}

// open starts the host with the plugin.
func (b *bench) open(ctx context.Context) (err error) {
	c := core()
	b.spring = newSpring(c.Inboxes[0])
	b.deliverer = delivery.NewDeliverer(b.spring, time.Now, slog.New(slog.DiscardHandler))
	options := pluginrig.Options(filepath.Join(b.dir, "plugins"), filepath.Join(b.dir, "h"))
	if b.host, err = pluginrig.Start(ctx, options, pluginrig.Ports(c, b.deliverer)); err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	if err := b.host.Await(ctx, pluginID); err != nil {
		return errors.Join(err, b.host.Stop())
	}
	return nil
}

func (b *bench) pid() int { return b.host.Status(pluginID).PID }

// judge holds the figures to what they must be.
func (b *bench) judge() {
	defer func() {
		for _, s := range b.report.Series {
			s.close()
		}
	}()
	b.report.Took = time.Since(b.report.At).Seconds()
	if b.only != "" && b.only != "streams" {
		return
	}
	b.report.gate("host to raw stream, 64 in flight", b.report.series(hostMemory, ""), b.report.series(rawNarrow, ""), atLeast)
	b.report.gate("host to raw stream, 256 in flight", b.report.series(hostMemory, ""), b.report.series(rawWide, ""), 0)
}

// machine names what the figures are from.
func machine() string {
	name := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d x %s, %s, %s", runtime.NumCPU(), name, runtime.GOOS, runtime.Version())
}

// load is what else the machine has to do.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
