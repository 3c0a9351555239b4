package extension

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// SignedIn is a field of a connection that signing in fills, and how that stands.
type SignedIn struct {
	Pointer string
	State   TokenState // "" = nobody has signed in yet
}

// Standing is how a connection fares.
type Standing struct {
	Health  instance.Health
	SignIns []SignedIn // by pointer
}

// Standings says how connections of the workspace fare: what their plugin says,
// and whether somebody must sign in before that counts.
func (s *ConnectionService) Standings(ctx context.Context, scope identity.Scope, connections ...Connection) (map[ConnectionID]Standing, error) {
	if err := scope.Require(identity.PluginRead); err != nil {
		return nil, err
	}
	states, err := s.states(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	out := make(map[ConnectionID]Standing, len(connections))
	for _, c := range connections {
		out[c.ID] = s.standing(c, states)
	}
	return out, nil
}

// states returns how signing in stands, by instance and pointer.
func (s *ConnectionService) states(ctx context.Context, w identity.WorkspaceID) (map[string]TokenState, error) {
	tokens, err := s.Tokens.Tokens(ctx, w)
	if err != nil {
		return nil, err
	}
	out := make(map[string]TokenState, len(tokens))
	for _, t := range tokens {
		out[t.Instance+t.Pointer] = t.State
	}
	return out, nil
}

// Account is an inbox whose plugin may want somebody to sign in.
type Account struct {
	ID      string
	Plugin  PluginID
	Enabled bool
	Config  json.RawMessage
	Health  instance.Health // what the plugin says
}

// Accounts says how inboxes of the workspace fare, by id, where their plugins
// have fields that signing in fills. Whoever asks has seen them.
func (s *ConnectionService) Accounts(ctx context.Context, w identity.WorkspaceID, all ...Account) (map[string]Standing, error) {
	out := make(map[string]Standing)
	var states map[string]TokenState
	for _, a := range all {
		facts, _ := s.Runner.Facts(a.Plugin)
		form := instance.FormOf(facts.ConfigSchema)
		if len(form.OAuth) == 0 {
			continue
		}
		if states == nil {
			var err error
			if states, err = s.states(ctx, w); err != nil {
				return nil, err
			}
		}
		fields, wanting := signedIn(form, a.Config, a.ID, states)
		out[a.ID] = Standing{SignIns: fields, Health: a.Health}
		if wanting != nil && a.Enabled {
			out[a.ID] = Standing{SignIns: fields, Health: *wanting}
		}
	}
	return out, nil
}

// signedIn says how the fields of a form stand, and how an instance fares where
// somebody must sign in first.
func signedIn(form instance.Form, config json.RawMessage, id string, states map[string]TokenState) (fields []SignedIn, wanting *instance.Health) {
	for _, o := range form.OAuth {
		if !o.Shown(config) {
			continue
		}
		state := states[id+o.Pointer]
		fields = append(fields, SignedIn{Pointer: o.Pointer, State: state})
		switch {
		case state == TokenExpired:
			wanting = &instance.Health{State: "down", Code: "auth_expired", Detail: SignInNeeded().Message}
		case state == "" && wanting == nil:
			wanting = &instance.Health{State: "down", Code: "sign_in_needed", Detail: "Nobody has signed in at the far side yet."}
		}
	}
	return fields, wanting
}

func (s *ConnectionService) standing(c Connection, states map[string]TokenState) Standing {
	facts, _ := s.Runner.Facts(c.Plugin)
	fields, wanting := signedIn(instance.FormOf(facts.ConfigSchema), c.Config, string(c.ID), states)
	out := Standing{SignIns: fields}
	switch {
	case !c.Enabled:
		out.Health = instance.Health{State: "down", Code: "disabled"}
	case wanting != nil:
		out.Health = *wanting
	default:
		out.Health = s.Runner.ConnectionHealth(c)
	}
	if out.Health.State == "" {
		out.Health.State = "unknown"
	}
	return out
}
