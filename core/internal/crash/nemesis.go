package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/client"
	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// nemesis starts the server and kills it.
type nemesis struct {
	options rig.Options
	rng     *rand.Rand
	log     *os.File
	server  *rig.Server
	ledger  *client.Ledger
	harm    harm
}

// harm is what was done.
type harm struct {
	cycles, kills, pluginKills, drains int
	restarts                           []time.Duration // launch to ready
}

func newNemesis(ctx context.Context, p plan) (*nemesis, error) {
	data, log, err := p.folders()
	if err != nil {
		return nil, err
	}
	address, err := rig.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	n := &nemesis{log: log, rng: rand.New(rand.NewPCG(p.seed, 0)), options: rig.Options{
		Product: p.product, DataDir: data, Address: address, Log: log,
		Env: []string{"PATCHBAY_ADMIN_EMAIL=" + adminEmail, "PATCHBAY_ADMIN_PASSWORD=" + adminPassword, "PATCHBAY_LOG_LEVEL=warn"},
	}}
	if err := n.launch(ctx); err != nil {
		n.end()
		return nil, err
	}
	n.harm.restarts = nil // the first start makes the database: it is no restart
	return n, nil
}

// seed starts the server again with a bug. It was furnished without one, so
// that the bug meets messages and not the first start.
func (n *nemesis) seed(ctx context.Context, bug string) error {
	n.drain(ctx)
	n.options.Env = append(n.options.Env, "PATCHBAY_MUTANT="+bug)
	return n.launch(ctx)
}

func (n *nemesis) database() string { return filepath.Join(n.options.DataDir, "patchbay.db") }

// launch starts the server and waits until it is ready.
func (n *nemesis) launch(ctx context.Context) error {
	s, err := rig.Launch(ctx, n.options)
	if err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	n.server = s
	took, err := s.Ready(ctx)
	if err != nil {
		return fmt.Errorf("the server does not come back (see %s): %w", n.log.Name(), err)
	}
	n.harm.restarts = append(n.harm.restarts, took)
	return nil
}

// end leaves no process behind.
func (n *nemesis) end() {
	if n.server != nil {
		n.server.Kill()
	}
	_ = n.log.Close() // nothing is written any more
}

// rage kills the server so many times, and returns with a new one running.
func (n *nemesis) rage(ctx context.Context, cycles int) error {
	for range cycles {
		life := n.between(100*time.Millisecond, 500*time.Millisecond)
		if n.oneIn(6) {
			part := n.between(life/2, life) // plugins need a moment to start
			wait(ctx, part)
			n.killPlugin()
			life -= part
		}
		wait(ctx, life)
		n.kill()
		n.harm.cycles++
		if n.oneIn(12) { // once more, while it starts
			if err := n.killStarting(ctx); err != nil {
				return err
			}
		}
		if err := n.launch(ctx); err != nil {
			return err
		}
		if n.oneIn(10) {
			wait(ctx, n.between(50*time.Millisecond, 300*time.Millisecond))
			n.drain(ctx)
			if err := n.launch(ctx); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (n *nemesis) oneIn(times int) bool { return n.rng.IntN(times) == 0 }

func (n *nemesis) between(low, high time.Duration) time.Duration {
	return low + time.Duration(n.rng.Int64N(int64(high-low)))
}

// kill ends the server with kill -9. Its plugins must die with it.
func (n *nemesis) kill() {
	children, err := rig.Children(n.server.PID())
	if err != nil {
		n.ledger.Fault(verdict.Processes, err.Error())
	}
	n.server.Kill()
	n.harm.kills++
	n.orphans(children)
}

func (n *nemesis) killStarting(ctx context.Context) error {
	s, err := rig.Launch(ctx, n.options)
	if err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	n.server = s
	wait(ctx, n.between(time.Millisecond, 80*time.Millisecond))
	n.kill()
	return nil
}

// orphans notes plugins that outlive their server, and ends them.
func (n *nemesis) orphans(children []int) {
	deadline := time.Now().Add(3 * time.Second)
	for _, pid := range children {
		for rig.Runs(pid) && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		if rig.Runs(pid) {
			n.ledger.Fault(verdict.Processes, fmt.Sprintf("plugin process %d outlives its server", pid))
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// killPlugin kills one of the server's plugins.
func (n *nemesis) killPlugin() {
	children, err := rig.Children(n.server.PID())
	if err != nil || len(children) == 0 {
		return // it has not started them yet
	}
	if syscall.Kill(children[n.rng.IntN(len(children))], syscall.SIGKILL) == nil {
		n.harm.pluginKills++
	}
}

// drain ends the server politely. It must lose nothing either, end by itself
// with status 0, and leave no child.
func (n *nemesis) drain(ctx context.Context) {
	const most = 20 * time.Second // the drain has 15
	children, err := rig.Children(n.server.PID())
	if err != nil {
		n.ledger.Fault(verdict.Processes, err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	n.server.Terminate()
	switch code, err := n.server.Wait(ctx); {
	case err != nil:
		n.ledger.Fault(verdict.Processes, fmt.Sprintf("the server does not end within %v of SIGTERM", most))
		n.server.Kill()
	case code != 0:
		n.ledger.Fault(verdict.Processes, fmt.Sprintf("the server ended with status %d on SIGTERM", code))
	}
	n.harm.drains++
	n.orphans(children)
}

// readLog looks for what a server that is only killed never says.
func (n *nemesis) readLog() {
	f, err := os.Open(n.log.Name())
	if err != nil {
		n.ledger.Fault(verdict.Processes, err.Error())
		return
	}
	defer f.Close() //nolint:errcheck // read only
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if text := lines.Text(); strings.Contains(text, "level=ERROR") || strings.HasPrefix(text, "panic:") || strings.Contains(text, "DATA RACE") {
			n.ledger.Fault(verdict.Processes, "the server's log says: "+text)
		}
	}
}
