package identity

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// useEvery is how exactly the use of a sandbox is noted.
const useEvery = time.Hour

// beyondSandbox lists what no role allows in a sandbox: what would reach other
// people, the installation, or further sandboxes (ADR 0035).
func beyondSandbox() []Permission {
	return []Permission{MemberManage, SignInManage, PluginManage, SystemRead, SandboxManage}
}

// NotInSandbox is the answer to what a sandbox does not offer to anybody.
func NotInSandbox() *errs.Error {
	return errs.New(errs.Forbidden, "sandbox.not_here", "A sandbox does not offer this. Use the real workspace.")
}

// inSandbox returns the rights without what no sandbox offers.
func (r Rights) inSandbox() Rights {
	r.Permissions = slices.DeleteFunc(slices.Clone(r.Permissions), func(p Permission) bool { return slices.Contains(beyondSandbox(), p) })
	return r
}

// enterSandbox lets an active member of the parent into its sandbox; errs.Absent
// for everybody else.
func (c *commons) enterSandbox(ctx context.Context, w Workspace, account AccountID) (*door, error) {
	there, err := c.Stores.Members.MemberOf(ctx, w.Parent, account)
	if err != nil {
		return nil, err
	}
	if there.Suspended {
		return nil, errs.Absent()
	}
	return &door{w.Parent, there.Role, w.UsedAt}, nil
}

// used notes that a sandbox was entered. A failure is logged: who cannot write
// may read.
func (c *commons) used(ctx context.Context, scope Scope) {
	if scope.parent == nil {
		return
	}
	at := c.time()
	if at.Sub(scope.parent.used) < useEvery {
		return
	}
	if err := c.Stores.Workspaces.UseWorkspace(ctx, scope.Workspace, at); err != nil {
		c.Log.WarnContext(ctx, "the use of a sandbox is not noted", "workspace", scope.Workspace, "error", err)
	}
	c.scopes.clear()
}

// active reports whether an account works in one of its workspaces.
func active(all []Membership, w WorkspaceID) bool {
	return slices.ContainsFunc(all, func(m Membership) bool { return m.Workspace.ID == w && !m.Member.Suspended })
}

// Closed tells every node that a workspace is open to nobody any more: what is
// remembered of its members is forgotten, and their sockets end.
func (s *Workspaces) Closed(ctx context.Context, w WorkspaceID) {
	s.keys.clear()
	s.everybodyChanged(ctx, w)
}
