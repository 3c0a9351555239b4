package pluginhost_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

const badPlugin = extension.PluginID(bad)

// offer puts a version of the plugin that behaves badly into the plugins folder.
func (h *house) offer(version string, edits ...string) {
	h.t.Helper()
	if err := os.RemoveAll(filepath.Join(h.dir, "test-bad")); err != nil {
		h.t.Fatal(err)
	}
	h.installBad("", append([]string{`"version":"1.2.3"`, `"version":"` + version + `"`}, edits...)...)
	if err := os.Remove(h.dataFile("plugin.yaml")); err != nil { // its own manifest is in its bundle
		h.t.Fatal(err)
	}
}

func (h *house) row() extension.Life {
	h.t.Helper()
	rows, err := h.lives.Lives(h.t.Context())
	if err != nil || len(rows) != 1 {
		h.t.Fatalf("%+v, %v", rows, err)
	}
	return rows[0]
}

func (h *house) steps(state extension.State) []extension.Transition {
	h.t.Helper()
	all, err := h.lives.History(h.t.Context(), badPlugin, 0, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(s extension.Transition) bool { return s.State != state })
}

// A new version takes over under load: nothing is lost, nothing is doubled, the
// order holds, and deliveries hardly rest.
func TestUpgradeUnderLoad(t *testing.T) {
	const messages, conversations, swaps = 3000, 40, 6
	h := newHouse(t)
	h.offer("1.0.0")
	in := h.inbox(bad, `{}`)
	h.run()
	first := h.until(bad, extension.Ready)
	h.ledger.add(in, messages, conversations)
	h.deliver.Wake()
	for i := range swaps {
		wait(t, "some deliveries", func() bool { return h.ledger.sent() > (i+1)*messages/(swaps+2) })
		version := []string{"1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0"}[i]
		h.offer(version)
		if got, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); err != nil || got.Version != version {
			t.Fatalf("upgrade to %s: %+v, %v", version, got, err)
		}
	}
	wait(t, "everything sent", func() bool { return h.ledger.sent() == messages })
	eachOnce(t, h, messages)
	if h.together() == "" {
		t.Error("no version was there while another was")
	}
	p := h.status(bad)
	if p.Version != "1.6.0" || p.PID == first.PID || p.Restarts != 0 || p.State != extension.Ready {
		t.Errorf("after the upgrades: %+v", p)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if worst := slices.Max(h.pauses); len(h.pauses) != swaps || worst > 500*time.Millisecond { // 50 ms on a machine with nothing else to do: make plugin-chaos
		t.Errorf("pauses %v", h.pauses)
	}
	versions, err := h.host.Versions(t.Context(), badPlugin)
	if err != nil || len(versions) != 3 || !versions[0].Active || !versions[1].Previous {
		t.Errorf("kept: %+v, %v", versions, err)
	}
}

// eachOnce fails the test unless so many messages have arrived at the far side,
// each once, none of them marked, in the order of their conversations.
func eachOnce(t *testing.T, h *house, messages int) {
	t.Helper()
	sink := readSink(t, h)
	if len(sink) != messages {
		t.Errorf("%d arrived at the far side, want each of %d once", len(sink), messages)
	}
	last := make(map[string]int)
	for _, s := range sink {
		if s.suspect || s.seq <= last[s.conversation] {
			t.Fatalf("%+v after %d", s, last[s.conversation])
		}
		last[s.conversation] = s.seq
	}
}

// together lists the versions that began while another process of the plugin lived.
func (h *house) together() string {
	h.t.Helper()
	data, err := os.ReadFile(h.dataFile("together"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.t.Fatal(err)
	}
	return string(data)
}

// A call under way is finished by the version that it was made to.
func TestCallsFinishOnTheOldVersion(t *testing.T) {
	h := newHouse(t)
	h.offer("1.0.0")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	var under sync.WaitGroup
	var old string
	asked := make(chan struct{})
	under.Go(func() {
		close(asked)
		answer, err := h.host.Webhook(t.Context(), in, channel.WebhookRequest{ID: "whk_1", Body: []byte("wait 1s")})
		if err != nil {
			t.Errorf("the call under way: %v", err)
		}
		old = string(answer.Body)
	})
	<-asked
	h.offer("1.1.0")
	if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); err != nil {
		t.Fatal(err)
	}
	if got := h.ask(in, "version"); got != "1.1.0" {
		t.Errorf("a new call went to %s", got)
	}
	under.Wait()
	if old != "1.0.0" && old != "1.1.0" { // on a busy machine it was made after the swap
		t.Errorf("the call under way was answered by %q", old)
	}
}

// A version that does not start changes nothing.
func TestUpgradeThatDoesNotStart(t *testing.T) {
	h := newHouse(t)
	h.offer("1.0.0")
	in := h.inbox(bad, `{}`)
	h.run()
	before := h.until(bad, extension.Ready)
	h.offer("1.1.0")
	h.write(h.dataFile("mode-1.1.0"), "refuse")
	_, err := h.host.Move(t.Context(), badPlugin, extension.Move{})
	if e := errs.As(err); e == nil || e.Code != "plugin.not_moved" || !strings.Contains(e.Message, "no teapot") {
		t.Errorf("the upgrade: %v", err)
	}
	if p := h.status(bad); p.PID != before.PID || p.Version != "1.0.0" || p.State != extension.Ready || h.row().Active.Version != "1.0.0" || p.Offered.Version != "1.1.0" {
		t.Errorf("after it: %+v, %+v", p, h.row())
	}
	if got := h.ask(in, "version"); got != "1.0.0" {
		t.Errorf("a call went to %s", got)
	}
}

// More permissions wait for consent; the old version goes on.
func TestUpgradeWaitsForConsent(t *testing.T) {
	h := newHouse(t)
	h.offer("1.0.0")
	stop := h.run()
	h.until(bad, extension.Ready)
	h.offer("1.1.0", `"permissions":[`, `"permissions":[{"scope":"health:report","reason":{"en":"It tells how it fares."}},`)
	_, err := h.host.Move(t.Context(), badPlugin, extension.Move{})
	if e := errs.As(err); e == nil || e.Code != "plugin.consent_needed" || !strings.Contains(e.Message, "health:report") {
		t.Fatalf("without consent: %v", err)
	}
	// Not with a restart of the server, either.
	stop()
	h.host = nil
	h.run()
	p := h.until(bad, extension.Ready)
	if p.Version != "1.0.0" || p.Offered.Version != "1.1.0" || !slices.Equal(p.Asks, []string{"health:report"}) {
		t.Fatalf("after a restart: %+v", p)
	}
	if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{Accepted: []string{"health:report"}}); err != nil {
		t.Fatal(err)
	}
	if p := h.status(bad); p.Version != "1.1.0" || p.Offered.Version != "" {
		t.Errorf("with consent: %+v", p)
	}
}

// What was chosen is what runs, whatever becomes of the plugins folder.
func TestRollbackAndPin(t *testing.T) {
	h := newHouse(t)
	h.offer("1.0.0")
	stop := h.run()
	h.until(bad, extension.Ready)
	if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{Back: true}); errs.As(err) == nil || errs.As(err).Code != "plugin.no_previous" {
		t.Errorf("back from the first: %v", err)
	}
	h.offer("1.1.0")
	if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); err != nil {
		t.Fatal(err)
	}
	if got, err := h.host.Move(t.Context(), badPlugin, extension.Move{Back: true}); err != nil || got.Version != "1.0.0" {
		t.Fatalf("back: %+v, %v", got, err)
	}
	if p := h.status(bad); p.Version != "1.0.0" || p.Previous.Version != "1.1.0" {
		t.Errorf("after it: %+v", p)
	}
	if err := h.host.Pin(t.Context(), badPlugin, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); errs.As(err) == nil || errs.As(err).Code != "plugin.pinned" {
		t.Errorf("upgrade of a pinned one: %v", err)
	}
	stop()
	h.host = nil
	h.run()
	if p := h.until(bad, extension.Ready); p.Version != "1.0.0" || p.Pinned != "1.0.0" {
		t.Errorf("after a restart of the server: %+v", p)
	}
	if err := h.host.Pin(t.Context(), badPlugin, "9.9.9"); errs.As(err) == nil || errs.As(err).Code != "plugin.no_version" {
		t.Errorf("a version that is not there: %v", err)
	}
	if err := h.host.Pin(t.Context(), badPlugin, "1.1.0"); err != nil {
		t.Fatal(err)
	}
	if p := h.status(bad); p.Version != "1.1.0" {
		t.Errorf("after another pin: %+v", p)
	}
	if err := h.host.Pin(t.Context(), badPlugin, ""); err != nil || h.status(bad).Pinned != "" {
		t.Errorf("unpinned: %v", err)
	}
}

// A version that fails soon after it became the active one is left by itself.
func TestRollbackByItself(t *testing.T) {
	h := newHouse(t)
	h.options.Node = "n1"
	h.offer("1.0.0")
	h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	h.offer("1.1.0")
	h.write(h.dataFile("mode-1.1.0"), "crash")
	if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); err != nil && errs.As(err).Code != "plugin.not_moved" {
		t.Fatal(err)
	}
	wait(t, "the version before", func() bool {
		p := h.status(bad)
		return p.Version == "1.0.0" && p.State == extension.Ready && p.Left == "1.1.0"
	})
	wait(t, "the step", func() bool { return len(h.steps(extension.RolledBack)) > 0 })
	steps := h.steps(extension.RolledBack)
	if len(steps) != 1 || !strings.Contains(steps[0].Reason, "Version 1.1.0 failed soon") || steps[0].Version != "1.1.0" || !slices.Contains(steps[0].Lines, "my teapot broke") {
		t.Errorf("the step: %+v", steps)
	}
	crashes := h.steps(extension.Backoff)
	if len(crashes) < 3 || crashes[0].Ending != "exit status 7" || crashes[0].NextRetryAt.IsZero() || crashes[0].Node == "" {
		t.Errorf("the crashes: %+v", crashes)
	}
}

// Without leave to do so it stays where it is.
func TestNoRollbackByItself(t *testing.T) {
	h := newHouse(t)
	h.options.KeepFailing = true
	h.offer("1.0.0")
	h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	h.offer("1.1.0")
	h.write(h.dataFile("mode-1.1.0"), "crash")
	if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); err != nil {
		t.Skipf("it crashed too soon: %v", err)
	}
	if p := h.until(bad, extension.Quarantined); p.Version != "1.1.0" {
		t.Errorf("%+v", p)
	}
}

func TestSwitchedOff(t *testing.T) {
	h := newHouse(t)
	h.offer("1.0.0")
	stop := h.run()
	h.until(bad, extension.Ready)
	if err := h.host.Enable(t.Context(), badPlugin, false); err != nil {
		t.Fatal(err)
	}
	wait(t, "no process", func() bool { p := h.status(bad); return p.State == extension.Stopped && p.PID == 0 && !p.Enabled })
	stop()
	h.host = nil
	h.run()
	wait(t, "none after a restart of the server", func() bool { return h.status(bad).Detail == "It is switched off." })
	// While it is off, another version can be put in place.
	h.offer("1.1.0")
	if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); err != nil {
		t.Fatal(err)
	}
	if err := h.host.Enable(t.Context(), badPlugin, true); err != nil {
		t.Fatal(err)
	}
	if p := h.until(bad, extension.Ready); p.Version != "1.1.0" || !p.Enabled {
		t.Errorf("%+v", p)
	}
}

// A plugin of files alone has no process, and nothing is wrong with that.
func TestWithoutProcess(t *testing.T) {
	h := newHouse(t)
	h.offer("1.0.0", `"kinds":["channel"]`, `"kinds":["template"],"runtime":{"type":"none"}`,
		`"channel":{"content":["text"],"text_limit":4000}`, `"templates":[{"name":"retail","path":"retail","title":{"en":"Retail"},"summary":{"en":"What a shop needs."}}]`,
		`"config_schema":{"type":"object","additionalProperties":false,"properties":{"token":{"type":"string","minLength":3}}},`, ``,
		`"permissions":[{"scope":"messages:ingest","reason":{"en":"It is a test."}}],`, ``)
	if err := os.Remove(filepath.Join(h.dir, "test-bad", "plugin")); err != nil {
		t.Fatal(err)
	}
	h.run()
	p := h.until(bad, extension.Ready)
	if p.PID != 0 || !p.NoProcess || p.Restarts != 0 {
		t.Errorf("%+v", p)
	}
}

// A plugin that runs on one node runs on one node; when that ends, another takes
// it over.
func TestOneNodeOnly(t *testing.T) {
	first := newHouse(t)
	first.options.Node, first.options.Timing.Place = "n1", 600*time.Millisecond
	single := []string{`"channel":{`, `"runtime":{"placement":"single"},"channel":{`}
	first.offer("1.0.0", single...)
	stop := first.run()
	first.until(bad, extension.Ready)

	second := newHouse(t)
	second.options.Node, second.options.Timing.Place, second.lives = "n2", 600*time.Millisecond, first.lives
	second.offer("1.0.0", single...)
	second.run()
	wait(t, "the other to say where it runs", func() bool {
		return strings.Contains(second.status(bad).Detail, "on n1 now")
	})
	if p := second.status(bad); p.State != extension.Stopped || p.PID != 0 {
		t.Errorf("the second: %+v", p)
	}
	stop()
	second.until(bad, extension.Ready)
}

// A poisonous message ends in the dead letters, and the plugin not in quarantine.
func TestPoisonIsNoFaultOfThePlugin(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	h.ledger.add(in, 40, 40)
	h.ledger.mu.Lock()
	for _, i := range []int{3, 11, 25, 38} {
		h.ledger.rows[i].Content.Text = "poison"
	}
	h.ledger.mu.Unlock()
	h.deliver.Wake()
	wait(t, "all others sent", func() bool {
		if p := h.status(bad); p.State == extension.Quarantined {
			t.Fatalf("quarantine: %s", p.Detail)
		}
		return h.ledger.sent() == 36
	})
	for _, i := range []int{3, 11, 25, 38} {
		wait(t, "its dead letter", func() bool { return h.ledger.row(i).LastCode == "poison" })
	}
}

// Another node's wish is followed.
func TestWhatAnotherNodeWants(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.Look = 20 * time.Millisecond
	h.offer("1.0.0")
	h.run()
	h.until(bad, extension.Ready)
	row := h.row()
	row.Enabled = false
	if _, err := h.lives.Keep(context.WithoutCancel(t.Context()), row); err != nil {
		t.Fatal(err)
	}
	wait(t, "it is switched off", func() bool { return h.status(bad).PID == 0 })
}
