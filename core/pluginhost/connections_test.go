package pluginhost_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
)

const bot = channel.PluginID("patchbay/keyword-bot")

// A process learns of a connection at its start, when it changes and when it is
// gone.
func TestConnectionsReachTheProcess(t *testing.T) {
	h := newHouse(t)
	h.install("keyword-bot")
	c := h.connection(bot, `{"greeting":"Hi"}`)
	stop := h.run()
	defer stop()
	h.until(bot, extension.Ready)
	if health := h.host.ConnectionHealth(c); health.State != "ok" {
		t.Errorf("health: %+v", health)
	}
	c.Enabled, c.Revision = false, 2
	h.relink(c)
	h.host.InstanceChanged(string(c.ID))
	wait(t, "it is forgotten", func() bool {
		on := c
		on.Enabled = true
		return h.host.ConnectionHealth(on).State == "unknown"
	})
	c.Enabled, c.Revision = true, 3
	h.relink(c)
	h.host.InstanceChanged(string(c.ID))
	wait(t, "it is known again", func() bool { return h.host.ConnectionHealth(c).State == "ok" })
}

// What a workspace does not grant is refused from one moment to the next, and
// is not looked up for each message.
func TestGrantsAreFollowed(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	in := h.inbox(echo, `{}`)
	stop := h.run()
	defer stop()
	h.until(echo, extension.Ready)
	taken := func() bool {
		answer, err := h.post(in, `{"id":"m1","from":"alice","text":"hi"}`)
		return err == nil && len(answer.Inbound) == 1
	}
	if !taken() {
		t.Fatal("a message is not taken")
	}
	h.mu.Lock()
	before := h.reads
	h.mu.Unlock()
	for range 50 {
		if !taken() {
			t.Fatal("a message is not taken")
		}
	}
	h.mu.Lock()
	read := h.reads - before
	h.mu.Unlock()
	if read > 0 {
		t.Errorf("50 messages took %d readings", read)
	}
	h.deny("messages:ingest")
	h.host.GrantsChanged(in.Workspace, extension.PluginID(echo))
	wait(t, "messages are refused", func() bool { return !taken() })
	h.deny()
	h.host.GrantsChanged(in.Workspace, extension.PluginID(echo))
	wait(t, "messages are taken", taken)
}
