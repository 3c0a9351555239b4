package store_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/idempotency/idempotencytest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/pluginbases"
)

func (y *yard) bases() *pluginbases.Databases {
	y.Helper()
	return y.store.PluginDatabases(pluginbases.Options{Source: y.source, Folder: y.folder, Sealer: idempotencytest.Sealer{}, Now: time.Now})
}

func (y *yard) undertaker(d extension.Databases) *extension.Undertaker {
	return extension.NewUndertaker(y.store.PluginStates(), d, func() time.Time { return y.at })
}

// databases leaves nothing of a plugin behind when its sandbox is deleted: no
// schema and role on PostgreSQL, no file on SQLite. What others have stays.
func (y *yard) databases() {
	ctx, bases := y.Context(), y.bases()
	x := y.make(y.home)
	there := func(d extension.Database) bool {
		y.Helper()
		if d.Driver == "sqlite" {
			_, err := os.Stat(d.Source)
			return err == nil
		}
		name, n := between(d.Source, "postgres://", ":"), 0
		y.ok(y.raw.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM pg_roles WHERE rolname = $1) + (SELECT COUNT(*) FROM pg_namespace WHERE nspname = $1)`, name).Scan(&n))
		return n > 0
	}
	in := channel.Inbox{ID: "inb_shop", Name: "shop", Plugin: "acme/erp", Config: json.RawMessage(`{}`), ConfigRevision: 1, Enabled: true, CreatedAt: y.at, UpdatedAt: y.at}
	kept := make(map[identity.WorkspaceID]extension.Database)
	memory := extension.NewMemory(y.store.PluginStates(), y.store.PluginStates(), func() time.Time { return y.at })
	for _, w := range []identity.WorkspaceID{x.ID, y.home.Workspace} {
		in.Workspace, in.ID, in.HookHash = w, channel.InboxID("inb_"+string(w)), string(w)
		y.ok(y.store.Channels().CreateInbox(ctx, in, nil))
		o := extension.Owner{Workspace: w, Instance: string(in.ID)}
		d, err := bases.Open(ctx, o, "acme/erp", filepath.Join(y.folder, "acme-erp"))
		y.ok(err)
		if d.Driver == "sqlite" {
			y.ok(os.WriteFile(d.Source, []byte("rows"), 0o600))
		}
		_, _, err = memory.Put(ctx, o, extension.Put{Key: "cursor", Value: []byte("1")}, 0)
		y.ok(err)
		kept[w] = d
	}
	y.ok(y.undertaker(bases).Sweep(ctx))
	if !there(kept[x.ID]) || !there(kept[y.home.Workspace]) {
		y.Fatal("what is in use was buried")
	}
	y.ok(y.use.Delete(ctx, y.home, x.ID))
	y.ok(y.use.Work(ctx))
	y.ok(y.undertaker(bases).Sweep(ctx))
	if there(kept[x.ID]) {
		y.Error("the database of a deleted sandbox's plugin is still there")
	}
	if !there(kept[y.home.Workspace]) {
		y.Error("another workspace's is gone")
	}
	for name := range y.count(x.ID) {
		if strings.HasPrefix(name, "plugin_") {
			y.Errorf("%s has rows of the deleted sandbox", name)
		}
	}
	gone := extension.Owner{Workspace: y.home.Workspace, Instance: "pin_gone"} // a connection that was deleted
	d, err := bases.Open(ctx, gone, "acme/erp", filepath.Join(y.folder, "acme-erp"))
	y.ok(err)
	_, _, err = memory.Put(ctx, gone, extension.Put{Key: "cursor", Value: []byte("1")}, 0)
	y.ok(err)
	y.ok(y.undertaker(bases).Sweep(ctx))
	e, err := memory.Get(ctx, gone, "cursor")
	y.ok(err)
	if there(d) || e != nil {
		y.Errorf("of a connection that is gone there is a database (%v), and %+v", there(d), e)
	}
	y.ok(bases.Drop(ctx, extension.Owner{Workspace: y.home.Workspace, Instance: "inb_" + string(y.home.Workspace)}))
}

// expires sweeps what instances kept for a while, and knows of a lapsed claim for
// a week longer.
func (y *yard) expires() {
	ctx, undertaker := y.Context(), y.undertaker(y.bases())
	memory := extension.NewMemory(y.store.PluginStates(), y.store.PluginStates(), func() time.Time { return y.at })
	in := channel.Inbox{
		Workspace: y.home.Workspace, ID: "inb_shop", Name: "shop", Plugin: "acme/erp", Config: json.RawMessage(`{}`), ConfigRevision: 1, HookHash: "h",
		Enabled: true, CreatedAt: y.at, UpdatedAt: y.at,
	}
	y.ok(y.store.Channels().CreateInbox(ctx, in, nil))
	o := extension.Owner{Workspace: in.Workspace, Instance: string(in.ID)}
	put := func(key string, ttl time.Duration) {
		y.Helper()
		_, _, err := memory.Put(ctx, o, extension.Put{Key: key, Value: []byte("v")}, ttl)
		y.ok(err)
	}
	put("for ever", 0)
	put("a minute", time.Minute)
	done, err := memory.Claim(ctx, o, "done", time.Minute)
	y.ok(err)
	_, err = memory.Complete(ctx, o, "done", done.Token, nil, time.Hour)
	y.ok(err)
	_, err = memory.Claim(ctx, o, "lapses", time.Minute)
	y.ok(err)
	for _, step := range []struct {
		after           time.Duration
		entries, claims int
	}{{0, 2, 2}, {2 * time.Minute, 1, 2}, {time.Hour, 1, 1}, {extension.LapsedFor, 1, 0}} {
		y.at = y.at.Add(step.after)
		y.ok(undertaker.Sweep(ctx))
		n := y.count(o.Workspace)
		if n["plugin_state"] != step.entries || n["plugin_claim"] != step.claims {
			y.Errorf("%v later there are %d entries and %d claims, want %d and %d", step.after, n["plugin_state"], n["plugin_claim"], step.entries, step.claims)
		}
	}
	var entries, claims int
	y.ok(y.raw.QueryRowContext(ctx, `SELECT entries, claims FROM plugin_quota`).Scan(&entries, &claims))
	if entries != 1 || claims != 0 {
		y.Errorf("it counts %d entries and %d claims", entries, claims)
	}
}
