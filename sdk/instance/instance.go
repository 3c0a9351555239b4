// Package instance is what a plugin connects: an instance is one configured
// connection of it, an inbox to the people who set it up. One process serves
// all instances of its plugin, those of every workspace.
//
// The interfaces here are optional abilities: a channel (or whatever else the
// plugin offers) that has one of them gets it called.
package instance

import (
	"context"
	"encoding/json"
	"slices"
)

// Instance is one configured connection.
type Instance struct {
	ID       string          // stable for life
	Config   json.RawMessage // an object that the manifest's config_schema accepts, without its secrets
	Revision uint64          // grows with each change of the fields below and of Config
	Secrets  Secrets         // the fields that the schema marks x-secret

	Kind     string   // KindInbox or KindConnection
	Name     string   // what administrators call it
	Scopes   []string // what the workspace allows, of what the manifest asks for
	Locale   string   // of the workspace, BCP 47; "" = not known
	TimeZone string   // of the workspace, IANA; "" = not known
}

// Kinds of instances.
const (
	KindInbox      = "inbox"      // of a channel
	KindConnection = "connection" // of everything else
)

// Allows reports whether the workspace allows a scope.
func (i Instance) Allows(scope string) bool { return slices.Contains(i.Scopes, scope) }

// Decode reads the configuration, with its secrets, into a struct. Keys the
// struct does not have are skipped: a configuration may be older than the
// plugin.
func (i Instance) Decode(into any) error {
	return decode("the configuration of "+i.ID, i.Config, i.Secrets, into)
}

// ConfigValidator judges a configuration before it is saved, beyond what the
// schema can say. It must have no effect; with Probe it may ask the far side.
// ctx ends after 5 seconds.
type ConfigValidator interface {
	ValidateConfig(ctx context.Context, req ValidateConfigRequest) (ValidateConfigResponse, error)
}

// ValidateConfigRequest is a configuration that is not in use yet. The schema
// has accepted it.
type ValidateConfigRequest struct {
	Config  json.RawMessage // without its secrets
	Secrets Secrets
	// Probe allows to ask the far side. It is false while somebody still types.
	Probe bool
	// Locale is the language of who reads the problems, BCP 47; "" = not known.
	Locale string
}

// Decode reads the configuration, with its secrets, into a struct.
func (r ValidateConfigRequest) Decode(into any) error {
	return decode("the configuration", r.Config, r.Secrets, into)
}

// ValidateConfigResponse lists the faults; none means that it will do.
type ValidateConfigResponse struct {
	Problems []Problem
}

// Problem is one fault of a configuration.
type Problem struct {
	Pointer string // JSON pointer into the configuration, for example "/token"
	Message string // a sentence for the administrator
}

// Configurer learns of each instance at the start of the process and on every
// change, revisions growing. An error marks the instance as down, with its
// reason, and does not disturb the others; the instance is known all the same.
// Calls for one instance never overlap.
type Configurer interface {
	Configure(ctx context.Context, req ConfigureRequest) (ConfigureResponse, error)
}

// ConfigureRequest is an instance to add or to change.
type ConfigureRequest struct {
	Instance Instance
}

// ConfigureResponse is empty yet.
type ConfigureResponse struct{}

// Remover learns that an instance is gone: disabled, or deleted.
type Remover interface {
	RemoveInstance(ctx context.Context, req RemoveInstanceRequest) (RemoveInstanceResponse, error)
}

// RemoveInstanceRequest names the instance.
type RemoveInstanceRequest struct {
	Instance Instance
}

// RemoveInstanceResponse is empty yet.
type RemoveInstanceResponse struct{}

// Checker says how an instance fares with its far side. It is asked twice a
// minute for each instance, several at once. The answer is shown to
// administrators and restarts nothing. Without a Checker an instance is
// healthy as soon as it is configured.
type Checker interface {
	CheckHealth(ctx context.Context, req CheckHealthRequest) (CheckHealthResponse, error)
}

// CheckHealthRequest names the instance.
type CheckHealthRequest struct {
	Instance Instance
}

// CheckHealthResponse is how it fares. An error instead of a response counts
// as Down with the error's code.
type CheckHealthResponse struct {
	Health Health
}

// Health is the state of one instance.
type Health struct {
	State  State
	Code   string // stable, for example "auth_expired"
	Detail string // a sentence for operators
}

// State is how an instance fares.
type State uint8

// The states.
const (
	OK       State = iota // works
	Degraded              // works in part, or slowly
	Down                  // does not work
	Unknown               // nothing was tried yet: it is connecting
)

// Drainer is told that the process is about to end, after everything in flight
// was answered: the place to close sessions and to save cursors. ctx ends when
// there is no more time.
type Drainer interface {
	Drain(ctx context.Context, req DrainRequest) (DrainResponse, error)
}

// DrainRequest says why.
type DrainRequest struct {
	Reason string // DrainUpgrade, ...; others may come
}

// Why a process ends.
const (
	DrainUpgrade  = "upgrade"
	DrainDisable  = "disable"
	DrainRestart  = "restart"
	DrainShutdown = "shutdown"
)

// DrainResponse is empty yet.
type DrainResponse struct{}

// Scheduled does the work that the plugin asked for with a schedule: at least
// once for each run, never twice at a time for one key, on whichever node. ctx
// ends after 60 seconds. After an error of the source FarSide or Own the run
// comes again, with pauses, until the next one is due.
type Scheduled interface {
	RunScheduled(ctx context.Context, req RunScheduledRequest) (RunScheduledResponse, error)
}

// RunScheduledRequest is work that is due.
type RunScheduledRequest struct {
	Instance Instance
	Key      string // as it was given to the schedule
	Payload  []byte // as it was given to the schedule
	RunID    string // of this run: the same when it comes again
}

// RunScheduledResponse is empty yet.
type RunScheduledResponse struct{}

// Migrator brings what an older version kept into the form of this one. It is
// asked after the start and before the first Configure, on a version that takes
// another one's place, and must be repeatable. What it changes must still suit
// the older version: that one may run on, and may come back. ctx ends after 30
// seconds; an error ends the start.
type Migrator interface {
	MigrateState(ctx context.Context, req MigrateStateRequest) (MigrateStateResponse, error)
}

// MigrateStateRequest names the version before.
type MigrateStateRequest struct {
	FromVersion string
}

// MigrateStateResponse is empty yet.
type MigrateStateResponse struct{}
