package pluginhost_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/extension"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/plugintest/hosttest"
)

// A plugin's process reaches every service with the SDK's own clients, as far as
// its workspace lets it; what it owns is free when it ends.
func TestEveryServiceFromAProcess(t *testing.T) {
	b := newBranch(t, store.Config{Driver: store.SQLite, Source: filepath.Join(t.TempDir(), "patchbay.db")})
	w := b.suite()
	b.more = nil // the process serves connections alone
	h := newHouse(t)
	h.options.DataDir = filepath.Dir(b.folder)
	folder := filepath.Join(h.dir, "acme-asker")
	b.ok(os.MkdirAll(folder, 0o755))
	b.ok(goBuild(filepath.Join(folder, "plugin"), filepath.Join("testdata", "asker")))
	m := asking(manifest.Scopes()...)
	encoded, err := json.Marshal(complete(m))
	b.ok(err)
	h.write(filepath.Join(folder, "plugin.json"), string(encoded))
	host := h.open()
	o := *b.office
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- host.Run(ctx, pluginhost.Ports{
			Workspaces: nobodys{}, Connections: b.store.Extensions(), Grants: &o, Vault: inst.NewVault(channeltest.Sealer{}), Locale: h.locale,
			Receiver: b.talk, Deliverer: h.deliver, OnChange: h.changed, Lives: h.lives, OnSwap: h.swapped, Desks: b.desks,
		})
	}()
	h.until(asker, extension.Ready)
	c, err := b.store.Extensions().Connection(ctx, extension.ConnectionID(w.Connection))
	b.ok(err)
	args, err := json.Marshal(map[string]string{"conversation": w.Conversation, "contact": w.Contact, "file": w.File})
	b.ok(err)
	result, err := host.Invoke(ctx, c, extension.Invocation{ID: "i1", Tool: "ask", Args: args, Timeout: 30 * time.Second}, nil)
	b.ok(err)
	var got map[string]string
	b.ok(json.Unmarshal(result.Output, &got))
	want := map[string]string{
		"state": "true", "schedule": "set", "lease": "1", "database": "sqlite", "upload": "3", "download": hosttest.FileText, "conversation": "open",
		"message": "true", "contact": hosttest.Customer, "ticket": "from a process", "token": hosttest.FirstToken, "tools": "2", "license": "none",
		"metrics": "told", "health": "told", "another": "error host_absent",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if health := host.ConnectionHealth(c); health.State != "degraded" || health.Code != "asked" {
		t.Errorf("health: %+v", health)
	}
	cancel()
	b.ok(<-done)
	owner := extension.Owner{Workspace: b.world.WS, Instance: w.Connection}
	if l, err := b.desks.Leases.Acquire(t.Context(), owner, "session", "another", time.Minute); err != nil || !l.Acquired || l.Fencing != 2 {
		t.Errorf("the lease of a process that ended: %+v %v", l, err)
	}
}

// complete is the manifest as a bundle has it.
func complete(m manifest.Manifest) manifest.Manifest {
	m.ManifestVersion, m.Core, m.Protocol, m.License = 1, ">=0.1.0 <1.0.0", []int{1}, "Apache-2.0"
	m.Name, m.Summary = manifest.Text{"en": "Asker"}, manifest.Text{"en": "Asks for one thing of each service."}
	m.Publisher.Name, m.Kinds = "Acme", []manifest.Kind{manifest.KindTool}
	m.Tools = []manifest.Tool{{
		Name: "ask", Title: manifest.Text{"en": "Ask"}, Description: manifest.Text{"en": "Asks for one thing of each service."},
		ArgsSchema: manifest.Schema(`{"type":"object"}`),
	}}
	m.ConfigSchema = manifest.Schema(signInSchema)
	for i := range m.Permissions {
		m.Permissions[i].Reason = manifest.Text{"en": "It is a test of the host's services."}
	}
	return m
}

// nobodys implements channel.Workspaces: there is no inbox.
type nobodys struct{ channel.Workspaces }

// InboxesOf implements channel.Workspaces.
func (nobodys) InboxesOf(context.Context, channel.PluginID) ([]channel.Inbox, error) { return nil, nil }
