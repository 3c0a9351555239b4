package identities

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Account implements identity.AccountStore.
func (s *Store) Account(ctx context.Context, id identity.AccountID) (identity.Account, error) {
	r, err := take[accountRow](s.db.Gorm(ctx).Where("account_id = ?", string(id)))
	return r.domain(), err
}

// AccountByEmail implements identity.AccountStore.
func (s *Store) AccountByEmail(ctx context.Context, email string) (identity.Account, error) {
	r, err := take[accountRow](s.db.Gorm(ctx).Where("email = ?", email))
	return r.domain(), err
}

// ChangeAccount implements identity.AccountStore.
func (s *Store) ChangeAccount(ctx context.Context, id identity.AccountID, change func(*identity.Account) error, events ...event.Event) (identity.Account, error) {
	var after identity.Account
	err := s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		r, err := take[accountRow](locked(tx.Gorm(ctx).Where("account_id = ?", string(id))))
		if err != nil {
			return err
		}
		before, wanted := r.domain(), r.domain()
		if err := change(&wanted); err != nil {
			return err
		}
		after = before
		after.Name, after.Locale, after.UpdatedAt = wanted.Name, wanted.Locale, wanted.UpdatedAt
		r = accountRowOf(after)
		err = tx.Gorm(ctx).Where("account_id = ?", r.AccountID).Select("name", "locale", "updated_at").Updates(&r).Error
		if err != nil || before.Name == after.Name {
			return db.Failed(err)
		}
		return db.Failed(tx.Gorm(ctx).Where("account_id = ? AND name = ?", r.AccountID, before.Name).
			Select("name", "updated_at").Updates(&memberRow{Name: r.Name, UpdatedAt: r.UpdatedAt}).Error)
	})
	if err != nil {
		return identity.Account{}, err
	}
	return after, nil
}

// SetPassword implements identity.AccountStore.
func (s *Store) SetPassword(ctx context.Context, p identity.PasswordChange, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		r, err := take[accountRow](locked(tx.Gorm(ctx).Where("account_id = ?", string(p.Account))))
		if err != nil {
			return err
		}
		if r.PasswordHash != p.Old {
			return identity.PasswordChanged()
		}
		fields := &accountRow{PasswordHash: p.Fresh, UpdatedAt: db.Micros(p.At)}
		if err := tx.Gorm(ctx).Where("account_id = ?", r.AccountID).Select("password_hash", "updated_at").Updates(fields).Error; err != nil {
			return db.Failed(err)
		}
		if err := tx.Gorm(ctx).Where("account_id = ? AND session_id <> ?", r.AccountID, string(p.Keep)).Delete(&sessionRow{}).Error; err != nil {
			return db.Failed(err)
		}
		return db.Failed(tx.Gorm(ctx).Where("account_id = ?", r.AccountID).Delete(&linkRow{}).Error)
	})
}

// Workspace implements identity.WorkspaceStore.
func (s *Store) Workspace(ctx context.Context, id identity.WorkspaceID) (identity.Workspace, error) {
	var r workspaceRow
	err := s.db.Row(ctx, `SELECT workspace_id, name, locale, parent_id, wrap_up_seconds, unattended_seconds, ticket_close_days, rating_ask, offer_mode, offer_ring_seconds, offer_misses, created_at, updated_at, used_at
FROM workspace WHERE workspace_id = ? AND ended_at = 0`, []any{string(id)},
		&r.WorkspaceID, &r.Name, &r.Locale, &r.ParentID, &r.WrapUpSeconds, &r.UnattendedSeconds, &r.TicketCloseDays, &r.RatingAsk,
		&r.OfferMode, &r.OfferRingSeconds, &r.OfferMisses, &r.CreatedAt, &r.UpdatedAt, &r.UsedAt)
	return r.domain(), none(err)
}

// UseWorkspace implements identity.WorkspaceStore.
func (s *Store) UseWorkspace(ctx context.Context, id identity.WorkspaceID, at time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE workspace SET used_at = ? WHERE workspace_id = ? AND ended_at = 0 AND used_at < ?`, db.Micros(at), string(id), db.Micros(at))
		return err
	})
}

// Workspaces implements identity.WorkspaceStore.
func (s *Store) Workspaces(ctx context.Context, request page.Request) (page.Page[identity.Workspace], error) {
	return list(s.db.Gorm(ctx).Where("ended_at = 0"), "workspace_id", request, false, workspaceRow.domain, func(r workspaceRow) string { return r.WorkspaceID })
}

// ChangeWorkspace implements identity.WorkspaceStore.
func (s *Store) ChangeWorkspace(ctx context.Context, id identity.WorkspaceID, change func(*identity.Workspace) error, events ...event.Event) (identity.Workspace, error) {
	var after identity.Workspace
	err := s.db.Write(ctx, string(id), events, func(ctx context.Context, tx *db.Tx) error {
		r, err := take[workspaceRow](tx.Gorm(ctx).Where("workspace_id = ?", string(id)))
		if err != nil {
			return err
		}
		after = r.domain()
		wanted := after
		if err := change(&wanted); err != nil {
			return err
		}
		after.Name, after.Locale, after.Settings, after.UpdatedAt = wanted.Name, wanted.Locale, wanted.Settings, wanted.UpdatedAt
		r = workspaceRowOf(after)
		return db.Failed(tx.Gorm(ctx).Where("workspace_id = ?", r.WorkspaceID).
			Select("name", "locale", "wrap_up_seconds", "unattended_seconds", "ticket_close_days", "rating_ask", "offer_mode", "offer_ring_seconds", "offer_misses", "updated_at").Updates(&r).Error)
	})
	if err != nil {
		return identity.Workspace{}, err
	}
	return after, nil
}
