package connectiontest

import (
	"context"
	"sync"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Runner is an extension.Runner that remembers what it was told. Set the fields
// before the first call.
type Runner struct {
	Installed []extension.Facts
	// OnValidate judges; nil = everything will do.
	OnValidate func(plugin extension.PluginID, c instance.Candidate) ([]instance.Problem, error)
	Health     instance.Health

	mu   sync.Mutex
	told []string
}

func (r *Runner) tell(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, what)
}

// Told returns what plugins were told, and forgets it.
func (r *Runner) Told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.told
	r.told = nil
	return out
}

// Facts implements extension.Runner.
func (r *Runner) Facts(plugin extension.PluginID) (extension.Facts, bool) {
	for _, f := range r.Installed {
		if f.Plugin == plugin {
			return f, true
		}
	}
	return extension.Facts{}, false
}

// ValidateConnection implements extension.Runner.
func (r *Runner) ValidateConnection(_ context.Context, plugin extension.PluginID, c instance.Candidate) ([]instance.Problem, error) {
	if r.OnValidate == nil {
		return nil, nil
	}
	return r.OnValidate(plugin, c)
}

// ConfigureConnection implements extension.Runner.
func (r *Runner) ConfigureConnection(_ context.Context, c extension.Connection) error {
	r.tell("configure " + c.Name + " " + string(c.Config))
	return nil
}

// RemoveConnection implements extension.Runner.
func (r *Runner) RemoveConnection(_ context.Context, c extension.Connection) error {
	r.tell("remove " + c.Name)
	return nil
}

// ConnectionHealth implements extension.Runner.
func (r *Runner) ConnectionHealth(extension.Connection) instance.Health { return r.Health }

// GrantsChanged implements extension.Runner.
func (r *Runner) GrantsChanged(_ identity.WorkspaceID, plugin extension.PluginID) {
	r.tell("grants " + string(plugin))
}
