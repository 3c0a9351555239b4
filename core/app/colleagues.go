package app

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// colleagues implements conversation.Members and ticket.Members: those who may
// read what they are given.
type colleagues struct {
	ids   *identity.Services
	reads identity.Permission
}

// Member returns a member who may take work.
func (c colleagues) Member(ctx context.Context, scope identity.Scope, id identity.MemberID) (identity.Member, error) {
	m, err := c.ids.Members.Get(ctx, scope, id)
	if err != nil {
		return m, err //nolint:wrapcheck // the domain's own error
	}
	if m.Suspended {
		return m, errs.New(errs.Conflict, "member.suspended", "This member is suspended and cannot take conversations.")
	}
	within, err := c.ids.Roles.ReachOf(ctx, m.Workspace, id, c.reads)
	if err == nil && within.Kind == "" {
		err = errs.New(errs.Conflict, "member.no_customers", "This member's role does not work with customers.")
	}
	return m, err //nolint:wrapcheck // as above
}
