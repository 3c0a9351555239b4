package app

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/sandbox"
)

// newSandboxes makes the use cases of sandboxes.
func (s *server) newSandboxes() *sandbox.Service {
	ids, c := s.store.Identities(), s.config.Sandboxes
	return sandbox.NewService(sandbox.Deps{
		Store: s.store.Sandboxes(), People: sandboxPeople{ids.Members, ids.Workspaces},
		Limits: sandbox.Limits{PerMember: c.PerMember, PerWorkspace: c.PerWorkspace, Idle: time.Duration(c.IdleDays) * 24 * time.Hour},
		Fill:   s.fillSandbox, Shut: s.shut, Unindex: s.indexer.Forget,
		Discard: func(name string) error { return s.press.Remove(export.ID(name)) },
		Bury:    func(ctx context.Context) error { return s.retention.Bury(ctx) },
		Rest:    rest, Now: s.now, Log: s.log,
	})
}

// sandboxPeople implements sandbox.People.
type sandboxPeople struct {
	members interface {
		Member(ctx context.Context, w identity.WorkspaceID, id identity.MemberID) (identity.Member, error)
	}
	workspaces interface {
		Workspace(ctx context.Context, id identity.WorkspaceID) (identity.Workspace, error)
	}
}

// Member implements sandbox.People.
func (p sandboxPeople) Member(ctx context.Context, w identity.WorkspaceID, id identity.MemberID) (identity.Member, error) {
	return p.members.Member(ctx, w, id) //nolint:wrapcheck // a port's own
}

// Workspace implements sandbox.People.
func (p sandboxPeople) Workspace(ctx context.Context, id identity.WorkspaceID) (identity.Workspace, error) {
	return p.workspaces.Workspace(ctx, id) //nolint:wrapcheck // a port's own
}

// fillSandbox puts sample data into a sandbox, as its owner would.
func (s *server) fillSandbox(ctx context.Context, x sandbox.Sandbox) error {
	scope, err := s.identity.Sessions.ScopeFor(ctx, x.Account, x.ID)
	if err != nil {
		return fmt.Errorf("enter the sandbox: %w", err)
	}
	s.figures.Forget(x.ID) // what there was is gone, and no event tells of it
	return s.samples.fill(ctx, scope, sampleWordsIn(x.Locale))
}

// shut ends what nodes hold of a workspace that has ended: this one at once,
// others when they next look at which there are.
func (s *server) shut(ctx context.Context, w identity.WorkspaceID) {
	s.identity.Workspaces.Closed(ctx, w)
	s.forsake(w)
}

// forsake ends what this node holds of a workspace.
func (s *server) forsake(w identity.WorkspaceID) {
	for _, p := range []*pump{s.pump, s.teller, s.webhookPump} {
		p.unfollow(string(w))
	}
	s.dispatcher.Forget(w)
	s.figures.Forget(w)
}

// forsakeGone ends what this node holds of workspaces that ended elsewhere.
func (s *server) forsakeGone(all []string) {
	there := make(map[string]bool, len(all))
	for _, w := range all {
		there[w] = true
	}
	for _, w := range s.pump.followed() {
		if !there[w] {
			s.forsake(identity.WorkspaceID(w))
		}
	}
}
