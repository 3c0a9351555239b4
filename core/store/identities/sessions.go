package identities

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// CreateSession implements identity.SessionStore.
func (s *Store) CreateSession(ctx context.Context, session identity.Session, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		r := sessionRowOf(session)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// Session implements identity.SessionStore.
func (s *Store) Session(ctx context.Context, id identity.SessionID) (identity.Session, error) {
	r, err := take[sessionRow](s.db.Gorm(ctx).Where("session_id = ?", string(id)))
	return r.domain(), err
}

// SessionByToken implements identity.SessionStore. Every request asks it: plain
// SQL.
func (s *Store) SessionByToken(ctx context.Context, hash string) (identity.Session, identity.Account, error) {
	const query = `SELECT s.session_id, s.account_id, s.token_hash, s.user_agent, s.address,
s.workspace_id, s.provider_id, s.second_factor, s.created_at, s.seen_at, s.expires_at,
a.account_id, a.email, a.name, a.locale, a.password_hash, a.created_at, a.updated_at
FROM session s JOIN account a ON a.account_id = s.account_id WHERE s.token_hash = ?`
	var r sessionRow
	var a accountRow
	err := s.db.Row(ctx, query, []any{hash}, &r.SessionID, &r.AccountID, &r.TokenHash, &r.UserAgent, &r.Address,
		&r.WorkspaceID, &r.ProviderID, &r.SecondFactor, &r.CreatedAt, &r.SeenAt, &r.ExpiresAt,
		&a.AccountID, &a.Email, &a.Name, &a.Locale, &a.PasswordHash, &a.CreatedAt, &a.UpdatedAt)
	if err != nil {
		return identity.Session{}, identity.Account{}, none(err)
	}
	return r.domain(), a.domain(), nil
}

// TouchSession implements identity.SessionStore.
func (s *Store) TouchSession(ctx context.Context, id identity.SessionID, seenAt, expiresAt time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return db.Failed(tx.Gorm(ctx).Where("session_id = ?", string(id)).Select("seen_at", "expires_at").
			Updates(&sessionRow{SeenAt: db.Micros(seenAt), ExpiresAt: db.Micros(expiresAt)}).Error)
	})
}

// SessionsOf implements identity.SessionStore.
func (s *Store) SessionsOf(ctx context.Context, account identity.AccountID) ([]identity.Session, error) {
	var rows []sessionRow
	if err := ofAccount(s.db.Gorm(ctx), account).Order("seen_at DESC, session_id DESC").Find(&rows).Error; err != nil {
		return nil, db.Failed(err)
	}
	var out []identity.Session
	for _, r := range rows {
		out = append(out, r.domain())
	}
	return out, nil
}

// DeleteSessions implements identity.SessionStore.
func (s *Store) DeleteSessions(ctx context.Context, ids []identity.SessionID, events ...event.Event) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		gone := int64(0)
		for _, id := range ids {
			n, err := tx.Exec(ctx, `DELETE FROM session WHERE session_id = ?`, string(id))
			if err != nil {
				return err
			}
			gone += n
		}
		if gone == 0 {
			return nil
		}
		return tx.Append(ctx, events...)
	})
}

// DeleteExpired implements identity.SessionStore.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		for _, row := range []any{&sessionRow{}, &linkRow{}, &challengeRow{}, &resetRow{}, &flowRow{}} {
			if err := tx.Gorm(ctx).Where("expires_at <= ?", db.Micros(now)).Delete(row).Error; err != nil {
				return db.Failed(err)
			}
		}
		return nil
	})
}

// CreateLink implements identity.LinkStore.
func (s *Store) CreateLink(ctx context.Context, l identity.SignInLink) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		r := linkRowOf(l)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// UseLink implements identity.LinkStore. Whoever deletes the link has used it.
func (s *Store) UseLink(ctx context.Context, hash string, at time.Time) (identity.Account, error) {
	var account identity.Account
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		link, err := take[linkRow](locked(tx.Gorm(ctx).Where("token_hash = ?", hash)))
		if errs.Is(err, errs.NotFound) || err == nil && link.ExpiresAt <= db.Micros(at) {
			return identity.LinkNotValid()
		}
		if err != nil {
			return err
		}
		if err := tx.Gorm(ctx).Where("token_hash = ?", hash).Delete(&linkRow{}).Error; err != nil {
			return db.Failed(err)
		}
		owner, err := take[accountRow](tx.Gorm(ctx).Where("account_id = ?", link.AccountID))
		if err != nil {
			return err
		}
		account = owner.domain()
		return nil
	})
	if err != nil {
		return identity.Account{}, err
	}
	return account, nil
}
