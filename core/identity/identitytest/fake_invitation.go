package identitytest

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func settled(i identity.Invitation) bool { return !i.AcceptedAt.IsZero() || !i.RevokedAt.IsZero() }

// Invite stores an invitation in place of others that wait.
func (f *Fake) Invite(_ context.Context, i identity.Invitation, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.workspaces[i.Workspace]; !ok || !f.knows(i.Workspace, i.Role) {
		return errs.Absent()
	}
	if a, ok := f.byEmail(i.Email); ok {
		if _, ok := f.memberOf(i.Workspace, a.ID); ok {
			return identity.AlreadyMember()
		}
	}
	for key, other := range f.invitations {
		if other.Workspace == i.Workspace && other.Email == i.Email && !settled(other) {
			other.RevokedAt = i.CreatedAt
			f.invitations[key] = other
		}
	}
	f.invitations[i.ID] = i
	f.append(events)
	return nil
}

func (f *Fake) invitation(w identity.WorkspaceID, id identity.InvitationID) (identity.Invitation, error) {
	i, err := get(f.invitations, id)
	if err != nil || i.Workspace != w {
		return identity.Invitation{}, errs.Absent()
	}
	return i, nil
}

func (f *Fake) byToken(hash string) (identity.Invitation, error) {
	for _, i := range f.invitations {
		if i.TokenHash == hash {
			return i, nil
		}
	}
	return identity.Invitation{}, errs.Absent()
}

// Invitation returns an invitation by its id.
func (f *Fake) Invitation(_ context.Context, w identity.WorkspaceID, id identity.InvitationID) (identity.Invitation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.invitation(w, id)
}

// InvitationByToken returns an invitation by its token.
func (f *Fake) InvitationByToken(_ context.Context, hash string) (identity.Invitation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.byToken(hash)
}

// Invitations lists the invitations of a workspace, newest first.
func (f *Fake) Invitations(_ context.Context, w identity.WorkspaceID, request page.Request) (page.Page[identity.Invitation], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return list(f.invitations, request, true, func(i identity.Invitation) bool { return i.Workspace == w })
}

// Revoke revokes an invitation.
func (f *Fake) Revoke(_ context.Context, w identity.WorkspaceID, id identity.InvitationID, at time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.invitation(w, id)
	if err != nil {
		return err
	}
	if settled(i) {
		return identity.InvitationSettled()
	}
	i.RevokedAt = at
	f.invitations[id] = i
	f.append(events)
	return nil
}

// Accept turns an invitation into a member.
func (f *Fake) Accept(_ context.Context, a identity.Acceptance, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.byToken(a.TokenHash)
	if err != nil || settled(i) || !i.ExpiresAt.After(a.At) {
		return identity.InvitationNotValid()
	}
	if err := f.canJoin(a.Joining); err != nil {
		return err
	}
	i.AcceptedAt = a.At
	f.invitations[i.ID] = i
	f.join(a.Joining)
	f.append(events)
	return nil
}
