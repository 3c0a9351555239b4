package extension

import (
	"context"

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
	tokens, err := s.Tokens.Tokens(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	states := make(map[string]TokenState, len(tokens))
	for _, t := range tokens {
		states[t.Instance+t.Pointer] = t.State
	}
	out := make(map[ConnectionID]Standing, len(connections))
	for _, c := range connections {
		out[c.ID] = s.standing(c, states)
	}
	return out, nil
}

func (s *ConnectionService) standing(c Connection, states map[string]TokenState) Standing {
	var out Standing
	facts, _ := s.Runner.Facts(c.Plugin)
	wanting := ""
	for _, o := range instance.FormOf(facts.ConfigSchema).OAuth {
		state := states[string(c.ID)+o.Pointer]
		out.SignIns = append(out.SignIns, SignedIn{Pointer: o.Pointer, State: state})
		switch {
		case state == TokenExpired:
			wanting = "auth_expired"
		case state == "" && wanting == "":
			wanting = "sign_in_needed"
		}
	}
	switch {
	case !c.Enabled:
		out.Health = instance.Health{State: "down", Code: "disabled"}
	case wanting == "auth_expired":
		out.Health = instance.Health{State: "down", Code: wanting, Detail: SignInNeeded().Message}
	case wanting != "":
		out.Health = instance.Health{State: "down", Code: wanting, Detail: "Nobody has signed in at the far side yet."}
	default:
		out.Health = s.Runner.ConnectionHealth(c)
	}
	if out.Health.State == "" {
		out.Health.State = "unknown"
	}
	return out
}
