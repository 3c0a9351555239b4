package identities

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const pending = "accepted_at = 0 AND revoked_at = 0"

func invitationOfID(q *gorm.DB, w identity.WorkspaceID, id identity.InvitationID) *gorm.DB {
	return q.Where("workspace_id = ? AND invitation_id = ?", string(w), string(id))
}

// Invite implements identity.InvitationStore.
func (s *Store) Invite(ctx context.Context, i identity.Invitation, events ...event.Event) error {
	return s.db.Write(ctx, string(i.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		joined, err := exists(members(tx.Gorm(ctx)).Where("member.workspace_id = ? AND account.email = ?", string(i.Workspace), i.Email))
		if err != nil {
			return err
		}
		if joined {
			return identity.AlreadyMember()
		}
		if err := known(ctx, tx, i.Workspace, i.Role); err != nil {
			return err
		}
		r := invitationRowOf(i)
		err = tx.Gorm(ctx).Where("workspace_id = ? AND email = ? AND "+pending, r.WorkspaceID, r.Email).
			Select("revoked_at").Updates(&invitationRow{RevokedAt: r.CreatedAt}).Error
		if err != nil {
			return db.Failed(err)
		}
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// Invitation implements identity.InvitationStore.
func (s *Store) Invitation(ctx context.Context, w identity.WorkspaceID, id identity.InvitationID) (identity.Invitation, error) {
	r, err := take[invitationRow](invitationOfID(s.db.Gorm(ctx), w, id))
	return r.domain(), err
}

// InvitationByToken implements identity.InvitationStore.
func (s *Store) InvitationByToken(ctx context.Context, hash string) (identity.Invitation, error) {
	r, err := take[invitationRow](s.db.Gorm(ctx).Where("token_hash = ?", hash))
	return r.domain(), err
}

// Invitations implements identity.InvitationStore.
func (s *Store) Invitations(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[identity.Invitation], error) {
	q := s.db.Gorm(ctx).Where("workspace_id = ?", string(w))
	return list(q, "invitation_id", request, true, invitationRow.domain, func(r invitationRow) string { return r.InvitationID })
}

// Revoke implements identity.InvitationStore.
func (s *Store) Revoke(ctx context.Context, w identity.WorkspaceID, id identity.InvitationID, at time.Time, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		r, err := take[invitationRow](invitationOfID(tx.Gorm(ctx), w, id))
		if err != nil {
			return err
		}
		if r.AcceptedAt != 0 || r.RevokedAt != 0 {
			return identity.InvitationSettled()
		}
		return db.Failed(invitationOfID(tx.Gorm(ctx), w, id).Select("revoked_at").
			Updates(&invitationRow{RevokedAt: db.Micros(at)}).Error)
	})
}

// Accept implements identity.InvitationStore.
func (s *Store) Accept(ctx context.Context, a identity.Acceptance, events ...event.Event) error {
	invitation, err := s.InvitationByToken(ctx, a.TokenHash)
	if errs.Is(err, errs.NotFound) {
		return identity.InvitationNotValid()
	}
	if err != nil {
		return err
	}
	return s.db.Write(ctx, string(invitation.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		r, err := take[invitationRow](invitationOfID(tx.Gorm(ctx), invitation.Workspace, invitation.ID))
		if err != nil {
			return err
		}
		if r.AcceptedAt != 0 || r.RevokedAt != 0 || r.ExpiresAt <= db.Micros(a.At) || a.Joining.Member.Workspace != invitation.Workspace {
			return identity.InvitationNotValid()
		}
		if err := join(ctx, tx, a.Joining); err != nil {
			return err
		}
		err = invitationOfID(tx.Gorm(ctx), invitation.Workspace, invitation.ID).Select("accepted_at").
			Updates(&invitationRow{AcceptedAt: db.Micros(a.At)}).Error
		return db.Failed(err)
	})
}
