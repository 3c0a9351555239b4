package pluginhost_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/marketplace/bundle"
)

// bounded runs the plugin with limits in its manifest.
func bounded(t *testing.T, limits string) (*house, extension.Address) {
	t.Helper()
	h := newHouse(t)
	if _, err := bundle.Build(t.Context(), filepath.Join("testdata", "bounded"), h.dir); err != nil {
		t.Fatal(err)
	}
	h.amend("test-bounded", `"protocol":`, `"limits":`+limits+`,"protocol":`)
	c := h.connection("test/bounded", `{}`)
	h.run()
	h.until("test/bounded", extension.Ready)
	return h, extension.Address{Plugin: c.Plugin, Instance: string(c.ID)}
}

// turns asks a bot several times at once, and returns how long all of it took.
func (h *house) turns(to extension.Address, n int, text string) time.Duration {
	h.t.Helper()
	began := time.Now()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			err := h.host.Turn(h.t.Context(), to, extension.Turn{
				ID: "trn_1", Conversation: "cnv_1", Trigger: extension.TriggerMessage,
				History: []extension.Message{{ID: "msg_1", Author: extension.AuthorCustomer, Text: text}},
			}, func(extension.TurnEvent) error { return nil })
			if err != nil {
				h.t.Errorf("a turn: %v", err)
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// Turns of a bot wait until its far side bears them: none is refused.
func TestTurnsKeepThePace(t *testing.T) {
	h, to := bounded(t, `{"rate_per_s":5,"burst":2}`)
	if took := h.turns(to, 6, "hello"); took < 750*time.Millisecond { // 4 of them at 5 a second
		t.Errorf("6 turns took %v with 2 at once and 5 a second", took)
	}
}

// No more turns run at once than the manifest allows.
func TestTurnsAtOnce(t *testing.T) {
	h, to := bounded(t, `{"max_in_flight":2}`)
	if took := h.turns(to, 6, "wait"); took < 600*time.Millisecond {
		t.Errorf("6 turns of 200 ms took %v, two at once", took)
	}
}

// What would have to wait too long is refused at once, and says when to try
// again: a turn, an interceptor within its budget, an analyzer and a hook.
func TestWhatTheFarSideDoesNotBear(t *testing.T) {
	h, to := bounded(t, `{"rate_per_s":0.01,"burst":4}`)
	asks := map[string]func(ctx context.Context) error{
		"turn": func(ctx context.Context) error {
			return h.host.Turn(ctx, to, extension.Turn{ID: "trn_1", Conversation: "cnv_1", Trigger: extension.TriggerMessage}, func(extension.TurnEvent) error { return nil })
		},
		"interceptor": func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := h.host.Intercept(ctx, to, extension.Change{ID: "chg_1", Send: &extension.SendDraft{Conversation: "cnv_1", Author: extension.AuthorAgent, Text: "hello"}})
			return err
		},
		"analyzer": func(ctx context.Context) error {
			_, err := h.host.Analyze(ctx, to, []extension.Message{{ID: "msg_1", Conversation: "cnv_1", Author: extension.AuthorCustomer, Text: "hello"}})
			return err
		},
		"hook": func(ctx context.Context) error {
			_, err := h.host.Tell(ctx, to, []extension.Event{{ID: "evt_1", Type: "message.created", Feed: 1, At: time.Now(), Data: []byte(`{}`)}})
			return err
		},
	}
	for name, ask := range asks { // together they have the burst
		if err := ask(t.Context()); err != nil {
			t.Errorf("%s within the burst: %v", name, err)
		}
	}
	for name, ask := range asks {
		began := time.Now()
		err := ask(t.Context())
		if e := errs.As(err); err == nil || e.Code != extension.CodeBusy || e.RetryAfter < 30*time.Second {
			t.Errorf("%s above it: %v, want it refused for a minute and more", name, err)
		}
		if took := time.Since(began); took > 500*time.Millisecond {
			t.Errorf("%s was refused after %v", name, took)
		}
	}
}
