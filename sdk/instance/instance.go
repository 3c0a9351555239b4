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
	"fmt"
)

// Instance is one configured connection.
type Instance struct {
	ID       string          // stable for life
	Config   json.RawMessage // an object that the manifest's config_schema accepts
	Revision uint64          // grows with each change of Config
}

// Decode reads the configuration into a struct. Keys the struct does not have
// are skipped: a configuration may be older than the plugin.
func (i Instance) Decode(into any) error {
	if len(i.Config) == 0 {
		return nil
	}
	if err := json.Unmarshal(i.Config, into); err != nil {
		return fmt.Errorf("the configuration of %s: %w", i.ID, err)
	}
	return nil
}

// ConfigValidator judges a configuration before it is saved, beyond what the
// schema can say. It must have no effect; it may ask the far side, within the
// deadline of ctx.
type ConfigValidator interface {
	ValidateConfig(ctx context.Context, req ValidateConfigRequest) (ValidateConfigResponse, error)
}

// ValidateConfigRequest is a configuration that is not in use yet. The schema
// has accepted it.
type ValidateConfigRequest struct {
	Config json.RawMessage
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
)

// Drainer is told that the process is about to end, after everything in flight
// was answered: the place to close sessions and to save cursors. ctx ends when
// there is no more time.
type Drainer interface {
	Drain(ctx context.Context, req DrainRequest) (DrainResponse, error)
}

// DrainRequest is empty yet.
type DrainRequest struct{}

// DrainResponse is empty yet.
type DrainResponse struct{}
