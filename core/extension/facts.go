package extension

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Offers are what a plugin's manifest says that it adds, for the page that
// shows plugins. Texts are by locale.
type Offers struct {
	Summary      map[string]string
	Channel      bool            // it has inboxes
	Connects     bool            // it has connections
	ConfigSchema json.RawMessage // of both
	Network      []NetworkPlace  // where it connects to
	Panels       []PanelOffer
	Tools        []ToolOffer
	Templates    []TemplateOffer
	Asked        []Interceptor // before what it wants to be asked
	Told         []string      // the types of events that it wants to be told of
}

// NetworkPlace is where a plugin connects to: a host, or what a field of its
// configuration says.
type NetworkPlace struct {
	Host       string // a name, or "*.example.com"
	FromConfig string // instead: the JSON pointer to the field
	Reason     map[string]string
}

// PanelOffer is something that the plugin shows in the console.
type PanelOffer struct {
	Name  string
	Slot  string
	Title map[string]string
	Page  bool // a page of its own; otherwise a card
}

// ToolOffer is something that a bot, a rule or an agent may have done.
type ToolOffer struct {
	Name        string
	Title       map[string]string
	Description map[string]string
	Writes      bool // it changes something at the far side
	Approval    bool // a person must agree each time
}

// TemplateOffer is an industry template.
type TemplateOffer struct {
	Name    string
	Title   map[string]string
	Summary map[string]string
}

// Use is how a workspace uses a plugin.
type Use struct {
	Granted     instance.Granted
	Missing     []string // scopes that it needs and is not granted; sorted
	Connections int
}

// Uses says how the workspace uses each of some plugins.
func (s *ConnectionService) Uses(ctx context.Context, scope identity.Scope, plugins []Plugin) (map[PluginID]Use, error) {
	granted, err := s.Granted(ctx, scope)
	if err != nil {
		return nil, err
	}
	connections, err := s.Store.WorkspaceConnections(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	out := make(map[PluginID]Use, len(plugins))
	for _, p := range plugins {
		asked := make([]instance.Asked, len(p.Permissions))
		for i, x := range p.Permissions {
			asked[i] = instance.Asked{Scope: x.Scope, Optional: x.Optional}
		}
		use := Use{Granted: granted[p.ID]}
		if use.Granted.Revision > 0 { // otherwise nobody was asked yet
			use.Missing = instance.Missing(asked, use.Granted.Scopes())
		}
		for _, c := range connections {
			if c.Plugin == p.ID {
				use.Connections++
			}
		}
		out[p.ID] = use
	}
	return out, nil
}
