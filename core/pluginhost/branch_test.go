package pluginhost_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/blob"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/connectiontest"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/idempotency/idempotencytest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/pluginbases"
	"github.com/patchbay-im/patchbay/core/telemetry"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/plugintest/hosttest"
)

// clock is a clock that a test moves.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).UTC()
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// branch is the desks over a real database, all of them: an inbox and two
// connections of the plugin that asks, and what the suites know by name.
type branch struct {
	*office
	t       *testing.T
	clock   *clock
	store   *store.Store
	world   *conversationtest.World
	desks   pluginhost.Desks
	files   *media.Service
	talk    *conversation.Service
	connect *extension.ConnectionService
	signIns *extension.SignIns
	broker  *extension.ToolBroker
	folder  string // of the plugin
	source  string // of the database
}

func newBranch(t *testing.T, c store.Config) *branch {
	t.Helper()
	b := &branch{t: t, clock: &clock{}, folder: filepath.Join(t.TempDir(), "acme-asker"), source: c.Source}
	c.Now, c.Log = b.clock.now, slog.New(slog.DiscardHandler)
	s, err := store.Open(t.Context(), c)
	b.ok(err)
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	kept := s.Conversations()
	b.store = s
	b.world = conversationtest.NewWorld(t, conversationtest.Fixture{
		Store: kept, Reader: kept, Marks: kept, Visitors: kept, Writing: kept, Log: s.Events(),
		Identities: s.Identities(), Inboxes: s.Channels(), Contacts: s.Contacts(), Teams: s.Teams(), Catalog: s.Catalog(),
	})
	b.office = &office{workspace: b.world.WS, granted: manifest.Scopes()}
	b.serve()
	b.join()
	b.desk()
	return b
}

func (b *branch) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// owner is the workspace's owner.
func (b *branch) owner() identity.Scope {
	o := b.world.Owner
	return identity.Scope{Workspace: o.Workspace, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(o.ID), Name: o.Name, Role: o.Role}}
}

// serve makes the use cases.
func (b *branch) serve() {
	b.t.Helper()
	s, log := b.store, slog.New(slog.DiscardHandler)
	kept := s.Conversations()
	b.talk = conversation.NewService(conversation.Deps{
		Store: kept, Reader: kept, Marks: kept, Visitors: kept, Writing: kept, Inboxes: s.Channels(), Contacts: s.Contacts(),
		Plugins: &channeltest.Plugins{T: b.t, Installed: []channel.Type{{Plugin: b.world.Inbox.Plugin, Capabilities: channel.Capabilities{Content: []string{channel.ContentText, channel.ContentFile}}}}},
		Teams:   s.Teams(), Catalog: s.Catalog(), Now: b.clock.now,
	})
	files, err := blob.Open(b.t.TempDir())
	b.ok(err)
	b.t.Cleanup(func() {
		if err := files.Close(); err != nil {
			b.t.Error(err)
		}
	})
	b.files = media.NewService(media.Deps{
		Store: s.Attachments(), Ledger: s.Attachments(), Files: files, Signer: s.Attachments().Signer(),
		Limits: media.Limits{Upload: 25 << 20, Pixels: 1_000_000, DecodeMemory: 32 << 20}, Now: b.clock.now, Log: log,
	})
	extensions := s.Extensions()
	b.connect = extension.NewConnectionService(extension.Deps{
		Store: extensions, Grants: extensions, Tokens: extensions, Inboxes: noInboxes{}, Sealer: channeltest.Sealer{}, Now: b.clock.now,
		Runner: &connectiontest.Runner{Installed: []extension.Facts{
			{Plugin: extension.PluginID(asker), Version: "1.0.0", Connects: true, ConfigSchema: json.RawMessage(signInSchema)},
			{Plugin: "acme/shop", Version: "1.0.0", Connects: true},
			{Plugin: "acme/other", Version: "1.0.0", Connects: true},
		}},
	})
	b.signIns = extension.NewSignIns(b.connect, extensions, &endpoint{}, "https://desk.example.com")
	b.broker = extension.NewToolBroker(extension.ToolDeps{
		Tools: shop{}, Connected: inUse{extensions}, Allowances: everything{}, Circle: around{s.Conversations()}, Calls: s.ToolCalls(), Now: b.clock.now, Log: log,
	})
}

// everything allows all that there is.
type everything struct{}

// Allowed implements extension.Allowances.
func (everything) Allowed(context.Context, identity.WorkspaceID, extension.PluginID) ([]string, error) {
	return manifest.Scopes(), nil
}

// around finds the customer of a conversation.
type around struct{ talks conversation.Reader }

// Subject implements extension.Circle.
func (a around) Subject(ctx context.Context, scope identity.Scope, talk, work string) (extension.Subject, error) {
	c, err := a.talks.Get(ctx, scope.Workspace, conversation.ID(talk))
	return extension.Subject{Conversation: talk, Ticket: work, Contact: string(c.Contact)}, err
}

// Customer implements extension.Circle.
func (around) Customer(context.Context, identity.Scope, string) (extension.Sought, error) {
	return extension.Sought{}, errs.Absent()
}

// desk puts the desks together.
func (b *branch) desk() {
	b.t.Helper()
	s, log := b.store, slog.New(slog.DiscardHandler)
	b.ok(os.MkdirAll(b.folder, 0o700))
	states := s.PluginStates()
	b.desks = pluginhost.Desks{
		Memory: extension.NewMemory(states, states, b.clock.now), Leases: extension.NewLeases(states, b.clock.now),
		Scheduler: extension.NewScheduler(s.PluginSchedules(), b.clock.now, log),
		Databases: s.PluginDatabases(pluginbases.Options{
			Source: b.source, Folder: filepath.Dir(b.folder), Sealer: channeltest.Sealer{}, Now: b.clock.now,
		}),
		Tokens: pluginhost.SignedIn(b.signIns), Tools: pluginhost.Shared(b.broker), Licenses: unlicensed{},
		Figures: telemetry.NewMetrics("test"), Once: idempotency.NewService(s.Claims(), idempotencytest.Sealer{}, b.clock.now), Files: b.files,
		Records: pluginhost.Records{
			Conversations: b.talk,
			Contacts: contact.NewService(contact.Deps{
				Store: s.Contacts(), Organisations: s.Contacts(), Attributes: defined{s.Catalog()}, Now: b.clock.now,
			}),
			Tickets: b.tickets(), Labels: s.Catalog(), Teams: s.Teams(),
		},
	}
}

func (b *branch) tickets() *ticket.Service {
	s := b.store
	return ticket.NewService(ticket.Deps{
		Store: s.Tickets(), Reader: s.Tickets(), Conversations: b.talk, Contacts: s.Contacts(), Teams: s.Teams(), Labels: s.Catalog(),
		Key: []byte("of the tests"), BaseURL: "https://desk.example.com", Now: b.clock.now, Log: slog.New(slog.DiscardHandler),
	})
}

// dial connects as a process of the plugin.
func (b *branch) dial(t *testing.T, p hosttest.Process) *grpc.ClientConn {
	t.Helper()
	o := *b.office
	o.granted = orAll(p.Grants)
	ports := pluginhost.Ports{Workspaces: &o, Connections: b.store.Extensions(), Grants: &o, Desks: b.desks, Receiver: b.talk}
	m := asking(orAll(p.Asks)...)
	m.Name = manifest.Text{"en": hosttest.PluginName}
	if p.Paid {
		m.Commerce = &manifest.Commerce{Model: manifest.ModelSubscription, OnExpiry: manifest.ReadOnly}
	}
	return dialIn(t, m, ports, b.folder, p.Name)
}

func orAll(scopes []string) []string {
	if scopes == nil {
		return manifest.Scopes()
	}
	return scopes
}

// noInboxes implements extension.Inboxes: the tests sign connections in.
type noInboxes struct{ extension.Inboxes }

// unlicensed implements pluginhost.Licenses.
type unlicensed struct{}

// Barred implements pluginhost.Licenses.
func (unlicensed) Barred(plugin license.PluginID) error {
	return license.Standing{Terms: license.Terms{Plugin: plugin}, Entitlement: license.Entitlement{State: license.None}}.Barred()
}

// Entitlement implements pluginhost.Licenses.
func (unlicensed) Entitlement(context.Context, license.PluginID) (license.Entitlement, error) {
	return license.Entitlement{State: license.None}, nil
}

// inUse implements extension.Connected as far as tools need it.
type inUse struct{ extension.ConnectionStore }

// InUse implements extension.Connected.
func (u inUse) InUse(ctx context.Context, _ identity.WorkspaceID, id extension.ConnectionID) (extension.Connection, error) {
	return u.Connection(ctx, id)
}

// Anywhere implements extension.Connected.
func (u inUse) Anywhere(ctx context.Context, id extension.ConnectionID) (extension.Connection, error) {
	return u.Connection(ctx, id)
}

// AllInUse implements extension.Connected.
func (u inUse) AllInUse(ctx context.Context, w identity.WorkspaceID) ([]extension.Connection, error) {
	return u.WorkspaceConnections(ctx, w)
}

// OfPlugin implements extension.Connected.
func (u inUse) OfPlugin(ctx context.Context, plugin extension.PluginID) ([]extension.Connection, error) {
	return u.ConnectionsOf(ctx, plugin)
}

// defined implements contact.Attributes with the catalogue.
type defined struct {
	catalog interface {
		Attributes(ctx context.Context, w identity.WorkspaceID, of catalog.Target) ([]catalog.Attribute, error)
	}
}

// Definitions implements contact.Attributes.
func (d defined) Definitions(ctx context.Context, w identity.WorkspaceID) (contact.Definitions, error) {
	all, err := d.catalog.Attributes(ctx, w, catalog.OfContact)
	return definitions{all}, err
}

// definitions implements contact.Definitions.
type definitions struct{ catalog.Definitions }

// Check implements contact.Definitions.
func (d definitions) Check(values map[string]any) (map[string]any, error) {
	return d.Definitions.Check("/attributes", values)
}

// Type implements contact.Definitions.
func (definitions) Type(string) string { return "" }
