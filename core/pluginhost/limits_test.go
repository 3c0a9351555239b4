package pluginhost_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/marketplace/bundle"
)

// amend changes the manifest of an installed plugin.
func (h *house) amend(folder, old, changed string) {
	h.t.Helper()
	path := filepath.Join(h.dir, folder, "plugin.json")
	text, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	amended := strings.Replace(string(text), old, changed, 1)
	if amended == string(text) {
		h.t.Fatalf("%s has no %q", path, old)
	}
	h.write(path, amended)
}

// What the far side bears a plugin says once; messages wait for their turn, and
// none is lost for it.
func TestMessagesKeepThePace(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	h.amend("patchbay-echo", `"protocol":`, `"limits":{"rate_per_s":20,"burst":5,"max_in_flight":3},"protocol":`)
	in := h.inbox(echo, `{"prefix":""}`)
	h.run()
	h.until(echo, extension.Ready)
	h.ledger.add(in, 20, 20)
	began := time.Now()
	h.deliver.Wake()
	wait(t, "five at once", func() bool { return h.ledger.sent() >= 5 })
	wait(t, "all sent", func() bool { return h.ledger.sent() == 20 })
	if took := time.Since(began); took < 650*time.Millisecond { // 15 of them at 20 a second
		t.Errorf("20 messages took %v with 5 at once and 20 a second", took)
	}
}

// Calls above what the far side bears are refused, with when to try again.
func TestCallsKeepThePace(t *testing.T) {
	h := newHouse(t)
	if _, err := bundle.Build(t.Context(), filepath.Join("testdata", "panels"), h.dir); err != nil {
		t.Fatal(err)
	}
	h.amend("test-panels", `"protocol":`, `"limits":{"rate_per_s":0.01,"burst":2},"protocol":`)
	c := h.connection("test/panels", `{}`)
	h.run()
	h.until("test/panels", extension.Ready)
	render := func() error {
		_, err := h.host.Render(t.Context(), c, extension.PanelView{Panel: h.host.Panels()[0].Name, Slot: h.host.Panels()[0].Slot})
		return err
	}
	for range 2 {
		if err := render(); err != nil && errs.As(err).Code == "plugin.busy" {
			t.Fatalf("refused within the burst: %v", err)
		}
	}
	err := render()
	if e := errs.As(err); err == nil || e.Code != "plugin.busy" || e.RetryAfter < 30*time.Second {
		t.Errorf("the third call: %v, want it refused for a minute and more", err)
	}
}
