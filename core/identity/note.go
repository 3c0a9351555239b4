package identity

import (
	"context"

	"github.com/patchbay-im/patchbay/core/event"
)

// Actions of signing in, in the audit log.
const (
	TwoFactorOn      = "two_factor.enabled"
	TwoFactorOff     = "two_factor.disabled"
	TwoFactorReset   = "two_factor.reset" // by an administrator, for a colleague
	RecoveryRenewed  = "recovery_codes.replaced"
	SessionsEnded    = "sessions.ended"
	ResetMade        = "password_reset.created"
	ResetUsed        = "password_reset.used"
	PolicyEdited     = "sign_in_policy.updated"
	ProviderMade     = "sign_in_provider.created"
	ProviderEdited   = "sign_in_provider.updated"
	ProviderGone     = "sign_in_provider.deleted"
	ProviderLinked   = "sign_in_provider.linked"
	ProviderUnlinked = "sign_in_provider.unlinked"
)

// What else signs in, beside a password, a link and an invitation.
const (
	signedByCode     = "one_time_code"
	signedByRecovery = "recovery_code"
	signedByProvider = "provider"
)

// note makes the event of an action that is for the audit log alone.
func (c *commons) note(ctx context.Context, scope Scope, action string, target event.Party, detail any) event.Event {
	return c.chained(scope.Workspace, Record(ctx, scope, action, target).Say(detail))
}

// mine makes the records of what an account did to itself by a session.
func (c *commons) mine(ctx context.Context, session Session, action string, detail any) ([]event.Event, error) {
	client := ClientFrom(ctx)
	client.Via = string(session.ID)
	return c.everywhere(ctx, session.Account, client, action, detail)
}

// onHost makes the records of what who runs the server did to an account.
func (c *commons) onHost(ctx context.Context, account AccountID, action string) ([]event.Event, error) {
	list, err := c.Stores.Members.Memberships(ctx, account)
	if err != nil {
		return nil, err
	}
	var events []event.Event
	for _, m := range list {
		scope := SystemScope(m.Workspace.ID)
		scope.Actor.Name = "patchbay account"
		events = append(events, c.note(ctx, scope, action, m.Member.target(), nil))
	}
	return events, nil
}

// actor is the member as who acts.
func (m Member) actor() Actor {
	return Actor{Kind: ActorMember, ID: string(m.ID), Name: m.Name, Role: m.Role}
}
