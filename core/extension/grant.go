package extension

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Granted returns what every plugin may do in the workspace.
func (s *ConnectionService) Granted(ctx context.Context, scope identity.Scope) (map[PluginID]instance.Granted, error) {
	if err := scope.Require(identity.PluginRead); err != nil {
		return nil, err
	}
	all, err := s.Grants.AllGranted(ctx, scope.Workspace)
	out := make(map[PluginID]instance.Granted, len(all))
	for _, g := range all {
		out[PluginID(g.Plugin)] = g
	}
	return out, err
}

// Grant makes what a plugin may do in the workspace exactly scopes. Those that
// stay keep who agreed to them. It may be less than the plugin needs: then it is
// refused what it asks for, and the rest goes on.
func (s *ConnectionService) Grant(ctx context.Context, scope identity.Scope, plugin PluginID, scopes []string) (instance.Granted, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return instance.Granted{}, err
	}
	facts, ok := s.Runner.Facts(plugin)
	if !ok {
		return instance.Granted{}, errs.Absent()
	}
	for _, x := range scopes {
		if !slices.ContainsFunc(facts.Asks, func(a instance.Asked) bool { return a.Scope == x }) {
			return instance.Granted{}, unasked()
		}
	}
	now := s.Now()
	out, err := s.Grants.ChangeGrants(ctx, scope.Workspace, plugin, func(g *instance.Granted) ([]event.Event, error) {
		before := g.Scopes()
		added := slices.DeleteFunc(slices.Clone(scopes), g.Has)
		slices.Sort(added)
		added = slices.Compact(added)
		if err := instance.MayGrant(scope, added); err != nil {
			return nil, err
		}
		g.Grants = slices.DeleteFunc(slices.Clone(g.Grants), func(x instance.Grant) bool { return !slices.Contains(scopes, x.Scope) })
		g.Grants = append(g.Grants, instance.GrantsBy(scope.Actor, added, facts.Version, now)...)
		after := g.Scopes()
		d := event.Differences{}
		d.Note("permissions", before, after)
		changed := event.Event{
			ID: s.ids.New("chg"), Workspace: string(scope.Workspace), Type: GrantsChanged, Subject: string(plugin), At: now, Data: subject(string(plugin)),
			Audit: identity.Record(ctx, scope, "plugin.permissions_changed", event.Party{Kind: "plugin", ID: string(plugin), Name: facts.Name["en"]}).Say(d),
		}
		return []event.Event{changed}, nil
	})
	if err != nil {
		return instance.Granted{}, err
	}
	s.Runner.GrantsChanged(scope.Workspace, plugin)
	return out, nil
}

// subject is the data of an event that names what changed, and no more.
func subject(id string) []byte {
	b, _ := json.Marshal(map[string]string{"id": id}) // a text always marshals
	return b
}
