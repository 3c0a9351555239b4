package pluginhost_test

import (
	"context"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/instance/instancetest"
)

// turn changes how an instance fares, and lets the host know as an event does.
func (h *house) turn(id string, next func(inst.Condition) inst.Condition) {
	h.mu.Lock()
	c := h.conditions[id]
	if c.Revision == 0 {
		c.State, c.Revision = inst.ConditionUnknown, 1
	}
	h.conditions[id] = next(c)
	h.mu.Unlock()
	if h.host != nil {
		h.host.InstanceChanged(id)
	}
}

// condition is a Ports.Condition.
func (h *house) condition(_ context.Context, _ identity.WorkspaceID, id string) (inst.Condition, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing {
		return inst.Condition{}, errs.New(errs.Unavailable, "store.down", "The store is down.")
	}
	return h.conditions[id], nil
}

// knows reports whether the plugin knows an inbox.
func (h *house) knows(in channel.Inbox) bool {
	answer, err := h.host.Webhook(h.t.Context(), in, channel.WebhookRequest{
		ID: "whk_1", Method: "POST", Path: "/", Body: []byte(`{"id":"m1","from":"alice","text":"hi"}`),
	})
	return err == nil && answer.Result.Outcome == channel.OutcomeAccepted
}

func again(c inst.Condition) inst.Condition { return c.Again(time.Now()) }

// Chatwoot #13560, #15823: an account whose credentials are refused was tried
// by every run of a job, 700,000 times a week. Here its plugin closes it, also
// after a restart, until somebody mends it.
func TestChatwoot13560ARefusedAccountIsClosed(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	in, other := h.inbox(echo, `{}`), h.inbox(echo, `{}`)
	stop := h.run()
	h.until(echo, extension.Ready)
	h.turn(string(in.ID), instancetest.Rejected)
	wait(t, "it is closed", func() bool { return !h.knows(in) })
	if !h.knows(other) {
		t.Error("the other account noticed")
	}
	if health := h.host.Health(in); health.State != "down" || health.Code != inst.CodeAuthExpired || health.Detail == "" {
		t.Errorf("health: %+v", health)
	}
	stop()
	h.open()
	h.run()
	h.until(echo, extension.Ready)
	if h.knows(in) || !h.knows(other) {
		t.Error("after a restart it is opened")
	}
	if health := h.host.Health(in); health.Code != inst.CodeAuthExpired {
		t.Errorf("health after a restart: %+v", health)
	}
	h.turn(string(in.ID), again)
	wait(t, "it is opened again", func() bool { return h.knows(in) })
}

// New settings open a paused account, whatever was counted against the old.
func TestSavingOpensAPausedAccount(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	in := h.inbox(echo, `{}`)
	h.turn(string(in.ID), instancetest.Rejected)
	h.run()
	h.until(echo, extension.Ready)
	if h.knows(in) {
		t.Fatal("it is open")
	}
	if err := h.host.Configure(t.Context(), in); err != nil || h.knows(in) {
		t.Errorf("the same settings open it: %v", err)
	}
	in.ConfigRevision = 2
	if err := h.host.Configure(t.Context(), in); err != nil || !h.knows(in) {
		t.Errorf("new settings do not open it: %v", err)
	}
}

// While the database is away nobody knows whether an account is paused: it is
// opened when that is known.
func TestNotOpenedBeforeItIsKnownWhetherItIsPaused(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	in := h.inbox(echo, `{}`)
	h.run()
	h.until(echo, extension.Ready)
	if err := h.host.Remove(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	fail := func(now bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.failing = now
	}
	fail(true)
	if err := h.host.Configure(t.Context(), in); err != nil || h.knows(in) {
		t.Errorf("opened without knowing: %v", err)
	}
	fail(false)
	wait(t, "it is opened", func() bool { return h.knows(in) })
}
