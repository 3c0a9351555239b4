package extension

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// ConnectionPrefix begins every ConnectionID.
const ConnectionPrefix = "pin_"

// ConnectionID names a connection: pin_.
type ConnectionID string

// Connection is an instance of a plugin that is no channel: one account, shop or
// system of the far side.
type Connection struct {
	Workspace identity.WorkspaceID
	ID        ConnectionID
	Plugin    PluginID
	Name      string
	Config    json.RawMessage // an object that the plugin's config_schema accepts, without its secrets
	Secrets   instance.Sealed
	Revision  uint64 // grows with each change of Name, Config or Secrets
	Enabled   bool
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Limits.
const (
	MaxConnections = 100 // of a workspace
	MaxName        = 100 // characters of a connection's name
)

// Types of events.
const (
	ConnectionChanged = "connection.changed" // made, changed or deleted; its data is {"id": "..."}
	GrantsChanged     = "grant.changed"      // what a workspace lets a plugin do; its data is {"id": "<publisher>/<name>"}
)

// Connections finds the connections a plugin serves, over all tenants: for the
// plugin host alone.
type Connections interface {
	// ConnectionsOf lists the enabled connections of a plugin in every workspace.
	ConnectionsOf(ctx context.Context, plugin PluginID) ([]Connection, error)
	// Connection returns one by its id alone, which is globally unique; the host
	// derives the workspace from it.
	Connection(ctx context.Context, id ConnectionID) (Connection, error)
}

// Grants says what workspaces let plugins do: for the plugin host alone.
type Grants interface {
	// Granted returns what a plugin may do in a workspace; nothing when nobody
	// ever agreed to anything.
	Granted(ctx context.Context, workspace identity.WorkspaceID, plugin PluginID) (instance.Granted, error)
}

// ConnectionStore keeps connections.
type ConnectionStore interface {
	Connections
	// CreateConnection stores a new connection, what its plugin is granted from
	// now on (beside what it was granted before) and the events in one
	// transaction. errs.Conflict when the workspace has MaxConnections.
	CreateConnection(ctx context.Context, c Connection, grants []instance.Grant, events ...event.Event) error
	// UpdateConnection loads a connection, lets change work on it and saves it
	// with the events.
	UpdateConnection(ctx context.Context, workspace identity.WorkspaceID, id ConnectionID, change func(*Connection) ([]event.Event, error)) (Connection, error)
	// DeleteConnection removes a connection and what signing in gave it.
	DeleteConnection(ctx context.Context, workspace identity.WorkspaceID, id ConnectionID, events ...event.Event) error
	// WorkspaceConnections lists a workspace's connections, the oldest first.
	WorkspaceConnections(ctx context.Context, workspace identity.WorkspaceID) ([]Connection, error)
}

// GrantStore keeps what workspaces let plugins do.
type GrantStore interface {
	Grants
	// AllGranted returns what every plugin may do in a workspace, by plugin.
	AllGranted(ctx context.Context, workspace identity.WorkspaceID) ([]instance.Granted, error)
	// ChangeGrants loads what a plugin may do, lets change work on it and saves
	// it under the next revision, with the events.
	ChangeGrants(ctx context.Context, workspace identity.WorkspaceID, plugin PluginID, change func(*instance.Granted) ([]event.Event, error)) (instance.Granted, error)
}

func (c Connection) target() event.Party {
	return event.Party{Kind: "connection", ID: string(c.ID), Name: c.Name}
}
