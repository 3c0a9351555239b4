package identity

import (
	"cmp"
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Elsewhere is returned instead of reaching into another workspace: an account
// is one for all of them.
func Elsewhere() *errs.Error {
	return errs.New(errs.Forbidden, "member.elsewhere",
		"This person works in another workspace too, where you may not do this. They can do it themselves, or whoever runs the server can, with `patchbay account`.")
}

// colleague returns a member whose account the actor may act on: MemberManage,
// and a role that may change the member here and in every other workspace of
// the account. Nobody acts on themselves by this way.
func (c *commons) colleague(ctx context.Context, scope Scope, id MemberID) (Member, error) {
	if err := scope.Require(MemberManage); err != nil {
		return Member{}, err
	}
	member, err := c.Stores.Members.Member(ctx, scope.Workspace, id)
	if err != nil {
		return Member{}, err
	}
	if id == scope.Member() {
		return Member{}, errs.New(errs.Conflict, "member.self", "Do this for yourself in My account.")
	}
	if may, err := c.outranks(ctx, scope, member.Role); err != nil || !may {
		return Member{}, cmp.Or[error](err, Outranked())
	}
	return member, c.outranksElsewhere(ctx, scope, member.Account)
}

// outranksElsewhere checks the account's other workspaces.
func (c *commons) outranksElsewhere(ctx context.Context, scope Scope, account AccountID) error {
	if scope.Actor.Kind == ActorSystem {
		return nil
	}
	list, err := c.Stores.Members.Memberships(ctx, account)
	if err != nil || len(list) < 2 {
		return err
	}
	actor, err := c.Stores.Members.Member(ctx, scope.Workspace, scope.Member())
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Workspace.ID == scope.Workspace || m.Workspace.Parent == scope.Workspace { // what a sandbox opens, its parent does
			continue
		}
		there, err := (&Sessions{c}).ScopeFor(ctx, actor.Account, m.Workspace.ID)
		may := err == nil && there.Require(MemberManage) == nil
		if may {
			may, err = c.outranks(ctx, there, m.Member.Role)
		}
		switch {
		case err != nil && !errs.Is(err, errs.NotFound):
			return err
		case !may:
			return Elsewhere()
		}
	}
	return nil
}
