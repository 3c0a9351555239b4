// Package instance is what inboxes and connections have in common. Both are
// instances of a plugin: a configuration whose secrets are kept apart, and what
// their workspace lets the plugin do.
package instance

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Limits of a configuration.
const (
	MaxConfig  = 64 << 10 // bytes of its JSON
	MaxSecret  = 16 << 10 // bytes of one secret
	MaxSecrets = 32       // of one instance
)

// Problem is one fault of a configuration.
type Problem struct {
	Pointer string // JSON pointer into the configuration
	Message string // a sentence for the administrator
}

// Health is what a plugin says of one instance.
type Health struct {
	State  string // "ok", "degraded", "down", "unknown"
	Code   string
	Detail string
}

// Candidate is a configuration to be judged: an object without its secrets,
// and these in clear, by JSON pointer.
type Candidate struct {
	Config  json.RawMessage
	Secrets map[string]string
	Probe   bool   // the plugin may ask its far side
	Locale  string // of who reads what is wrong, BCP 47; "" = not known
}

// Grant is one scope that a workspace lets a plugin use, and who agreed.
type Grant struct {
	Scope   string
	By      event.Party
	At      time.Time
	Version string // of the plugin, then
}

// Granted is all that a workspace lets a plugin do.
type Granted struct {
	Workspace identity.WorkspaceID
	Plugin    string
	Revision  uint64  // grows with each change; 0 = nothing was ever agreed
	Grants    []Grant // by scope
}

// Has reports whether a scope is granted.
func (g Granted) Has(scope string) bool {
	return slices.ContainsFunc(g.Grants, func(x Grant) bool { return x.Scope == scope })
}

// Scopes lists what is granted, sorted.
func (g Granted) Scopes() []string {
	out := make([]string, len(g.Grants))
	for i, x := range g.Grants {
		out[i] = x.Scope
	}
	slices.Sort(out)
	return out
}

// Asked is a scope that a plugin's manifest asks for.
type Asked struct {
	Scope    string
	Optional bool // the plugin works without it
}

// Agreed returns the scopes that somebody agrees to who connects a plugin: all
// that it needs, and of the optional ones those chosen. unknown are those of the
// chosen that it does not ask for.
func Agreed(asked []Asked, chosen []string) (scopes, unknown []string) {
	for _, a := range asked {
		if !a.Optional || slices.Contains(chosen, a.Scope) {
			scopes = append(scopes, a.Scope)
		}
	}
	for _, c := range chosen {
		if !slices.ContainsFunc(asked, func(a Asked) bool { return a.Scope == c }) {
			unknown = append(unknown, c)
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), unknown
}

// Missing returns what a plugin needs and is not granted, sorted.
func Missing(asked []Asked, granted []string) []string {
	var out []string
	for _, a := range asked {
		if !a.Optional && !slices.Contains(granted, a.Scope) {
			out = append(out, a.Scope)
		}
	}
	slices.Sort(out)
	return out
}

// GrantsBy returns the grants of who agrees to scopes now.
func GrantsBy(actor identity.Actor, scopes []string, version string, now time.Time) []Grant {
	out := make([]Grant, len(scopes))
	for i, scope := range scopes {
		out[i] = Grant{Scope: scope, By: event.Party{Kind: string(actor.Kind), ID: actor.ID, Name: actor.Name}, At: now, Version: version}
	}
	return out
}
