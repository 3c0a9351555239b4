package pluginhost_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/pluginhost"
)

// What cannot start says why, and does not hinder the others.
func TestPluginsThatCannotStart(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mode    string
		edits   []string
		prepare func(h *house)
		state   extension.State
		want    string
	}{
		"missing": {
			prepare: func(h *house) { remove(h, "plugin") }, state: extension.Failed, want: "is missing. Build it again",
		},
		"no manifest": {
			prepare: func(h *house) { remove(h, "plugin.json") }, state: extension.Failed, want: "has no plugin.json",
		},
		"bad manifest":   {edits: []string{`"license"`, `"licence"`}, state: extension.Failed, want: `unknown key "licence"`},
		"too new a core": {edits: []string{">=0.1.0 <1.0.0", ">=7.0.0 <8.0.0"}, state: extension.Failed, want: "needs a server >=7.0.0 <8.0.0; this one is 0.1.0-dev"},
		"other protocol": {edits: []string{`"protocol":[1]`, `"protocol":[9]`}, state: extension.Failed, want: "speaks the plugin protocol [9]"},
		"wrong version":  {edits: []string{"1.2.3", "1.2.4"}, state: extension.Failed, want: `says that it is "test/bad" "1.2.3", its manifest says test/bad 1.2.4`},
		"wrong id": {
			edits:   []string{"test/bad", "test/worse"},
			prepare: func(h *house) { h.write(filepath.Join(h.data, "test-worse", "plugin.yaml"), badManifest) },
			state:   extension.Failed, want: `says that it is "test/bad"`,
		},
		"not what it promises": {
			edits: []string{`"channel":{`, `"channel":{"live":true,`}, state: extension.Failed, want: `promises the ability "live"`,
		},
		"hang":    {mode: "hang", state: extension.Quarantined, want: "did not get ready in time"},
		"garbage": {mode: "garbage", state: extension.Quarantined, want: `printed "Hello, I am no plugin!"`},
		"exit":    {mode: "exit", state: extension.Quarantined, want: "exit status 3). Its output says why. Its last words: cannot find my teapot"},
		"refuse":  {mode: "refuse", state: extension.Quarantined, want: "refused to start: plugin_fault: start the channel: no teapot, no service"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.options.Timing.Start = 2 * time.Second
			h.install("echo")
			h.installBad(tt.mode, tt.edits...)
			if tt.prepare != nil {
				tt.prepare(h)
			}
			h.run()
			h.until(echo, extension.Ready)
			var p extension.Plugin
			wait(t, string(tt.state), func() bool {
				for _, p = range h.host.Plugins() {
					if p.ID != extension.PluginID(echo) && p.State == tt.state {
						return true
					}
				}
				return false
			})
			if !strings.Contains(p.Detail, tt.want) || p.PID != 0 {
				t.Errorf("detail %q, want %q", p.Detail, tt.want)
			}
			if tt.state == extension.Quarantined && (p.NextRetryAt.Sub(p.Since).Round(time.Second) != 15*time.Minute || p.Restarts != 2) {
				t.Errorf("next try %v after %v, %d restarts", p.NextRetryAt.Sub(p.Since), p.Since, p.Restarts)
			}
		})
	}
}

func remove(h *house, name string) {
	h.t.Helper()
	if err := os.Remove(filepath.Join(h.dir, "test-bad", name)); err != nil {
		h.t.Fatal(err)
	}
}

// A mended plugin starts at the administrator's word, whatever its past.
func TestRestartAfterMending(t *testing.T) {
	h := newHouse(t)
	h.installBad("exit")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Quarantined)
	if health := h.host.Health(in); health.State != "down" || health.Code != "plugin_quarantined" {
		t.Errorf("health in quarantine: %+v", health)
	}
	if _, err := h.host.Webhook(t.Context(), in, channel.WebhookRequest{}); !errs.Is(err, errs.Unavailable) || errs.As(err).RetryAfter < 14*time.Minute {
		t.Errorf("a request in quarantine: %v", err)
	}
	h.mode("")
	if err := h.host.Restart(t.Context(), extension.PluginID(bad)); err != nil {
		t.Fatal(err)
	}
	p := h.until(bad, extension.Ready)
	if p.Detail != "" || !p.NextRetryAt.IsZero() {
		t.Errorf("after mending: %+v", p)
	}
	first := p.PID
	if err := h.host.Restart(t.Context(), extension.PluginID(bad)); err != nil {
		t.Fatal(err)
	}
	wait(t, "another process", func() bool {
		p = h.status(bad)
		return p.State == extension.Ready && p.PID != first
	})
	if _, err := os.Stat(h.dataFile("drained")); err != nil {
		t.Errorf("it was not drained before the restart: %v", err)
	}
}

func TestMissingProgramBuiltLater(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	remove(h, "plugin")
	h.run()
	h.until(bad, extension.Failed)
	program, err := misbehave()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(program, filepath.Join(h.dir, "test-bad", "plugin")); err != nil {
		t.Fatal(err)
	}
	if err := h.host.Restart(t.Context(), extension.PluginID(bad)); err != nil {
		t.Fatal(err)
	}
	h.until(bad, extension.Ready)
}

func TestCrashLoopEndsInQuarantine(t *testing.T) {
	h := newHouse(t)
	h.installBad("crash")
	h.inbox(bad, `{}`)
	h.run()
	p := h.until(bad, extension.Quarantined)
	for _, want := range []string{"ended by itself (exit status 7)", "my teapot broke", "it crashes again and again"} {
		if !strings.Contains(p.Detail, want) {
			t.Errorf("no %q in %q", want, p.Detail)
		}
	}
	if p.Restarts != 4 {
		t.Errorf("%d restarts before quarantine, want 4", p.Restarts)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changes < 10 {
		t.Errorf("only %d changes were told", h.changes)
	}
}

func TestFloodIsHarmless(t *testing.T) {
	h := newHouse(t)
	h.installBad("flood")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	h.ledger.add(in, 100, 5)
	h.deliver.Wake()
	wait(t, "100 deliveries sent", func() bool { return h.ledger.sent() == 100 })
	wait(t, "a word on what was suppressed", func() bool {
		lines, err := h.host.Logs(extension.PluginID(bad))
		if err != nil || len(lines) > 200 {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		for _, l := range lines {
			if strings.HasPrefix(l.Text, "suppressed ") && l.Level == "warn" {
				return true
			}
		}
		return false
	})
	if p := h.status(bad); p.State != extension.Ready || p.Restarts != 0 {
		t.Errorf("after the flood: %+v", p)
	}
}

// A process that is stopped answers nothing, and go-plugin would wait for it
// for ever.
func TestStoppedProcessIsReplaced(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.HealthEvery = 50 * time.Millisecond
	h.options.Timing.HealthWithin = 100 * time.Millisecond
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.run()
	p := h.until(bad, extension.Ready)
	if err := syscall.Kill(p.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	h.ledger.add(in, 20, 20)
	h.deliver.Wake()
	var next extension.Plugin
	wait(t, "another process", func() bool {
		next = h.status(bad)
		return next.State == extension.Ready && next.PID != p.PID
	})
	if next.Restarts != 1 {
		t.Errorf("%d restarts, want 1", next.Restarts)
	}
	if err := syscall.Kill(p.PID, 0); err == nil {
		t.Error("the stopped process is still there")
	}
	wait(t, "20 deliveries sent", func() bool { return h.ledger.sent() == 20 })
}

// Stopping the host ends a stopped process too.
func TestStopEndsAStoppedProcess(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.Drain = 200 * time.Millisecond
	h.options.Timing.Terminate = 200 * time.Millisecond
	h.installBad("")
	stop := h.run()
	p := h.until(bad, extension.Ready)
	if err := syscall.Kill(p.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := syscall.Kill(p.PID, 0); err == nil {
		t.Error("it is still there")
	}
}

func TestAuthorsPanicsStayInside(t *testing.T) {
	h := newHouse(t)
	h.installBad("panic")
	in := h.inbox(bad, `{}`)
	h.run()
	first := h.until(bad, extension.Ready)
	answer, err := h.host.Webhook(t.Context(), in, channel.WebhookRequest{ID: "whk_1", Body: []byte("x")})
	if err != nil || answer.Result.Outcome != channel.OutcomeRetry || answer.Result.Code != "plugin_fault" {
		t.Errorf("a panic in Receive: %+v %v", answer, err)
	}
	if _, err := h.host.ValidateConfig(t.Context(), bad, inst.Candidate{Config: []byte(`{"token":"good"}`)}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a panic in ValidateConfig: %v", err)
	}
	h.ledger.add(in, 3, 3)
	h.deliver.Wake()
	wait(t, "an attempt of each", func() bool {
		return h.ledger.row(0).Attempts > 0 && h.ledger.row(1).Attempts > 0 && h.ledger.row(2).Attempts > 0
	})
	if row := h.ledger.row(0); row.LastCode != "plugin_fault" || row.State != delivery.Pending {
		t.Errorf("the row: %+v", row)
	}
	if p := h.status(bad); p.PID != first.PID {
		t.Error("the process died of it")
	}
}

func TestStuckDeliveriesEndTheProcess(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.HealthEvery = 50 * time.Millisecond
	h.options.Timing.Stalled = 300 * time.Millisecond
	h.installBad("stuck")
	in := h.inbox(bad, `{}`)
	h.run()
	first := h.until(bad, extension.Ready)
	h.ledger.add(in, 1, 1)
	h.deliver.Wake()
	wait(t, "another process", func() bool {
		p := h.status(bad)
		return p.PID != 0 && p.PID != first.PID
	})
	h.mode("")
	wait(t, "the delivery", func() bool { return h.ledger.sent() == 1 })
	if sink := readSink(t, h); len(sink) != 1 || !sink[0].suspect {
		t.Errorf("the sink: %+v", sink)
	}
	lines, err := h.host.Logs(extension.PluginID(bad))
	if err != nil {
		t.Fatal(err)
	}
	dumped := false
	for _, l := range lines {
		dumped = dumped || strings.Contains(l.Text, "goroutine ")
	}
	if !dumped {
		t.Error("no goroutines in the log")
	}
}

// An account that hangs while another moves never lets the line stand still: a
// fresh process takes over, and the other account notices nothing.
func TestAnAccountThatHangsWhileAnotherMoves(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.HealthEvery = 50 * time.Millisecond
	h.options.Timing.Stalled = 20 * time.Second
	h.options.Timing.Overdue = time.Second
	h.options.Timing.HandOver = 20 * time.Second
	h.installBad("hangs-one")
	hangs, moves := h.inbox(bad, `{}`), h.inbox(bad, `{}`)
	h.run()
	first := h.until(bad, extension.Ready)
	h.ledger.add(hangs, 1, 1)
	sent := 0
	wait(t, "another process", func() bool {
		h.ledger.move(moves, sent)
		sent++
		h.deliver.Wake()
		p := h.status(bad)
		return p.State == extension.Ready && p.PID != 0 && p.PID != first.PID
	})
	h.mode("")
	wait(t, "the deliveries of the other account", func() bool { return h.ledger.sent() >= sent })
	if p := h.status(bad); p.Restarts != 0 {
		t.Errorf("%d restarts: it counts as a crash", p.Restarts)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.pauses) == 0 || h.pauses[0] > 10*time.Second {
		t.Errorf("the pauses of the others: %v", h.pauses)
	}
}

func TestDrainThatDoesNotEnd(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.Drain = 300 * time.Millisecond
	h.options.Timing.Terminate = 200 * time.Millisecond
	h.installBad("nodrain")
	stop := h.run()
	h.until(bad, extension.Ready)
	began := time.Now()
	stop()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestDrainFinishesWhatIsInFlight(t *testing.T) {
	h := newHouse(t)
	h.installBad("slow")
	in := h.inbox(bad, `{}`)
	stop := h.run()
	h.until(bad, extension.Ready)
	h.ledger.add(in, 200, 200)
	h.deliver.Wake()
	wait(t, "the first receipts", func() bool { return h.ledger.sent() > 0 })
	stop()
	sink := readSink(t, h)
	if sent := h.ledger.sent(); sent != len(sink) || sent == 200 {
		t.Errorf("%d sent by the ledger, %d by the far side, of 200", sent, len(sink))
	}
	if _, err := os.Stat(h.dataFile("drained")); err != nil {
		t.Errorf("the plugin was not told: %v", err)
	}
}

func TestHostItself(t *testing.T) {
	h := newHouse(t)
	h.options.Dir = filepath.Join(h.dir, "nowhere")
	if _, err := pluginhost.New(h.options); err == nil || !strings.Contains(err.Error(), "plugins.dev_dir") {
		t.Errorf("a folder that is missing: %v", err)
	}
	h.options.Dir = ""
	if host, err := pluginhost.New(h.options); err != nil || len(host.Plugins()) != 0 {
		t.Errorf("no folder: %v", err)
	}
	h.options.Dir = h.dir
	h.options.SocketDir = h.dir // others can read it
	h.open()
	if err := h.host.Run(t.Context(), pluginhost.Ports{}); err == nil || !strings.Contains(err.Error(), "not a private folder") {
		t.Errorf("a socket folder that is not private: %v", err)
	}
}

// The database fails while a plugin starts: no mark against the plugin.
func TestStoreDownAtStart(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	h.failing = true
	h.run()
	p := h.until(bad, extension.Backoff)
	if !strings.Contains(p.Detail, "the server could not read its instances") {
		t.Errorf("detail %q", p.Detail)
	}
	wait(t, "many tries", func() bool { return h.status(bad).Restarts > 4 })
	h.mu.Lock()
	h.failing = false
	h.mu.Unlock()
	h.until(bad, extension.Ready)
}
