package extension

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Facts are what the manifest of an installed plugin says, as far as connecting
// it goes. They are known while its process is down.
type Facts struct {
	Plugin       PluginID
	Version      string
	Name         map[string]string // by locale
	ConfigSchema json.RawMessage   // JSON Schema 2020-12
	Asks         []instance.Asked
	Channel      bool // it has inboxes
	Connects     bool // it has connections
}

// Runner is the port to the plugin host for connections. Its calls carry a
// deadline of their own.
type Runner interface {
	// Facts returns what a plugin's manifest says; false when it is not installed.
	Facts(plugin PluginID) (Facts, bool)
	// ValidateConnection checks a configuration and its secrets against the
	// manifest's schema and, when the process is up, by the plugin itself. No
	// side effects.
	ValidateConnection(ctx context.Context, plugin PluginID, candidate instance.Candidate) ([]instance.Problem, error)
	// ConfigureConnection tells the plugin of a connection. When the process is
	// down it learns of it at its next start.
	ConfigureConnection(ctx context.Context, c Connection) error
	// RemoveConnection makes the plugin forget a connection.
	RemoveConnection(ctx context.Context, c Connection) error
	// ConnectionHealth returns what the plugin last said of a connection.
	ConnectionHealth(c Connection) instance.Health
	// GrantsChanged says that a workspace lets a plugin do more, or less.
	GrantsChanged(workspace identity.WorkspaceID, plugin PluginID)
}

// Inboxes finds inboxes as instances: their configurations are judged, and
// signed in for, as those of connections are.
type Inboxes interface {
	// InboxInstance returns an inbox of a workspace, or errs.Absent.
	InboxInstance(ctx context.Context, workspace identity.WorkspaceID, id string) (Stored, error)
}

// Stored is the configuration of an instance as it is kept.
type Stored struct {
	Workspace identity.WorkspaceID
	ID        string
	Plugin    PluginID
	Config    json.RawMessage
	Secrets   instance.Sealed
}

func (s Stored) owner() instance.Owner {
	return instance.Owner{Workspace: string(s.Workspace), Instance: s.ID}
}

func (s Stored) kept() instance.Kept {
	return instance.Kept{Owner: s.owner(), Config: s.Config, Sealed: s.Secrets}
}

func (c Connection) stored() Stored {
	return Stored{Workspace: c.Workspace, ID: string(c.ID), Plugin: c.Plugin, Config: c.Config, Secrets: c.Secrets}
}

// Deps is what a ConnectionService stands on.
type Deps struct {
	Store   ConnectionStore
	Grants  GrantStore
	Inboxes Inboxes
	Tokens  TokenStore
	Runner  Runner
	Sealer  instance.Sealer
	Now     func() time.Time
	// Again forgets what was counted against a connection, and records that; nil
	// = nobody counts.
	Again func(context.Context, identity.WorkspaceID, string, *event.Record) error
}

// ConnectionService holds the use cases of connections, and of what workspaces
// let plugins do. It is safe for concurrent use.
type ConnectionService struct {
	Deps
	vault instance.Vault
	ids   id.Source
}

// NewConnectionService returns a ConnectionService.
func NewConnectionService(d Deps) *ConnectionService {
	return &ConnectionService{Deps: d, vault: instance.NewVault(d.Sealer), ids: id.NewSource(d.Now)}
}

// List returns the workspace's connections, the oldest first.
func (s *ConnectionService) List(ctx context.Context, scope identity.Scope) ([]Connection, error) {
	if err := scope.Require(identity.PluginRead); err != nil {
		return nil, err
	}
	return s.Store.WorkspaceConnections(ctx, scope.Workspace)
}

// Get returns one connection of the workspace, or errs.Absent.
func (s *ConnectionService) Get(ctx context.Context, scope identity.Scope, id ConnectionID) (Connection, error) {
	if err := scope.Require(identity.PluginRead); err != nil {
		return Connection{}, err
	}
	return s.mine(ctx, scope, id)
}

func (s *ConnectionService) mine(ctx context.Context, scope identity.Scope, id ConnectionID) (Connection, error) {
	c, err := s.Store.Connection(ctx, id)
	if err == nil && c.Workspace != scope.Workspace {
		err = errs.Absent()
	}
	if err != nil {
		return Connection{}, err
	}
	return c, nil
}

// Facts returns what the manifest of a connection's plugin says; false when it
// is not installed any more.
func (s *ConnectionService) Facts(plugin PluginID) (Facts, bool) { return s.Runner.Facts(plugin) }

// Draft is a connection to be made.
type Draft struct {
	Plugin   PluginID
	Name     string
	Config   json.RawMessage    // an object; empty = {}. Secrets in it are taken out
	Secrets  map[string]*string // by JSON pointer into Config
	Scopes   []string           // optional ones that the plugin may use
	Disabled bool
}

// Create makes a connection, lets its plugin do what it needs and what was
// chosen beside, and tells it.
func (s *ConnectionService) Create(ctx context.Context, scope identity.Scope, d Draft) (Connection, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return Connection{}, err
	}
	facts, err := s.connectable(d.Plugin)
	if err != nil {
		return Connection{}, err
	}
	agreed, err := agree(scope, facts, d.Scopes)
	if err != nil {
		return Connection{}, err
	}
	c := Connection{
		Workspace: scope.Workspace, ID: ConnectionID(s.ids.New(strings.TrimSuffix(ConnectionPrefix, "_"))), Plugin: d.Plugin,
		Revision: 1, Enabled: !d.Disabled, CreatedAt: s.Now(),
	}
	c.UpdatedAt = c.CreatedAt
	if d.Config == nil {
		d.Config = json.RawMessage(`{}`)
	}
	plan, err := s.plan(ctx, facts, c.stored(), named(&d.Name), instance.Change{Config: d.Config, Secrets: d.Secrets})
	if err != nil {
		return Connection{}, err
	}
	c.Name, c.Config, c.Secrets = d.Name, plan.Config, plan.Seal(s.vault, c.stored().owner(), nil)
	made := s.changed(c)
	made.Audit = identity.Record(ctx, scope, "connection.created", c.target()).Say(map[string]any{"plugin": string(c.Plugin), "permissions": agreed})
	if err := s.Store.CreateConnection(ctx, c, instance.GrantsBy(scope.Actor, agreed, facts.Version, c.CreatedAt), made); err != nil {
		return Connection{}, err
	}
	s.tell(ctx, c)
	return c, nil
}

func (s *ConnectionService) connectable(plugin PluginID) (Facts, error) {
	facts, ok := s.Runner.Facts(plugin)
	if !ok || !facts.Connects {
		return Facts{}, errs.New(errs.Invalid, "connection.plugin_unknown", "No such plugin is installed, or it has nothing to connect.").
			WithFields(errs.Field{Pointer: "/plugin", Code: "unknown", Detail: "is no installed plugin that can be connected"})
	}
	return facts, nil
}

// agree returns what whoever connects a plugin lets it do.
func agree(scope identity.Scope, facts Facts, chosen []string) ([]string, error) {
	agreed, unknown := instance.Agreed(facts.Asks, chosen)
	if len(unknown) > 0 {
		return nil, unasked()
	}
	return agreed, instance.MayGrant(scope, agreed)
}

func unasked() error {
	return invalid([]errs.Field{{Pointer: "/scopes", Code: "unknown", Detail: "has what the plugin does not ask for"}})
}

func invalid(fields []errs.Field) error {
	return errs.New(errs.Invalid, "connection.invalid", "Some values are not accepted.").WithFields(fields...)
}

// ConnectionEdit is a change of a connection; nil fields stay.
type ConnectionEdit struct {
	Name    *string
	Config  json.RawMessage
	Secrets map[string]*string // by JSON pointer: nil takes one away, one that is absent stays
	Enabled *bool
}

// Update changes a connection and tells its plugin.
func (s *ConnectionService) Update(ctx context.Context, scope identity.Scope, id ConnectionID, e ConnectionEdit) (Connection, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return Connection{}, err
	}
	old, err := s.mine(ctx, scope, id)
	if err != nil {
		return Connection{}, err
	}
	change := instance.Change{Config: e.Config, Secrets: e.Secrets}
	var plan *instance.Plan
	if change.Touches() || e.Name != nil {
		facts, installed := s.Runner.Facts(old.Plugin)
		if !installed && change.Touches() {
			_, err := s.connectable(old.Plugin)
			return Connection{}, err
		}
		if plan, err = s.plan(ctx, facts, old.stored(), named(e.Name), change); err != nil {
			return Connection{}, err
		}
	}
	c, err := s.Store.UpdateConnection(ctx, scope.Workspace, id, func(c *Connection) ([]event.Event, error) {
		before := *c
		if e.Name != nil && *e.Name != c.Name {
			c.Name = *e.Name
			c.Revision++
		}
		if change.Touches() {
			c.Config, c.Secrets = plan.Config, plan.Seal(s.vault, c.stored().owner(), c.Secrets)
			c.Revision++
		}
		if e.Enabled != nil {
			c.Enabled = *e.Enabled
		}
		c.UpdatedAt = s.Now()
		changed := s.changed(*c)
		changed.Audit = identity.Record(ctx, scope, "connection.updated", c.target()).Say(c.since(before))
		return []event.Event{changed}, nil
	})
	if err != nil {
		return Connection{}, err
	}
	if c.Enabled && !old.Enabled { // whoever switches it on wants it tried
		err = s.again(ctx, c, nil)
	}
	s.tell(ctx, c)
	return c, err
}

// again forgets what was counted against a connection, which is resumed.
func (s *ConnectionService) again(ctx context.Context, c Connection, record *event.Record) error {
	if s.Again == nil {
		return nil
	}
	return s.Again(ctx, c.Workspace, string(c.ID), record)
}

// Retry has the plugin of a connection open it anew: somebody mended what was
// wrong, here or at the far side.
func (s *ConnectionService) Retry(ctx context.Context, scope identity.Scope, id ConnectionID) (Connection, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return Connection{}, err
	}
	c, err := s.mine(ctx, scope, id)
	if err != nil {
		return Connection{}, err
	}
	if !c.Enabled {
		return Connection{}, errs.New(errs.Conflict, "connection.disabled", "The connection is switched off. Switch it on first.")
	}
	if err := s.again(ctx, c, identity.Record(ctx, scope, "connection.retried", c.target())); err != nil {
		return Connection{}, err
	}
	_ = s.Runner.RemoveConnection(ctx, c) // see tell
	s.tell(ctx, c)
	return c, nil
}

// since says what became of the connection. Of its settings, which may hold
// secrets, it says that they changed.
func (c Connection) since(before Connection) event.Differences {
	d := event.Differences{}
	d.Note("name", before.Name, c.Name)
	d.Note("enabled", before.Enabled, c.Enabled)
	d.Note("settings_revision", before.Revision, c.Revision)
	return d
}

// Delete removes a connection, its secrets and what signing in gave it. What
// the workspace lets the plugin do stays until somebody takes it back.
func (s *ConnectionService) Delete(ctx context.Context, scope identity.Scope, id ConnectionID) error {
	if err := scope.Require(identity.PluginManage); err != nil {
		return err
	}
	c, err := s.mine(ctx, scope, id)
	if err != nil {
		return err
	}
	gone := s.changed(c)
	gone.Audit = identity.Record(ctx, scope, "connection.deleted", c.target()).Say(map[string]string{"plugin": string(c.Plugin)})
	if err := s.Store.DeleteConnection(ctx, scope.Workspace, id, gone); err != nil {
		return err
	}
	_ = s.Runner.RemoveConnection(ctx, c) // see tell
	return nil
}

// tell hands the connection to its plugin. The change is committed, so nothing
// here is its failure: a plugin that is down learns of it when it starts, and
// one that refuses what it accepted before shows in Health.
func (s *ConnectionService) tell(ctx context.Context, c Connection) {
	call := s.Runner.ConfigureConnection
	if !c.Enabled {
		call = s.Runner.RemoveConnection
	}
	_ = call(ctx, c)
}

func (s *ConnectionService) changed(c Connection) event.Event {
	return event.Event{
		ID: s.ids.New("chg"), Workspace: string(c.Workspace), Type: ConnectionChanged,
		Subject: string(c.ID), At: s.Now(), Data: []byte(`{"id":"` + string(c.ID) + `"}`),
	}
}

// named is a name to be checked with the rest; nil = it stays.
func named(name *string) []errs.Field {
	if name == nil {
		return nil
	}
	*name = strings.TrimSpace(*name)
	n := utf8.RuneCountInString(*name)
	if n == 0 || n > MaxName || !utf8.ValidString(*name) || strings.ContainsFunc(*name, identity.Deceptive) {
		return []errs.Field{{Pointer: "/name", Code: "length", Detail: "must have 1 to 100 characters that can be read"}}
	}
	return nil
}

// plan reads a change of an instance's settings and has it judged. faults are
// those that were found before.
func (s *ConnectionService) plan(ctx context.Context, facts Facts, stored Stored, faults []errs.Field, c instance.Change) (*instance.Plan, error) {
	plan, more, err := instance.FormOf(facts.ConfigSchema).Judge(s.vault, stored.kept(), c, func(candidate instance.Candidate) ([]instance.Problem, error) {
		if len(faults) > 0 || !c.Touches() {
			return nil, nil
		}
		return s.Runner.ValidateConnection(ctx, facts.Plugin, candidate)
	})
	if err != nil {
		return nil, err
	}
	if faults = append(faults, more...); len(faults) > 0 {
		return nil, invalid(faults)
	}
	return &plan, nil
}

// Validate judges the configuration of a connection without saving it; id is
// the one that is changed, "" a new one.
func (s *ConnectionService) Validate(ctx context.Context, scope identity.Scope, plugin PluginID, id ConnectionID, t instance.Trial) ([]instance.Problem, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return nil, err
	}
	stored := Stored{Workspace: scope.Workspace, Plugin: plugin}
	if id != "" {
		found, err := s.Store.Connection(ctx, id)
		if err != nil {
			return nil, err
		}
		if found.Workspace != scope.Workspace || found.Plugin != plugin {
			return nil, errs.Absent()
		}
		stored = found.stored()
	}
	facts, err := s.connectable(plugin)
	if err != nil {
		return nil, err
	}
	return instance.FormOf(facts.ConfigSchema).Try(s.vault, stored.kept(), t, func(candidate instance.Candidate) ([]instance.Problem, error) {
		return s.Runner.ValidateConnection(ctx, plugin, candidate)
	})
}

// stored returns the configuration of an inbox or a connection of a workspace.
func (s *ConnectionService) stored(ctx context.Context, w identity.WorkspaceID, id string) (Stored, error) {
	if !strings.HasPrefix(id, ConnectionPrefix) {
		return s.Inboxes.InboxInstance(ctx, w, id)
	}
	c, err := s.Store.Connection(ctx, ConnectionID(id))
	if err == nil && c.Workspace != w {
		err = errs.Absent()
	}
	return c.stored(), err
}
