package httpapi_test

import (
	"context"
	"log/slog"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/sandbox"
)

// boxes is sandbox.Store as far as the routes need it: how sandboxes are emptied
// and ended is tested on the real stores, in core/store.
type boxes struct {
	sandbox.Ledger
	sandbox.Broom
	all []sandbox.Sandbox
}

func (s *site) sandboxes() *sandbox.Service {
	ids := s.fake.Identities.Stores()
	return sandbox.NewService(sandbox.Deps{
		Store: &boxes{}, People: struct {
			identity.MemberStore
			identity.WorkspaceStore
		}{ids.Members, ids.Workspaces},
		Limits: sandbox.Limits{PerMember: 100, PerWorkspace: 100},
		Fill:   func(context.Context, sandbox.Sandbox) error { return nil },
		Shut:   func(context.Context, identity.WorkspaceID) {}, Now: s.now, Log: slog.New(slog.DiscardHandler),
	})
}

func (b *boxes) Create(_ context.Context, x sandbox.Sandbox, _ identity.Workspace, _ identity.Member, _ sandbox.Limits, _ ...event.Event) error {
	b.all = append(b.all, x)
	return nil
}

func (b *boxes) at(parent, id identity.WorkspaceID) int {
	return slices.IndexFunc(b.all, func(x sandbox.Sandbox) bool { return x.Parent == parent && x.ID == id })
}

func (b *boxes) Sandbox(_ context.Context, parent, id identity.WorkspaceID) (sandbox.Sandbox, error) {
	if i := b.at(parent, id); i >= 0 {
		return b.all[i], nil
	}
	return sandbox.Sandbox{}, errs.Absent()
}

func (b *boxes) Sandboxes(_ context.Context, parent identity.WorkspaceID) ([]sandbox.Sandbox, error) {
	return slices.DeleteFunc(slices.Clone(b.all), func(x sandbox.Sandbox) bool { return x.Parent != parent }), nil
}

func (b *boxes) Turn(_ context.Context, _ sandbox.State, x sandbox.Sandbox, _ ...event.Event) error {
	i := b.at(x.Parent, x.ID)
	switch {
	case i < 0:
		return errs.Absent()
	case x.State == sandbox.Ending:
		b.all = slices.Delete(b.all, i, i+1)
	default:
		b.all[i] = x
	}
	return nil
}
