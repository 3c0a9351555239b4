package identities

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// CreateSession implements identity.SessionStore.
func (s *Store) CreateSession(ctx context.Context, session identity.Session) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		r := sessionRowOf(session)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// Session implements identity.SessionStore.
func (s *Store) Session(ctx context.Context, id identity.SessionID) (identity.Session, error) {
	r, err := take[sessionRow](s.db.Gorm(ctx).Where("session_id = ?", string(id)))
	return r.domain(), err
}

// SessionByToken implements identity.SessionStore.
func (s *Store) SessionByToken(ctx context.Context, hash string) (identity.Session, identity.Account, error) {
	session, err := take[sessionRow](s.db.Gorm(ctx).Where("token_hash = ?", hash))
	if err != nil {
		return identity.Session{}, identity.Account{}, err
	}
	account, err := s.Account(ctx, identity.AccountID(session.AccountID))
	return session.domain(), account, err
}

// TouchSession implements identity.SessionStore.
func (s *Store) TouchSession(ctx context.Context, id identity.SessionID, expiresAt time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return db.Failed(tx.Gorm(ctx).Where("session_id = ?", string(id)).Select("expires_at").
			Updates(&sessionRow{ExpiresAt: db.Micros(expiresAt)}).Error)
	})
}

// DeleteSession implements identity.SessionStore.
func (s *Store) DeleteSession(ctx context.Context, id identity.SessionID) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return db.Failed(tx.Gorm(ctx).Where("session_id = ?", string(id)).Delete(&sessionRow{}).Error)
	})
}

// DeleteExpired implements identity.SessionStore.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Gorm(ctx).Where("expires_at <= ?", db.Micros(now)).Delete(&sessionRow{}).Error; err != nil {
			return db.Failed(err)
		}
		return db.Failed(tx.Gorm(ctx).Where("expires_at <= ?", db.Micros(now)).Delete(&linkRow{}).Error)
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
func (s *Store) UseLink(ctx context.Context, hash string, at time.Time, session identity.Session) (identity.Account, error) {
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
		r := sessionRowOf(session)
		r.AccountID = link.AccountID
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
	if err != nil {
		return identity.Account{}, err
	}
	return account, nil
}
